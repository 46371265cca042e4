"""What watching a study costs, and how soon one sees what has happened.

    python benches/live_views.py target/release/toile [PART …] [--little] [--write]

needs `pip install playwright` and Chromium. The parts, all of them by default:

    runs      200 runs of 100 epochs, watched from the first second to the end in a browser and a terminal, killed meanwhile and
              continued: from the end of an epoch in the store to its picture in the browser
    trials    the same of a search that has 10,000 trials of 50 reported steps already
    viewers   a training alone and with two viewers, in turns: what it takes longer
    log       the store's write-ahead log in ten minutes of training with two viewers, and what they take of the processors
    tab       a page that takes as many ticks as come in half an hour, one after the other: by how much its memory grows

`--trial` tries the script on little, `--write` puts the tables into docs/performance.md, with `--trial` into a copy of it.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import html
import json
import os
import pathlib
import pty
import random
import re
import shutil
import signal
import sqlite3
import statistics
import struct
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import page
from browser import chromium, within

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PARTS = ("runs", "trials", "viewers", "log", "tab")
# Of the training, where it is not one.
THREADS = {"viewers": 2}

STUDY = """
[study]
name = "{name}"
question = "How soon is it seen?"
data = "./data"
validation_split = 0.1
seed = 7

[models.dense]
layers = ["flatten", {{ dense = {{ units = {units}, activation = "relu" }} }}, {{ dense = {{ units = 4, activation = "softmax" }} }}]

[defaults]
model = "dense"
batch_size = 64
epochs = {epochs}
"""

RUN = """
[[runs]]
name = "Run {number}"
optimizer = {{ sgd = {{ learning_rate = {rate:.5f} }} }}
"""

SEARCH = """
[[searches]]
name = "many"
n_trials = {trials}
sampler = "random"
optimizer = {{ sgd = {{ learning_rate = {{ low = 1e-4, high = 1.0, log = true }} }} }}
"""


@dataclasses.dataclass
class Sizes:
    """How much is measured."""

    images: int = 16_000
    runs: int = 200
    epochs: int = 100
    trials: int = 10_000
    reported: int = 50
    watched_trials: int = 40
    pairs: int = 10
    training_epochs: int = 120
    log_seconds: float = 600.0
    hours: float = 0.5


LITTLE = Sizes(3_000, 6, 400, 60, 5, 60, 1, 20, 4.0, 0.02)


class Place:
    """A folder with drawn data, a study file and what belongs to it."""

    def __init__(self, toile: pathlib.Path, root: pathlib.Path, name: str, images: int) -> None:
        self.toile, self.folder, self.name = toile, root / name, name
        self.folder.mkdir()
        self.store = self.folder / "result" / "store.sqlite"
        self.processes: list[subprocess.Popen[Any]] = []
        draw(self.folder / "data", images)

    def write(self, epochs: int, rest: str, units: int = 32) -> None:
        study = STUDY.format(name=self.name, epochs=epochs, units=units)
        (self.folder / "study.toml").write_text(study + rest)

    def start(self, *arguments: str, **options: object) -> subprocess.Popen[Any]:
        environment = {**os.environ, "NO_COLOR": "1", "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
        said = (self.folder / "said").open("ab")
        quiet = {"stdin": subprocess.DEVNULL, "stdout": said, "stderr": said}
        process = subprocess.Popen([self.toile, *arguments], cwd=self.folder, env=environment, **{**quiet, **options})
        self.processes.append(process)
        return process

    def run(self, *more: str) -> subprocess.Popen[Any]:
        return self.start("run", "study.toml", "--out", "result", "--threads", "1", *more)

    def has_begun(self) -> bool:
        """Whether something is recorded of the study."""
        if any(process.poll() for process in self.processes):
            raise SystemExit(f"live_views.py: {(self.folder / 'said').read_text()}")
        return self.count("toile_epoch") > 0

    def count(self, what: str) -> int:
        """How many rows there are; none before there is a store."""
        with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(read_only(self.store)) as store:
            return store.execute(f"SELECT count(*) FROM {what}").fetchone()[0]
        return 0

    def page(self) -> str:
        server = self.start("watch", "result", "--web", stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        return server.stdout.readline().strip()

    def follow(self) -> None:
        """A viewer that reads a page's stream and does nothing with it."""
        stream = urllib.request.urlopen(self.page() + "events?since=0-0")
        threading.Thread(target=lambda: [None for _ in stream], daemon=True).start()

    def screen(self) -> None:
        """A viewer on a terminal of its own, of 80 x 24, that is read by nobody but emptied."""
        outer, inner = pty.openpty()
        self.start("watch", "result", stdin=inner, stdout=inner, stderr=inner, start_new_session=True)
        os.close(inner)

        def empty() -> None:
            with contextlib.suppress(OSError):
                while os.read(outer, 65536):
                    pass

        threading.Thread(target=empty, daemon=True).start()

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


