"""What all peers share: the command line, the clock, and the one JSON line of a result.

A peer is a script `peer_*.py` that trains the same nets as toile in another library. It hands `run` a function that turns
a `Job` into a `Trainer`; everything that is timed, is timed here, so that all peers are timed alike.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import json
import os
import pathlib
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import nets

RATES = {"sgd": 0.01, "adam": 0.001}

# With its defaults glibc gives a large tensor back at each free, and the next step pays its page faults again.
ROOMY_ALLOCATOR = {
    "MALLOC_MMAP_THRESHOLD_": "4000000000",
    "MALLOC_TRIM_THRESHOLD_": "8000000000",
    "MALLOC_TOP_PAD_": "1000000000",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}


@dataclasses.dataclass
class Job:
    """One training to time."""

    model: str
    optimizer: str
    batch_size: int
    epochs: int
    threads: int
    images: int
    image_size: int
    steps: int | None
    data: pathlib.Path | None
    seed: int
    evaluate: bool
    options: argparse.Namespace

    @property
    def layers(self) -> list[nets.Layer]:
        return nets.model(self.model)

    @property
    def learning_rate(self) -> float:
        return RATES[self.optimizer]

    @property
    def evaluation_batch(self) -> int:
        """Images that are evaluated at once: more only cost memory."""
        return 500 if nets.is_convolutional(self.layers) else 1_000

    @property
    def full_steps(self) -> int:
        """Whole batches of an epoch that are trained."""
        whole = self.images // self.batch_size
        return whole if self.steps is None else min(self.steps, whole)

    @property
    def tail(self) -> int:
        """Images of the last, short batch; none where the steps are limited."""
        return self.images % self.batch_size if self.is_whole else 0

    @property
    def is_whole(self) -> bool:
        return self.steps is None or self.steps > self.images // self.batch_size

    @property
    def trained_images(self) -> int:
        return self.full_steps * self.batch_size + self.tail


@dataclasses.dataclass
class Epoch:
    """What one epoch took, when it ended (seconds since the process began), and its running loss."""

    seconds: float
    cpu_seconds: float
    ended: float
    loss: float


class Trainer(Protocol):
    """A model with its data in memory, ready to train."""

    def train(self, epochs: int) -> list[Epoch]: ...

    def evaluate(self) -> float:
        """The loss on the 10,000 test images."""


class Stopwatch:
    """Wall and processor time from its making, or from the last `restart`."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def epoch(self, loss: float) -> Epoch:
        return Epoch(time.perf_counter() - self._wall, time.process_time() - self._cpu, since_start(), loss)


def timed(epochs: int, one_epoch: Callable[[], float]) -> list[Epoch]:
    """Runs `one_epoch`, which gives the running loss when all its work is done, so many times."""
    rows = []
    for _ in range(epochs):
        watch = Stopwatch()
        rows.append(watch.epoch(one_epoch()))
    return rows


class FitTrainer(Protocol):
    """A trainer whose model has Keras' `fit`, as Keras' own and toile's in Python."""

    job: Job
    model: Any
    images: Any
    labels: Any


class FitClock(Protocol):
    """A callback that times each epoch."""

    epochs: list[Epoch]


def epochs_of_fit(trainer: FitTrainer, clock: FitClock, epochs: int) -> list[Epoch]:
    """The epochs of a `fit`, as the clock has timed them."""
    batch_size = trainer.job.batch_size
    trainer.model.fit(
        trainer.images, trainer.labels, batch_size=batch_size, epochs=epochs, verbose=0, callbacks=[clock]
    )
    return clock.epochs


def since_start() -> float:
    """Seconds since the process began, its interpreter and imports included."""
    try:
        ticks = int(pathlib.Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError):
        return time.process_time()


def peak_memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1 << 20)


def run(
    peer: str, versions: Callable[[], dict[str, str]], make: Callable[[Job], Trainer], arguments: argparse.Namespace
) -> None:
    """Times every job of the command line and prints a JSON line for each."""
    for job in _jobs(arguments):
        trainer = make(job)
        epochs = trainer.train(job.epochs)
        memory = peak_memory_mb()
        evaluation = _time_evaluation(trainer) if job.evaluate else None
        extra = {"evaluate_10000_seconds": evaluation, "peak_memory_mb": memory}
        print(json.dumps({"peer": peer, "versions": versions(), **_result(job, epochs), **extra}), flush=True)


