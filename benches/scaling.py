"""How the time of an epoch grows with one thing at a time (batch, width, depth, image size, data size), toile beside the peers.

    python benches/scaling.py --toile target/release/toile [--python torch=PATH,keras=PATH,…] [--write]

On random pictures: time does not depend on what they show. Every point is short, so peers train some batches of an epoch where
it would be long, and the time is scaled; toile trains all the images of the point. `--write` puts the drawings into
docs/performance, with the numbers in scaling.json, and the tables into docs/performance.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import pathlib
import sys
import tempfile
from typing import Any

import drawing
import images
import page
import peers
import toile_runs
from peers import Peer, PeerError
from toile_runs import Study

EPOCH = 54_000
PATIENCE = 120.0  # seconds for all points of one sweep of one peer


@dataclasses.dataclass(frozen=True)
class Point:
    """One place on the x axis: the job, and how many batches a peer trains of it."""

    x: int
    model: str = "dense"
    batch_size: int = 256
    images: int = EPOCH
    image_size: int = 28
    steps: int | None = 300


@dataclasses.dataclass(frozen=True)
class Sweep:
    """One drawing."""

    key: str
    title: str
    x_title: str
    points: tuple[Point, ...]
    per_epoch: bool = True  # scaled to 54,000 images, or the time of the images that there are
    epochs: int = 4

    @property
    def y_title(self) -> str:
        return "seconds per epoch of 54,000 images" if self.per_epoch else "seconds per epoch"

    def trial(self) -> Sweep:
        """The same with almost nothing to do."""
        points = (dataclasses.replace(point, steps=1, images=max(point.batch_size, 256)) for point in self.points)
        return dataclasses.replace(self, points=tuple(points), epochs=2)

    def seconds(self, point: Point, result: dict[str, Any]) -> float:
        return result["seconds_per_epoch"] * (EPOCH / point.images if self.per_epoch else 1)


def _batch(size: int) -> Point:
    return Point(size, batch_size=size, images=EPOCH if size > 4 else EPOCH // 4)


def _width(width: int) -> Point:
    return Point(width, f"{width}x1", images=EPOCH if width < 512 else 16_384, steps=211 if width < 512 else 40)


def _image(size: int) -> Point:
    return Point(size, "cnn_small", 64, images=640 if size < 64 else 320, image_size=size, steps=None)


SWEEPS = (
    Sweep(
        "batch",
        "784-32-10 with Adam: batch size",
        "images in a batch",
        tuple(map(_batch, (1, 4, 16, 64, 256, 1024))),
    ),
    Sweep(
        "width",
        "784-w-10 with Adam, batch 256: width",
        "units of the hidden layer",
        tuple(map(_width, (8, 64, 256, 1024))),
    ),
    Sweep(
        "depth",
        "784-64-…-10 with Adam, batch 256: depth",
        "hidden layers of 64 units",
        tuple(Point(d, f"64x{d}") for d in (1, 2, 4, 8)),
    ),
    Sweep(
        "image-size",
        "A small CNN with Adam, batch 64: image size",
        "height and width of the image",
        tuple(map(_image, (8, 16, 28, 64))),
        epochs=3,
    ),
    Sweep(
        "data-size",
        "784-32-10 with Adam, batch 256: data size",
        "training images",
        tuple(Point(n, images=n, steps=None) for n in (1_000, 4_000, 15_000, 60_000)),
        per_epoch=False,
    ),
)


class Measurement:
    """What is run with, and the data that have been made so far."""

    def __init__(self, arguments: argparse.Namespace, folder: pathlib.Path) -> None:
        self.arguments, self.folder = arguments, folder
        present, self.notes = peers.installed(arguments.python)
        self.peers = [peer for peer in present if peer.name in drawing.COLOURS]

    def run(self) -> dict[str, dict[str, list[dict[str, float]]]]:
        sweeps = [sweep for sweep in SWEEPS if not self.arguments.only or sweep.key in self.arguments.only]
        return {sweep.key: self.measure(sweep.trial() if self.arguments.trial else sweep) for sweep in sweeps}

    def measure(self, sweep: Sweep) -> dict[str, list[dict[str, float]]]:
        lines = {"toile": [self._toile(sweep, point) for point in sweep.points]}
        is_cnn = any(point.model.startswith("cnn") for point in sweep.points)
        for peer in self.peers:
            if not (is_cnn and peer.dense_only):
                try:
                    lines[peer.name] = self._peer(sweep, peer)
                except PeerError as error:
                    if self.arguments.trial:
                        raise
                    self.notes.append(f"{sweep.title}: {error}.")
                print(f"{sweep.key} {peer.name}", file=sys.stderr, flush=True)
        return lines

    def _toile(self, sweep: Sweep, point: Point) -> dict[str, float]:
        study = Study(
            self._data(point),
            point.model,
            batch_size=point.batch_size,
            epochs=sweep.epochs,
            threads=self.arguments.threads,
        )
        result = toile_runs.measure(self.arguments.toile, study, point.images, settle=not self.arguments.trial)
        return {"x": point.x, "seconds": sweep.seconds(point, result)}

    def _peer(self, sweep: Sweep, peer: Peer) -> list[dict[str, float]]:
        jobs = [self._job(point) for point in sweep.points]
        arguments = ["--epochs", str(sweep.epochs), "--threads", str(self.arguments.threads), "--no-evaluation"]
        results = peers.run_points(peer, self.arguments.python, jobs, arguments, PATIENCE)
        pairs = zip(sweep.points, results, strict=True)
        return [{"x": point.x, "seconds": sweep.seconds(point, result)} for point, result in pairs]

    def _job(self, point: Point) -> dict[str, Any]:
        job = {key: value for key, value in dataclasses.asdict(point).items() if key != "x"}
        return job | {"data": str(self._data(point))}

    def _data(self, point: Point) -> pathlib.Path:
        folder = self.folder / f"{point.images}-{point.image_size}"
        if not folder.exists():
            images.write_idx(folder, images.random_data(point.images, point.image_size, test_images=256))
        return folder


def drawings(content: dict[str, Any]) -> dict[str, str]:
    """The drawings by file name."""
    files = {}
    for sweep in SWEEPS:
        measured = content["sweeps"].get(sweep.key, {})
        lines = [
            drawing.Line(key, peers.TITLES[key], [(p["x"], p["seconds"]) for p in points])
            for key, points in measured.items()
        ]
        if lines:
            files[f"{sweep.key}.svg"] = drawing.draw(sweep.title, sweep.x_title, sweep.y_title, lines)
    return files


def summary(content: dict[str, Any]) -> str:
    """For each drawing a table: toile's seconds, and the fastest peer with its multiple of them."""
    return "\n\n".join(
        _sweep_table(sweep, content["sweeps"][sweep.key]) for sweep in SWEEPS if sweep.key in content["sweeps"]
    )


