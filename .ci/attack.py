#!/usr/bin/env python3
"""The attack: a sample of everything that a machine, another program or a stranger can do to toile, always in the same places.
Nothing may crash or hang, nothing that was told as done may be lost, nothing wrong may be believed.

    .ci/attack.py TOILE [--seed N] [--row NAME [--attempt N]]... [--full] [--list] [--self-test]

A row is one kind of attack; the table at the end counts its attempts. "Same" is: `results.json` without times, machine and
worker, and the SHA-256 of every file of weights, equal those of an undisturbed run. `--full` tries all of each row.
Attacks on workers of a server are in `.ci/chaos.py`. Only the standard library and a C compiler are needed. Root mounts
small disks of its own; where that cannot be, the row says so."""

import argparse
import concurrent.futures
import os
import pathlib
import random
import sys
import tempfile
import time

from attacks import besides, disks, inputs, kills, names, outside, stored  # noqa: F401, each brings its rows
from attacks.ground import ROWS, Crashed, Ground, Lost, Skipped
from attacks.texts import LONG, NIGHT, RUNS, SMALL


def chosen(row, ground):
    """The attempts of a row, each with its number: spread evenly over its list, from a place that the seed says."""
    items, seed = row["items"], ground.seed
    if ground.attempt is not None:
        return [(ground.attempt, items[ground.attempt])]
    if ground.full or row["sample"] >= len(items):
        return list(enumerate(items))
    stride = len(items) / row["sample"]
    begin = random.Random(f"{seed} {row['name']}").random() * stride
    return [(int(begin + n * stride), items[int(begin + n * stride)]) for n in range(row["sample"])]


def attempt(ground, row, place, item):
    """What came of one attempt: kind and text."""
    chance = random.Random(f"{ground.seed} {row['name']} {place}")
    try:
        return "held", row["attempt"](ground, chance, item) or ""
    except Skipped as reason:
        return "skipped", str(reason)
    except Crashed as reason:
        return "crashed", f"{place}, {shown(item)}: {reason}"
    except Lost as reason:
        return "lost", f"{place}, {shown(item)}: {reason}"
    except Exception as error:  # noqa: BLE001, an attempt that breaks has shown nothing
        return "broken", f"{place}, {shown(item)}: the attempt itself broke: {type(error).__name__}: {error}"


def shown(item):
    return " ".join(str(part) for part in item if not callable(part)) if isinstance(item, tuple) else str(item)


def attack(ground, rows):
    """All attempts, those that wait in threads of their own; the results by row, in the order of the table."""
    for text in (SMALL, RUNS, LONG, NIGHT):
        ground.undisturbed(text)
    quick = concurrent.futures.ThreadPoolExecutor(max_workers=4)
    slow = concurrent.futures.ThreadPoolExecutor(max_workers=16)
    begun = {}
    for row in sorted(rows, key=lambda row: not row["slow"]):
        pool = slow if row["slow"] else quick
        begun[row["name"]] = [pool.submit(attempt, ground, row, *one) for one in chosen(row, ground)]
    return [(row, [one.result() for one in begun[row["name"]]]) for row in rows]


def table(outcomes, ground, toile):
    """Prints the counts; whether all held."""
    sound = True
    print(f"{'row':12}  {'tried':>5}  {'crashed, hung':>13}  {'lost, other':>11}  attack")
    for row, found in outcomes:
        kinds = [kind for kind, _ in found]
        tried = len(kinds) - kinds.count("skipped")
        print(f"{row['name']:12}  {tried:5}  {kinds.count('crashed'):13}  {kinds.count('lost') + kinds.count('broken'):11}  {row['text']}")
        for kind, text in sorted({(kind, text) for kind, text in found if text and kind in ("skipped", "held")}):
            print(f"{'':14}{'not tried: ' * (kind == 'skipped')}{text}")
    for row, found in outcomes:
        faults = [f"{kind}: {text}" for kind, text in found if kind in ("crashed", "lost", "broken")]
        if faults:
            sound = False
            print(
                f"\n{row['name']}: again with `.ci/attack.py {toile} --row {row['name']} --seed {ground.seed}`, one with `--attempt` and its number"
            )
            print("".join(f"  {fault}\n" for fault in faults[:20]), end="")
    return sound