def parse(
    description: str | None,
    packages: tuple[str, ...],
    extend: Callable[[argparse.ArgumentParser], Any] = lambda parser: None,
) -> argparse.Namespace:
    """The command line that all peers have, and what a peer adds to it; ends here if a package is not installed."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data",
        type=pathlib.Path,
        metavar="DIR",
        help="a folder of IDX files, gzipped or not [default: random pictures]",
    )
    parser.add_argument("--model", default="dense", help="dense, deeper, cnn, cnn_dropout, cnn_small, or WIDTHxDEPTH")
    parser.add_argument("--optimizer", default="adam", choices=sorted(RATES))
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--epochs", type=int, default=6, help="the first one is left out of the median")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--images", type=int, default=54_000, metavar="N")
    parser.add_argument("--image-size", type=int, default=28, metavar="S", help="height and width")
    parser.add_argument(
        "--steps", type=int, metavar="N", help="train only so many batches per epoch, and scale the time"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the weights and the order of the images")
    parser.add_argument("--no-evaluation", action="store_true", help="do not time the evaluation of 10,000 images")
    parser.add_argument(
        "--points", metavar="FILE", help="a JSON list of objects: one job for each, with these settings changed"
    )
    parser.add_argument("--trial", action="store_true", help="two epochs of 512 images: the numbers mean nothing")
    extend(parser)
    arguments = parser.parse_args()
    require(packages, arguments.trial)
    if arguments.trial:
        arguments.images, arguments.epochs = 512, 2
    limit_cores(arguments.threads)
    return arguments


def missing(packages: tuple[str, ...]) -> list[str]:
    """The packages that are not installed for this interpreter."""
    return [name for name in packages if importlib.util.find_spec(name) is None]


def require(packages: tuple[str, ...], trial: bool) -> None:
    """Ends the process if a package is not installed: an error, but not in a trial, which tries what is there."""
    if absent := missing(packages):
        sentence = f"{pathlib.Path(sys.argv[0]).name}: {' and '.join(absent)} not installed for {sys.executable}"
        if not trial:
            raise SystemExit(sentence)
        print(f"{sentence}: left out")
        raise SystemExit(0)


def limit_cores(threads: int) -> None:
    """Keeps the process on its first `threads` cores: the one limit that every library respects."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def use_roomy_allocator() -> None:
    """Starts the process again with the allocator's variables set, which glibc reads only at the start."""
    if sys.platform == "linux" and any(os.environ.get(name) != value for name, value in ROOMY_ALLOCATOR.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ROOMY_ALLOCATOR)


def _jobs(arguments: argparse.Namespace) -> Iterator[Job]:
    points = json.loads(pathlib.Path(arguments.points).read_text()) if arguments.points else [{}]
    fields = {field.name for field in dataclasses.fields(Job)} - {"evaluate", "options"}
    base = {name: value for name, value in vars(arguments).items() if name in fields}
    for point in points:
        job = Job(**(base | point), evaluate=not arguments.no_evaluation, options=arguments)
        # A point comes from JSON, where a path is text.
        yield job if job.data is None else dataclasses.replace(job, data=pathlib.Path(job.data))


def _time_evaluation(trainer: Trainer) -> float:
    """The median of five, or of as many as four seconds allow, after one that may compile."""
    seconds: list[float] = []
    trainer.evaluate()
    while len(seconds) < 5 and (not seconds or sum(seconds) < 4):
        start = time.perf_counter()
        trainer.evaluate()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def _result(job: Job, epochs: list[Epoch]) -> dict[str, Any]:
    steady = epochs[1:] or epochs
    scale = job.images / job.trained_images
    seconds = [epoch.seconds for epoch in steady]
    steps = job.full_steps + bool(job.tail)
    typical = statistics.median(seconds)
    return {
        "model": job.model,
        "optimizer": job.optimizer,
        "batch_size": job.batch_size,
        "images": job.images,
        "image_size": job.image_size,
        "threads": job.threads,
        "steps": steps,
        "scaled": not job.is_whole,
        "seconds_per_epoch": typical * scale,
        "min": min(seconds) * scale,
        "max": max(seconds) * scale,
        "seconds_first_epoch": epochs[0].seconds,
        "seconds_to_first_step": epochs[0].ended - typical * (1 - 1 / steps),
        "cores_used": sum(epoch.cpu_seconds for epoch in steady) / sum(seconds),
        "losses": [epoch.loss for epoch in epochs],
    }