def _sweep_table(sweep: Sweep, measured: dict[str, list[dict[str, float]]]) -> str:
    rows = []
    for at, ours in enumerate(measured["toile"]):
        others = {key: points[at]["seconds"] for key, points in measured.items() if key != "toile"}
        cells = ["–", "–"]
        if others:
            best, worst = min(others, key=others.__getitem__), max(others, key=others.__getitem__)
            cells = [
                f"{peers.TITLES[key]} {page.number(others[key])} ({page.times(others[key] / ours['seconds'])})"
                for key in (best, worst)
            ]
        rows.append([f"{ours['x']:,.0f}", page.number(ours["seconds"]), *cells])
    alt = f"{sweep.title}: {sweep.y_title}, toile and the peers"
    return f"![{alt}](performance/{sweep.key}.svg)\n\n{page.table([sweep.x_title, 'toile', 'fastest peer', 'slowest peer'], rows)}"


def publish(content: dict[str, Any], place: page.Place) -> None:
    """Writes the drawings, and the page's part about them."""
    for name, svg in drawings(content).items():
        (place.folder / name).write_text(svg)
    notes = "\n".join(f"- {note}" for note in content["notes"])
    page.fill({"growth": f"{summary(content)}\n\n{notes}"}, place)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    peers.add_arguments(parser)
    arguments = parser.parse_args()
    machine = page.machine(arguments.threads)
    merge = bool(arguments.only) and not arguments.trial
    if arguments.write and merge:
        page.require_same_machine("scaling.json", machine)
    with tempfile.TemporaryDirectory() as folder:
        measurement = Measurement(arguments, pathlib.Path(folder))
        sweeps = measurement.run()
    content = {"machine": machine, "notes": measurement.notes, "sweeps": sweeps}
    print(summary(content))
    if arguments.write:
        with page.place(arguments.trial) as place:
            publish(page.save("scaling.json", content, "sweeps", merge, place), place)


if __name__ == "__main__":
    main()
