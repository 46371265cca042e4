"""Times toile as a user runs it: a study file is written, `toile run` trains it, `results.json` holds the times.

What the file does not hold is taken from outside: peak memory from the system while it runs, and the start from the moment at
which `toile run` says that a run begins.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import pathlib
import statistics
import subprocess
import tempfile
import threading
import time
from typing import Any

import common
import nets

LOOKS_THROUGH = 3.5  # seconds in which toile, at most, looks through 60,000 images beside its training
MOST_EPOCHS = 5_000


class ToileError(RuntimeError):
    """toile ended with an error; its words are the message."""


@dataclasses.dataclass(frozen=True)
class Source:
    """The data of a study file: a folder, or Fashion-MNIST by its name if that is what the folder is called."""

    folder: pathlib.Path

    @property
    def is_catalogued(self) -> bool:
        """Whether the data are found by their name, and kept decoded, as they are for a user."""
        return self.folder.resolve().name == "fashion-mnist"

    @property
    def words(self) -> str:
        """What a sentence calls them."""
        return "Fashion-MNIST" if self.is_catalogued else f"the images in `{self.folder.name}`"

    @property
    def setting(self) -> str:
        """The value of `data`, as TOML."""
        return json.dumps("fashion-mnist" if self.is_catalogued else f"{self.folder.resolve()}/")

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which toile finds them."""
        found = {"TOILE_DATA_DIR": str(self.folder.resolve().parent)} if self.is_catalogued else {}
        return os.environ | found


@dataclasses.dataclass(frozen=True)
class Study:
    """One training, repeated for each seed; with more than one they train side by side."""

    data: pathlib.Path
    model: str
    optimizer: str = "adam"
    batch_size: int = 256
    epochs: int = 6
    threads: int = 2
    seeds: int = 1
    train_evaluation: float = 0.0
    dtype_policy: str = "float32"

    @property
    def source(self) -> Source:
        return Source(self.data)

    def text(self) -> str:
        layers = ",\n".join(f"  {_layer(layer)}" for layer in _without_needless_flatten(nets.model(self.model)))
        return f"""[study]
name = "bench"
data = {self.source.setting}
train_evaluation = {self.train_evaluation}
seed = 1

[models.net]
layers = [
{layers},
]

[[runs]]
name = "net"
model = "net"
optimizer = {{ {self.optimizer} = {{ learning_rate = {common.RATES[self.optimizer]} }} }}
batch_size = {self.batch_size}
epochs = {self.epochs}
dtype_policy = "{self.dtype_policy}"
seeds = {self.seeds}
"""


def _without_needless_flatten(layers: list[nets.Layer]) -> list[nets.Layer]:
    return layers if nets.is_convolutional(layers) else [layer for layer in layers if layer.kind != "flatten"]


def _layer(layer: nets.Layer) -> str:
    """A layer as the study file writes it."""
    if layer.kind == "pool":
        return '"max_pooling2d"'
    if layer.kind == "flatten":
        return '"flatten"'
    if layer.kind == "dropout":
        return f"{{ dropout = {{ rate = {layer.size} }} }}"
    if layer.kind == "conv":
        settings = f'kernel_size = [3, 3], padding = "{layer.padding}", activation = "{layer.activation}"'
        return f"{{ conv2d = {{ filters = {layer.size}, {settings} }} }}"
    activation = "softmax" if layer.activation == "linear" else layer.activation
    return f'{{ dense = {{ units = {layer.size}, activation = "{activation}" }} }}'


@dataclasses.dataclass
class Outcome:
    """What one `toile run` left behind."""

    runs: list[dict[str, Any]]
    seconds_to_first_run: float
    peak_memory_mb: float


def run(toile: pathlib.Path, study: Study) -> Outcome:
    """Trains the study in a folder of its own, which is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        file, out, words = (pathlib.Path(folder) / name for name in ("study.toml", "out", "words"))
        file.write_text(study.text())
        command = [str(toile), "run", str(file), "--out", str(out), "--threads", str(study.threads)]
        start = time.perf_counter()
        with words.open("w") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.PIPE, text=True, env=study.source.environment
            )
            with _PeakMemory(process.pid) as peak:
                to_first_run, said = _listen(process, start)
                process.wait()
        if process.returncode != 0:
            raise ToileError(f"toile ended with {process.returncode}:\n{said}{study.text()}")
        results = json.loads((out / "results.json").read_text())
    return Outcome(results["runs"], to_first_run, peak.mb)


class _PeakMemory:
    """The largest resident set of a process, in MB, looked at all the time: what the system tells at the end includes the parent's."""

    def __init__(self, pid: int) -> None:
        self.status = pathlib.Path(f"/proc/{pid}/status")
        self.mb = float("nan")
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch)

    def __enter__(self) -> _PeakMemory:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()

    def _watch(self) -> None:
        while not self.ended.wait(0.02):
            try:
                lines = self.status.read_text().splitlines()
            except OSError:
                return
            for line in lines:
                if line.startswith("VmHWM:"):
                    self.mb = int(line.split()[1]) / 1024


