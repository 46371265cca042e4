"""toile beside every peer that is installed, on the nets of the built-in study: one at a time, in turn, as a table of ratios.

    python benches/compare.py --toile target/release/toile --data FOLDER [--python torch=PATH,keras=PATH,…] [--write]

Prints the tables; `--write` puts them into docs/performance.md and the numbers into docs/performance/compare.json.
Slow peers train only some batches of a CNN's epoch, and the time is scaled; toile trains all of them.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import pathlib
import statistics
import sys
import tempfile
from typing import Any

import images
import page
import peers
import toile_runs
from peers import PEERS, Peer, PeerError
from toile_runs import Source, Study

IMAGES = 54_000
PATIENCE = 150.0  # seconds for one training of a peer

Result = dict[str, Any]

# What is told beside the time of an epoch: its key, its title, and for which works.
COSTS = (
    ("evaluate_10000_seconds", "seconds to evaluate 10,000 images", ("dense-adam", "deeper-adam", "cnn")),
    ("peak_memory_mb", "peak memory, MB", ("dense-adam", "cnn")),
    ("seconds_to_first_step", "seconds from the start to the first step", ("dense-adam", "cnn")),
)


@dataclasses.dataclass(frozen=True)
class Work:
    """One row of the table."""

    key: str
    title: str
    model: str
    optimizer: str = "adam"
    batch_size: int = 256
    epochs: int = 8
    rounds: int = 1
    side_by_side: bool = False
    evaluations: int = 0  # how many toile makes to be timed
    starts: int = 5  # how often toile is started to time its first step, where the data are found by their name
    images: int = IMAGES
    is_extra: bool = False  # only if it is asked for

    @property
    def is_cnn(self) -> bool:
        return self.model.startswith("cnn")

    def trial(self) -> Work:
        """The same with almost nothing to do."""
        # A start trains an epoch of the whole data set: too long for a CNN.
        starts = 0 if self.is_cnn else 1
        return dataclasses.replace(
            self,
            epochs=2,
            rounds=1,
            evaluations=min(2, self.evaluations),
            images=500 if self.is_cnn else 2_000,
            starts=starts,
        )

    def has(self, peer: Peer) -> bool:
        return not (peer.dense_only if self.is_cnn else peer.cnn_only)


WORKS = (
    Work("dense-adam", "784-32-10, Adam, batch 256", "dense", rounds=2, evaluations=30),
    Work(
        "dense-pair",
        "the same, two runs side by side, per run",
        "dense",
        epochs=6,
        side_by_side=True,
    ),
    Work("dense-sgd", "784-32-10, SGD, batch 128", "dense", "sgd", 128, epochs=5),
    Work("deeper-adam", "784-64-32-32-10, Adam, batch 256", "deeper", evaluations=30),
    Work("cnn", "the CNN, Adam, batch 256", "cnn", epochs=3, evaluations=2),
    Work("cnn-dropout", "the CNN with dropout, Adam, batch 256", "cnn_dropout", epochs=3),
    Work(
        "cnn-agreement",
        "the CNN, 3,200 images, Adam, batch 64",
        "cnn",
        batch_size=64,
        epochs=4,
        images=3_200,
        is_extra=True,
    ),
)


class Comparison:
    """What is run with, and the folders that all read."""

    def __init__(self, arguments: argparse.Namespace, folder: pathlib.Path) -> None:
        self.arguments, self.folder = arguments, folder
        self.peers, self.notes = peers.installed(arguments.python)

    def data(self, number: int) -> pathlib.Path:
        """A folder with the first so many images, for toile and the peers alike."""
        folder = self.folder / str(number)
        if not folder.exists():
            images.write_idx(folder, images.load(self.arguments.data, number, 28))
        return folder

    def run(self) -> dict[str, dict[str, Result]]:
        only = self.arguments.only or [work.key for work in WORKS if not work.is_extra]
        works = [work.trial() if self.arguments.trial else work for work in WORKS if work.key in only]
        return {work.key: self.measure(work) for work in works}

    def measure(self, work: Work) -> dict[str, Result]:
        """All rounds of a row; toile and the peers take turns."""
        rounds: dict[str, list[Result]] = {}
        for _ in range(work.rounds):
            rounds.setdefault("toile", []).append(self._toile(work))
            for peer in filter(work.has, self.peers):
                try:
                    rounds.setdefault(peer.name, []).append(self._peer(work, peer))
                except PeerError as error:
                    if self.arguments.trial:
                        raise
                    self.notes.append(f"{work.title}: {error}.")
                print(f"{work.key} {peer.name}", file=sys.stderr, flush=True)
        results = {name: merge(results) for name, results in rounds.items() if results}
        if work.evaluations:
            study = Study(self.data(min(images.TEST_IMAGES, work.images)), work.model, threads=self.arguments.threads)
            seconds = toile_runs.evaluation_seconds(self.arguments.toile, study, work.evaluations)
            results["toile"]["evaluate_10000_seconds"] = seconds
        if work.starts and not work.side_by_side and self._is_catalogued():
            # As a user has it: the data set kept decoded, not a folder with some of its images.
            named = Study(self.arguments.data, work.model, work.optimizer, work.batch_size, 1, self.arguments.threads)
            seconds = toile_runs.start_seconds(self.arguments.toile, named, work.starts)
            results["toile"]["seconds_to_first_step"] = seconds
        return results

    def _is_catalogued(self) -> bool:
        return self.arguments.data is not None and Source(self.arguments.data).is_catalogued

    def _toile(self, work: Work) -> Result:
        seeds = 2 if work.side_by_side else 1
        study = Study(
            self.data(work.images),
            work.model,
            work.optimizer,
            work.batch_size,
            work.epochs,
            self.arguments.threads,
            seeds,
        )
        result = toile_runs.measure(self.arguments.toile, study, work.images, settle=not self.arguments.trial)
        # The losses are told beside those of the peers, after as many epochs.
        return per_run(result | {"losses": result["losses"][: work.epochs]}, seeds)

    def _peer(self, work: Work, peer: Peer) -> Result:
        """One training, or two side by side on a core each."""
        if not work.side_by_side:
            process = peers.start(peer, self.arguments.python, self._arguments(work, peer, self.arguments.threads))
            return peers.finish(peer, process, PATIENCE)[0]
        processes = [
            peers.start(peer, self.arguments.python, self._arguments(work, peer, 1), core)
            for core in sorted(os.sched_getaffinity(0))[:2]
        ]
        pair = [peers.finish(peer, process, PATIENCE)[0] for process in processes]
        return per_run(merge(pair), len(pair))

    def _arguments(self, work: Work, peer: Peer, threads: int) -> list[str]:
        given = {
            "data": self.data(work.images),
            "model": work.model,
            "optimizer": work.optimizer,
            "batch-size": work.batch_size,
            "epochs": work.epochs,
            "threads": threads,
            "images": work.images,
        }
        if work.is_cnn and not work.is_extra:
            given["steps"] = 1 if self.arguments.trial else peer.cnn_steps
        words = [word for name, value in given.items() for word in (f"--{name}", str(value))]
        return words if work.evaluations else [*words, "--no-evaluation"]


def per_run(result: Result, runs: int) -> Result:
    """`runs` trainings went on at once: what one epoch of one of them costs."""
    return result | {key: result[key] / runs for key in ("seconds_per_epoch", "min", "max")}


def merge(results: list[Result]) -> Result:
    """Medians over the rounds, with the smallest and largest epoch of all."""
    merged = dict(results[0])
    for key in ("seconds_per_epoch", "evaluate_10000_seconds", "peak_memory_mb", "seconds_to_first_step", "cores_used"):
        values = [result[key] for result in results if result[key] is not None]
        merged[key] = statistics.median(values) if values else None
    return merged | {"min": min(r["min"] for r in results), "max": max(r["max"] for r in results)}


# --- Tables -------------------------------------------------------------------------------------------------------------


def ratios(results: dict[str, dict[str, Result]], key: str, rows: list[tuple[str, str]]) -> str:
    """Each peer's number with its multiple of toile's, for the rows (work, title) that are there."""
    rows = [(work, title) for work, title in rows if results.get(work, {}).get("toile", {}).get(key)]
    names = [peer.name for peer in PEERS if any(results[work].get(peer.name, {}).get(key) for work, _ in rows)]
    lines = []
    for work, title in rows:
        ours = results[work]["toile"][key]
        cells = [_cell(results[work].get(name), key, ours) for name in names]
        lines.append([title, f"**{page.number(ours)}**", *cells])
    return page.table(["", "toile", *(peers.TITLES[name] for name in names)], lines)


def _cell(result: Result | None, key: str, ours: float) -> str:
    if not result or not result.get(key):
        return "–"
    star = "\\*" if result["scaled"] and key == "seconds_per_epoch" else ""
    return f"{page.number(result[key])}{star} ({page.times(result[key] / ours)})"


def cost_table(results: dict[str, dict[str, Result]]) -> str:
    """Evaluation, memory and start, in the units of each."""
    short = {"dense-adam": "784-32-10", "deeper-adam": "784-64-32-32-10", "cnn": "CNN"}
    tables = []
    for key, title, works in COSTS:
        rows = [(work, short[work]) for work in works]
        tables.append(f"**{title[0].upper()}{title[1:]}**\n\n{ratios(results, key, rows)}")
    return "\n\n".join(tables)


def agreement(results: dict[str, dict[str, Result]]) -> str:
    """The running loss of the last epoch, where toile and the peers trained all batches of as many epochs."""
    told = [work for work in WORKS if work.key in results and not work.side_by_side]
    works = [work for work in told if work.is_extra or not work.is_cnn]
    names = ["toile", *(peer.name for peer in PEERS if any(peer.name in results[work.key] for work in works))]
    rows = []
    for work in works:
        losses = [results[work.key].get(name, {}).get("losses") for name in names]
        epochs = max(len(each) for each in losses if each)
        rows.append([f"{work.title}, epoch {epochs}", *(f"{each[-1]:.4f}" if each else "–" for each in losses)])
    return page.table(["running training loss", *(peers.TITLES[name] for name in names)], rows)


def faster_peers(results: dict[str, dict[str, Result]]) -> str:
    """Every number of the tables above in which a peer is ahead of toile."""
    kinds = (("seconds_per_epoch", "seconds per epoch", tuple(work.key for work in WORKS if not work.is_extra)), *COSTS)
    titles = {work.key: work.title for work in WORKS}
    lines = []
    for key, kind, works in kinds:
        for work in filter(results.__contains__, works):
            ours = results[work]["toile"][key]
            ahead = {
                name: result[key] for name, result in results[work].items() if ours and (result[key] or ours) < ours
            }
            lines += [
                f"- {titles[work]}, {kind}: {peers.TITLES[name]} {page.number(theirs)}, toile {page.number(ours)}."
                for name, theirs in ahead.items()
            ]
    return "\n".join(lines) or "In none of the numbers above."


def tables(content: dict[str, Any]) -> dict[str, str]:
    """The parts of the page, by name."""
    results, notes = content["results"], content["notes"]
    versions = {k: v for row in results.values() for result in row.values() for k, v in result["versions"].items()}
    named = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
    epochs = ratios(results, "seconds_per_epoch", [(work.key, work.title) for work in WORKS if not work.is_extra])
    remarks = "\n".join(f"- {note}" for note in notes)
    star = "\\* timed on some batches of each epoch and scaled to all of them."
    return {
        "machine": f"{page.machine_sentence(content['machine'], content['data'])} Versions: {named}.",
        "epochs": "\n\n".join(part for part in (epochs, star, remarks) if part),
        "costs": cost_table(results),
        "agreement": agreement(results),
        "faster": faster_peers(results),
    }


def publish(content: dict[str, Any], place: page.Place) -> None:
    page.fill(tables(content), place)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    peers.add_arguments(parser)
    arguments = parser.parse_args()
    machine = page.machine(arguments.threads)
    merge = bool(arguments.only) and not arguments.trial
    if arguments.write and merge:
        page.require_same_machine("compare.json", machine)
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(arguments, pathlib.Path(folder))
        results = comparison.run()
    data = "random pictures" if arguments.data is None else Source(arguments.data).words
    content = {"machine": machine, "data": data, "notes": comparison.notes, "results": results}
    for name, part in tables(content).items():
        print(f"\n{name}\n\n{part}")
    if arguments.write:
        with page.place(arguments.trial) as place:
            publish(page.save("compare.json", content, "results", merge, place), place)


if __name__ == "__main__":
    main()