# Programs that break a promise, and the rows that must notice. `$TOILE` is the sound one.
BROKEN = {
    "ends well whatever happened": ('"$TOILE" "$@"; exit 0', ["vanish", "idx-bits", "sql", "odd-weights", "outs"]),
    "is killed by what is hostile": ('"$TOILE" "$@"; code=$?; [ $code = 1 ] && kill -SEGV $$; exit $code', ["studies", "data", "weights"]),
    "believes what it reads": ('[ "$1" = verify ] && exit 0; exec "$TOILE" "$@"', ["files", "sql"]),
    "gives other numbers after a kill": (
        '[ -e o/store.sqlite ] && again=1; "$TOILE" "$@"; code=$?; '
        '[ -n "$again" ] && sed -i "s/\\"val_loss\\": 1/\\"val_loss\\": 2/" o/results.json; exit $code',
        ["kill", "term", "kill-at", "wal", "fault"],
    ),
    "loses weights": ('"$TOILE" "$@"; code=$?; rm -f o/runs/adam*/weights.safetensors; exit $code', ["streams", "clocks", "lock"]),
    "waits in silence": ('[ "$1" = worker ] && { trap "" TERM; exec sleep 100; }; exec "$TOILE" "$@"', ["servers"]),
    "lets a script in": (
        '"$TOILE" "$@"; code=$?; [ -e o/report.html ] && sed -i "s:<body>:<body><script>1</script>:" o/report.html; exit $code',
        ["names"],
    ),
    "panics": ('echo "thread panicked at x" >&2; exec "$TOILE" "$@"', ["names", "full", "limits"]),
}


def self_test(toile, seed):
    """Each broken program turns each of its rows red; the undisturbed runs are the sound program's."""
    silent = []
    for what, (script, noticing) in BROKEN.items():
        with tempfile.TemporaryDirectory() as folder:
            fake = pathlib.Path(folder) / "fake"
            fake.write_text(f"#!/bin/bash\nTOILE={toile}\n{script}\n")
            ground = Ground(toile, seed, full=False)
            for text in (SMALL, RUNS, LONG, NIGHT):
                ground.undisturbed(text)
            ground.calls(SMALL)
            ground.toile.write_bytes(fake.read_bytes())
            rows = [dict(row, sample=min(row["sample"], 4)) for row in ROWS if row["name"] in noticing]
            for row, found in attack(ground, rows):
                red = any(kind in ("crashed", "lost") for kind, _ in found)
                print(f"{what}: {row['name']} {'sees it' if red else 'SEES NOTHING'}")
                silent += [] if red else [f"{what}: {row['name']}"]
            ground.clear()
    return not silent


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("toile", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--row", action="append", default=[], choices=[row["name"] for row in ROWS], metavar="NAME")
    parser.add_argument("--attempt", type=int, metavar="N", help="only this attempt of the row, as a fault's line names it")
    parser.add_argument("--full", action="store_true", help="all of each row")
    parser.add_argument("--list", action="store_true", help="the names of the rows, and how much each tries")
    parser.add_argument("--self-test", action="store_true", help="broken programs must be noticed")
    arguments = parser.parse_args()
    if arguments.list:
        for row in ROWS:
            print(f"{row['name']:12}  {min(row['sample'], len(row['items'])):4} of {len(row['items']):4}  {row['text']}")
        return
    toile = arguments.toile.resolve()
    if arguments.self_test:
        sys.exit(not self_test(toile, arguments.seed))
    began = time.time()
    ground = Ground(toile, arguments.seed, arguments.full)
    ground.attempt = arguments.attempt
    rows = [row for row in ROWS if not arguments.row or row["name"] in arguments.row]
    sound = table(attack(ground, rows), ground, arguments.toile)
    print(f"\n{'all held' if sound else 'NOT all held'}, in {time.time() - began:.0f} s, seed {arguments.seed}")
    sys.stdout.flush()
    ground.clear()
    os._exit(not sound)  # threads of hostile servers may still sleep


if __name__ == "__main__":
    main()