def _listen(process: subprocess.Popen[str], start: float) -> tuple[float, str]:
    """Reads to the end what toile says; gives the seconds until its line `start` of the first run, and all lines."""
    to_first_run, said = float("nan"), []
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("start ") and to_first_run != to_first_run:
            to_first_run = time.perf_counter() - start
        said.append(line)
    return to_first_run, "".join(said)


def _settled(epochs: list[dict[str, Any]]) -> list[float]:
    """The seconds of the epochs that count: in its first seconds toile looks through the data beside its training."""
    begun, settled = 0.0, []
    for epoch in epochs:
        if begun >= LOOKS_THROUGH:
            settled.append(epoch["seconds"])
        begun += epoch["seconds"]
    return settled or [epoch["seconds"] for epoch in epochs[1:] or epochs]


def measure(toile: pathlib.Path, study: Study, images: int, settle: bool) -> dict[str, Any]:
    """One result, with the keys of the peers' JSON lines.

    To `settle`, a short training has as many epochs as it takes to be over the first seconds.
    """
    outcome = run(toile, study)
    seconds = [epoch["seconds"] for epoch in outcome.runs[0]["epochs"]]
    if settle and sum(seconds) < 2 * LOOKS_THROUGH:
        epochs = math.ceil(2.5 * LOOKS_THROUGH / min(seconds))
        outcome = run(toile, dataclasses.replace(study, epochs=min(epochs, MOST_EPOCHS)))
    steady = [second for run in outcome.runs for second in _settled(run["epochs"])]
    first = outcome.runs[0]["epochs"][0]["seconds"]
    typical, steps = statistics.median(steady), -(-images // study.batch_size)
    provenance = outcome.runs[0]["provenance"]
    return {
        "peer": "toile",
        "versions": {"toile": provenance["toile_version"], "instruction set": provenance["instruction_set"]},
        "model": study.model,
        "optimizer": study.optimizer,
        "batch_size": study.batch_size,
        "images": images,
        "threads": study.threads,
        "steps": steps,
        "scaled": False,
        "seconds_per_epoch": typical,
        "min": min(steady),
        "max": max(steady),
        "seconds_first_epoch": first,
        "evaluate_10000_seconds": None,
        "peak_memory_mb": outcome.peak_memory_mb,
        "seconds_to_first_step": outcome.seconds_to_first_run + first / steps,
        "cores_used": _cores(outcome.runs),
        "losses": [epoch["loss"] for epoch in outcome.runs[0]["epochs"]],
    }


def _cores(runs: list[dict[str, Any]]) -> float | None:
    """Processor seconds over wall seconds of all runs; a run beside others may not know its own."""
    spent = [run["provenance"]["cpu_seconds"] for run in runs]
    if None in spent:
        return None
    return sum(spent) / max(run["provenance"]["wall_seconds"] for run in runs)


def start_seconds(toile: pathlib.Path, study: Study, times: int) -> float:
    """Seconds from the start of the process to the end of the first update, the data set found by its name; a median."""

    def once() -> float:
        outcome = run(toile, dataclasses.replace(study, epochs=1))
        steps = -(-60_000 // study.batch_size)
        return outcome.seconds_to_first_run + outcome.runs[0]["epochs"][0]["seconds"] / steps

    return statistics.median(once() for _ in range(times))


def evaluation_seconds(toile: pathlib.Path, study: Study, evaluations: int) -> float:
    """Seconds to evaluate the study's training images once: trained with and without an evaluation of all after each epoch.

    What is not training in a run's wall time is evaluations and saving; between the two trainings it differs by `evaluations`.
    """

    def beside_training(part: float) -> float:
        changed = dataclasses.replace(study, train_evaluation=part, epochs=evaluations + 1)
        (one,) = run(toile, changed).runs
        return one["seconds"] - sum(epoch["seconds"] for epoch in one["epochs"])

    return max(0.0, beside_training(1.0) - beside_training(0.0)) / evaluations