def draw(folder: pathlib.Path, images: int) -> None:
    """Pictures of 16 x 16 with one bright quarter per class."""
    folder.mkdir()
    noise = random.Random(1)
    for part, n in (("train", images), ("t10k", 500)):
        labels = bytes(noise.randrange(4) for _ in range(n))
        pixels = bytearray()
        for label in labels:
            own = bytearray(noise.randbytes(256))
            for i in range(256):
                own[i] = 60 + own[i] // 2 if i // 16 // 8 * 2 + i % 16 // 8 == label else own[i] // 2
            pixels += own
        (folder / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 0x803, n, 16, 16) + pixels)
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, n) + labels)


def read_only(store: pathlib.Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{store}?mode=ro", uri=True)


def wait(what: str, holds: Callable[[], object], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"live_views.py: not so after {seconds:.0f} s: {what}")
        time.sleep(0.02)


class Epochs(threading.Thread):
    """Looks into the store every two milliseconds: when each epoch was there."""

    UNDER_WAY = """
        SELECT coalesce(run.name, 'trial ' || trials.number), max(epoch) FROM trials
        LEFT JOIN toile_run AS run ON run.trial_id = trials.trial_id
        JOIN toile_epoch ON toile_epoch.trial_id = trials.trial_id WHERE trials.state = 'RUNNING' GROUP BY trials.trial_id
    """

    def __init__(self, store: pathlib.Path) -> None:
        super().__init__(daemon=True)
        self.store, self.seen, self.is_over = store, dict[tuple[str, int], float](), False

    def run(self) -> None:
        store = read_only(self.store)
        version = None
        while not self.is_over:
            now = store.execute("PRAGMA data_version").fetchone()
            if now != version:
                at = time.time()
                for name, epoch in store.execute(self.UNDER_WAY).fetchall():
                    self.seen.setdefault((name, epoch), at)
                version = now
            time.sleep(0.002)


# Every text of the line that says what is under way, with the moment after the frame in which it was drawn.
OBSERVED = """() => {
  window.shown = [];
  const line = document.getElementById('live-running');
  new MutationObserver(() => {
    const text = line.textContent;
    requestAnimationFrame(() => setTimeout(() => shown.push([text, (performance.timeOrigin + performance.now()) / 1000]), 0));
  }).observe(line, { childList: true, characterData: true, subtree: true });
}"""


def latencies(epochs: dict[tuple[str, int], float], shown: list[tuple[str, float]]) -> list[float]:
    """From each epoch's place in the store to the first picture that has it, or in which its training has ended."""
    found = []
    for (name, epoch), at in epochs.items():
        said = re.compile(rf"(?:^|; ){re.escape(name)}(?:, seed \d+)?, epoch (\d+) of")
        for text, drawn in shown:
            if drawn < at:
                continue
            match = said.search(text)
            if match is None or int(match[1]) >= epoch:
                found.append(1000 * (drawn - at))
                break
    return found


def watched(place: Place, browser: Browser, seconds: float | None, is_killed: bool) -> dict[str, float]:
    """A study that runs, in a browser and on a screen; to its end, or for some seconds."""
    study = place.run()
    wait("an epoch", place.has_begun)
    place.screen()
    tab = browser.new_page(viewport={"width": 1280, "height": 800})
    tab.goto(place.page())
    tab.wait_for_selector("#live-running", state="attached")
    tab.evaluate(OBSERVED)
    epochs = Epochs(place.store)
    epochs.start()
    begun = time.monotonic()
    while study.poll() is None and (seconds is None or time.monotonic() - begun < seconds):
        time.sleep(0.2)
        if is_killed and time.monotonic() - begun > 10:
            study.send_signal(signal.SIGKILL)
            study.wait()
            place.processes.remove(study)
            tab.wait_for_selector("#live[data-state=stopped]")
            is_killed, study = False, place.run()
    epochs.is_over = True
    if seconds is None:
        tab.wait_for_selector("#live[data-state=finished]", timeout=120_000)
    time.sleep(1)
    times = latencies(epochs.seen, tab.evaluate("shown"))
    lost = 1 - len(times) / max(1, len(epochs.seen))
    found = {"epochs": float(len(epochs.seen)), "median": statistics.median(times), "p95": within(times), "lost": lost}
    place.end()
    tab.close()
    return found


def runs(toile: pathlib.Path, root: pathlib.Path, browser: Browser, sizes: Sizes) -> dict[str, float]:
    place = Place(toile, root, "runs", sizes.images)
    place.write(sizes.epochs, "".join(RUN.format(number=i + 1, rate=0.001 * (i + 1)) for i in range(sizes.runs)))
    return watched(place, browser, None, is_killed=sizes.runs > 50)


def trials(toile: pathlib.Path, root: pathlib.Path, browser: Browser, sizes: Sizes) -> dict[str, float]:
    place = Place(toile, root, "trials", sizes.images)
    place.write(sizes.reported, SEARCH.format(trials=sizes.trials + sizes.watched_trials))
    study = place.run()
    wait("an epoch", place.has_begun)
    wait("a trial", lambda: place.count("trials WHERE state = 'COMPLETE'"))
    study.send_signal(signal.SIGINT)
    study.wait()
    place.processes.clear()
    fill(place.store, sizes)
    return watched(place, browser, 60.0 if sizes.trials > 100 else 5.0, is_killed=False)


def fill(store: pathlib.Path, sizes: Sizes) -> None:
    """Trials as Optuna writes them: parameters, a value, and what was reported on the way."""
    base = sqlite3.connect(store)
    pattern, study = base.execute("SELECT trial_id, study_id FROM trials WHERE state = 'COMPLETE' LIMIT 1").fetchone()
    distribution = base.execute("SELECT distribution_json FROM trial_params WHERE trial_id = ?", (pattern,)).fetchone()[
        0
    ]
    first = base.execute("SELECT max(trial_id) + 1 FROM trials").fetchone()[0]
    number = base.execute("SELECT max(number) + 1 FROM trials WHERE study_id = ?", (study,)).fetchone()[0]
    chance = random.Random(7)
    for i in range(sizes.trials):
        trial, top = first + i, 0.4 + 0.5 * chance.random()
        moment = f"2026-01-01 {i // 3600:02}:{i // 60 % 60:02}:{i % 60:02}.000000"
        base.execute(
            "INSERT INTO trials VALUES (?, ?, ?, 'COMPLETE', ?, ?)", (trial, number + i, study, moment, moment)
        )
        rate = 10 ** (-4 * chance.random())
        parameter = (trial, "learning_rate", rate, distribution)
        base.execute(
            "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) VALUES (?, ?, ?, ?)",
            parameter,
        )
        base.execute(
            "INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (?, 0, ?, 'FINITE')", (trial, top)
        )
        base.executemany(
            "INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value, intermediate_value_type) "
            "VALUES (?, ?, ?, 'FINITE')",
            [(trial, step, top * step / (step + 2)) for step in range(1, sizes.reported + 1)],
        )
    base.commit()
    base.close()


def training(place: Place, has_viewers: bool) -> float:
    """Seconds of an epoch, the median of those that ran beside nothing else of the program."""
    shutil.rmtree(place.folder / "result", ignore_errors=True)
    place.processes.clear()
    study = place.start("run", "study.toml", "--out", "result", "--threads", "2")
    if has_viewers:
        wait("an epoch", place.has_begun)
        place.screen()
        place.follow()
    study.wait()
    place.end()
    epochs = json.loads((place.folder / "result" / "results.json").read_text())["runs"][0]["epochs"]
    seconds = [epoch["seconds"] for epoch in epochs]
    # The first ones run beside the check of the data.
    return statistics.median(seconds[len(seconds) // 4 :])


def viewers(toile: pathlib.Path, root: pathlib.Path, _: Browser, sizes: Sizes) -> dict[str, float]:
    place = Place(toile, root, "viewers", sizes.images)
    place.write(sizes.training_epochs, RUN.format(number=1, rate=0.01), units=512)
    ratios = []
    for pair in range(sizes.pairs):
        order = (False, True) if pair % 2 == 0 else (True, False)
        times = {has_viewers: training(place, has_viewers) for has_viewers in order}
        ratios.append(times[True] / times[False])
    return {"pairs": float(sizes.pairs), "median": statistics.median(ratios), "least": min(ratios), "most": max(ratios)}


def log(toile: pathlib.Path, root: pathlib.Path, _: Browser, sizes: Sizes) -> dict[str, float]:
    place = Place(toile, root, "log", sizes.images)
    # Enough for the time, in runs of a usual length: a checkpoint holds the epochs of its run.
    place.write(1_000, "".join(RUN.format(number=i + 1, rate=0.001 * (i + 1)) for i in range(sizes.runs)))
    study = place.run()
    wait("an epoch", place.has_begun)
    place.screen()
    place.follow()
    viewers = [process.pid for process in place.processes if process is not study]
    largest, end, before = 0, time.monotonic() + sizes.log_seconds, sum(map(processor_seconds, viewers))
    while time.monotonic() < end:
        with contextlib.suppress(FileNotFoundError):
            largest = max(largest, place.store.with_name("store.sqlite-wal").stat().st_size)
        time.sleep(0.05)
    taken = sum(map(processor_seconds, viewers)) - before
    n_epochs = place.count("toile_epoch")
    place.end()
    share = taken / sizes.log_seconds / (os.cpu_count() or 1)
    return {"bytes": float(largest), "epochs": float(n_epochs), "seconds": sizes.log_seconds, "share": share}


def processor_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    words = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


# The page's stream is ours: ticks that were recorded come again and again, under new numbers.
STREAM = """
window.streams = [];
window.EventSource = class extends EventTarget {
  constructor(address) { super(); this.readyState = 1; this.address = address; streams.push(this); }
  close() { this.readyState = 2; }
};
"""
FED = """async ([begin, ticks, count]) => {
  const stream = streams.at(-1);
  const [generation, first] = [begin.slice(0, begin.lastIndexOf('-')), Number(begin.slice(begin.lastIndexOf('-') + 1))];
  for (let i = 0; i < count; i += 1) {
    stream.onmessage({ data: ticks[i % ticks.length], lastEventId: generation + '-' + (first + 1 + i) });
    if (i % 50 === 0) await new Promise((done) => setTimeout(done, 0));
  }
  return generation + '-' + (first + count);
}"""


def memory(tab: Page) -> tuple[float, float]:
    """Bytes of the script's heap after a collection, and nodes of the page."""
    session = tab.context.new_cdp_session(tab)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return metrics["JSHeapUsedSize"], metrics["Nodes"]


def recorded(place: Place, url: str, seconds: float) -> list[str]:
    """The ticks of some seconds of a study."""
    ticks: list[str] = []
    stream = urllib.request.urlopen(url + "events?since=" + begin_of(url))
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        line = stream.readline().decode()
        if line.startswith("data: {"):
            ticks.append(line[6:].strip())
    return ticks


def begin_of(url: str) -> str:
    content = re.search(r'name="toile-live" content="([^"]*)"', urllib.request.urlopen(url).read().decode())
    assert content is not None
    return json.loads(html.unescape(content[1]))["id"]


def tab(toile: pathlib.Path, root: pathlib.Path, browser: Browser, sizes: Sizes) -> dict[str, float]:
    place = Place(toile, root, "tab", sizes.images)
    place.write(100_000, "".join(RUN.format(number=i + 1, rate=0.01 * (i + 1)) for i in range(8)))
    place.run()
    wait("an epoch", place.has_begun)
    url = place.page()
    time.sleep(2)
    ticks = recorded(place, url, 12.0)
    per_second = len(ticks) / 12.0
    one = browser.new_page(viewport={"width": 1280, "height": 800})
    one.add_init_script(STREAM)
    one.goto(url)
    one.wait_for_function("window.streams.length > 0 && streams.at(-1).onmessage !== undefined")
    place.end()
    id = json.loads(one.locator("meta[name=toile-live]").get_attribute("content") or "{}")["id"]
    # Once warm, what is measured is what a tick leaves behind.
    id = one.evaluate(FED, [id, ticks, 20 * len(ticks)])
    before = memory(one)
    count = int(sizes.hours * 3600 * per_second)
    one.evaluate(FED, [id, ticks, count])
    after = memory(one)
    one.close()
    growth = {"bytes": after[0] - before[0], "nodes": after[1] - before[1]}
    return {"ticks": float(count), "hours": sizes.hours} | growth


def sentences(results: dict[str, dict[str, float]]) -> str:
    """The table of the page."""
    rows: list[list[str]] = []
    for name, title in (("runs", "200 runs of 100 epochs"), ("trials", "10,000 trials")):
        if found := results.get(name):
            what = f"{title}: ms from the end of an epoch to its picture, median and 95 %"
            rows.append([what, f"{found['median']:.0f}, {found['p95']:.0f}"])
    if found := results.get("viewers"):
        middle, least, most = (f"{100 * (found[name] - 1):+.2f}" for name in ("median", "least", "most"))
        what = f"% that an epoch takes longer with two viewers, median of {found['pairs']:.0f} pairs (least, most)"
        rows.append([what, f"{middle} ({least}, {most})"])
    if found := results.get("log"):
        long = f"{found['seconds'] / 60:.0f} minutes, two viewers, {found['epochs']:,.0f} epochs"
        rows.append([f"MB of the write-ahead log at most, {long}", f"{found['bytes'] / 1e6:.2f}"])
        rows.append(["% of the processors' time that the two viewers take of it", f"{100 * found['share']:.2f}"])
    if found := results.get("tab"):
        what = f"MB that a tab grows by in {found['hours']:g} hours of ticks ({found['ticks']:,.0f}); at that rate in a day"
        rows.append([what, f"{found['bytes'] / 1e6:.2f}; {24 / found['hours'] * found['bytes'] / 1e6:.1f}"])
    return page.table(["watching", ""], rows)


def publish(content: dict[str, Any], place: page.Place) -> None:
    """The part of the page: a table for each machine and day that something was measured on."""
    tables: dict[str, dict[str, dict[str, float]]] = {}
    for name, part in content["parts"].items():
        sentence = page.machine_sentence(part["machine"], f"drawn pictures, in {part['browser']}, headless")
        tables.setdefault(sentence, {})[name] = part["found"]
    page.fill(
        {"watching": "\n\n".join(f"{sentence}\n\n{sentences(found)}" for sentence, found in tables.items())}, place
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("toile", type=pathlib.Path)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--trial", action="store_true", help="on little: the numbers mean nothing, and are not kept")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    arguments = parser.parse_args()
    wanted = arguments.parts or list(PARTS)
    unknown = [part for part in wanted if part not in PARTS]
    if unknown:
        parser.error(f"no part {unknown[0]!r}: {', '.join(PARTS)}")
    sizes = LITTLE if arguments.trial else Sizes()
    measured = {"runs": runs, "trials": trials, "viewers": viewers, "log": log, "tab": tab}
    results: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, chromium() as browser:
        for part in wanted:
            results[part] = measured[part](arguments.toile.resolve(), pathlib.Path(folder), browser, sizes)
            print(part, json.dumps(results[part]), flush=True)
        version = f"Chromium {browser.version}"
    print(sentences(results))
    if arguments.write:
        parts = {
            name: {"machine": page.machine(THREADS.get(name, 1)), "browser": version, "found": found}
            for name, found in results.items()
        }
        with page.place(arguments.trial) as place:
            publish(page.save("watching.json", {"parts": parts}, "parts", merge=True, place=place), place)


if __name__ == "__main__":
    main()
