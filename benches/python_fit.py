"""`fit` of toile's module for Python beside toile's program, Keras, PyTorch and scikit-learn's MLPClassifier, in turn.

    python benches/python_fit.py --toile target/release/toile --data FOLDER [--python toile=PATH,keras=PATH,…] [--rounds 5]

Prints a table: seconds per epoch as the median over the rounds of each one's median, its range, and the multiple of the
program's. The wheel (`python/build-wheel.sh`) is installed for the Python named `toile`.
"""

from __future__ import annotations

import argparse
import pathlib
import statistics
import sys
import tempfile
from typing import Any

import images
import page
import peers
import toile_runs
from peers import Peer

PEERS = (
    Peer("toile-python", "`toile.Sequential.fit`, bytes", "toile", ("toile", "numpy")),
    Peer("toile-floats", "the same, floats", "toile", ("toile", "numpy"), ("--floats",)),
    Peer("torch", "PyTorch", "torch", ("torch",)),
    Peer("keras-jax", "Keras on JAX", "keras", ("keras", "jax"), backend="jax", cnn_steps=3),
    Peer("sklearn", "scikit-learn's MLPClassifier", "sklearn", ("sklearn",), dense_only=True),
)
# A row: title, net, optimizer, batch size, epochs.
WORKS = (
    ("784-32-10, Adam, batch 256", "dense", "adam", 256, 12),
    ("784-64-32-32-10, Adam, batch 256", "deeper", "adam", 256, 8),
    ("the CNN, Adam, batch 256", "cnn", "adam", 256, 3),
)
PATIENCE = 300.0


def measure(arguments: argparse.Namespace, folder: pathlib.Path, work: tuple[Any, ...]) -> dict[str, list[float]]:
    """Seconds per epoch of each round, by what trained."""
    _, model, optimizer, batch, epochs = work
    is_cnn = model.startswith("cnn")
    if arguments.trial:
        epochs = 2
    count = (500 if is_cnn else 2_000) if arguments.trial else 54_000
    data = folder / str(count)
    if not data.exists():
        images.write_idx(data, images.load(arguments.data, count, 28))
    seconds: dict[str, list[float]] = {}
    for _ in range(1 if arguments.trial else arguments.rounds):
        study = toile_runs.Study(data, model, optimizer, batch, epochs, arguments.threads)
        result = toile_runs.measure(arguments.toile, study, count, settle=not arguments.trial)
        seconds.setdefault("toile", []).append(result["seconds_per_epoch"])
        for peer in arguments.peers:
            if is_cnn and peer.dense_only:
                continue
            words = ["--data", data, "--model", model, "--optimizer", optimizer, "--batch-size", batch]
            words += ["--epochs", epochs, "--threads", arguments.threads, "--images", count, "--no-evaluation"]
            if is_cnn and peer.python != "toile":
                words += ["--steps", 1 if arguments.trial else peer.cnn_steps]
            started = peers.start(peer, arguments.python, [str(word) for word in words])
            found = peers.finish(peer, started, PATIENCE)[0]
            seconds.setdefault(peer.name, []).append(found["seconds_per_epoch"])
        print(f"{model}: {len(seconds['toile'])}", file=sys.stderr, flush=True)
    return seconds


def table(results: dict[str, dict[str, list[float]]]) -> str:
    titles = {"toile": "`toile run`"} | {peer.name: peer.title for peer in PEERS}
    lines = []
    for name, title in titles.items():
        cells = []
        for seconds in results.values():
            ours = statistics.median(seconds["toile"])
            if name not in seconds:
                cells.append("–")
                continue
            found = statistics.median(seconds[name])
            spread = f"{page.number(min(seconds[name]))} to {page.number(max(seconds[name]))}"
            cells.append(f"{page.number(found)} ({found / ours:.2f}; {spread})")
        lines.append([title, *cells])
    return page.table(["seconds per epoch (times the program's; range)", *results], lines)


def publish(content: dict[str, Any], place: page.Place) -> None:
    """The part of the page."""
    sentence = page.machine_sentence(content["machine"], "Fashion-MNIST")
    notes = "".join(f"\n\n{note}" for note in content["notes"])
    page.fill({"python": f"{sentence}\n\n{table(content['results'])}{notes}"}, place)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--toile", type=pathlib.Path, required=True, metavar="PATH", help="the program, for release")
    parser.add_argument("--data", type=pathlib.Path, metavar="DIR", help="a folder of IDX files [default: random]")
    parser.add_argument("--python", type=peers.pythons, default={}, metavar="PEER=PATH,…")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", action="append", default=[], metavar="NET", help="dense, deeper or cnn")
    parser.add_argument("--trial", action="store_true", help="on little: the numbers mean nothing")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    arguments = parser.parse_args()
    arguments.peers, notes = peers.installed(arguments.python, PEERS)
    with tempfile.TemporaryDirectory() as folder:
        works = [work for work in WORKS if work[1] in (arguments.only or [work[1]])]
        results = {work[0]: measure(arguments, pathlib.Path(folder), work) for work in works}
    print(table(results))
    for note in notes:
        print(f"- {note}")
    if arguments.write:
        content = {"machine": page.machine(arguments.threads), "notes": notes, "results": results}
        with page.place(arguments.trial) as here:
            page.save("python.json", content, "results", merge=False, place=here)
            publish(content, here)


if __name__ == "__main__":
    main()
