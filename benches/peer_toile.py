"""The nets in toile's module for Python, by `toile.Sequential(...).fit` on arrays of bytes.

    python benches/peer_toile.py --data FOLDER --model dense|deeper|cnn|cnn_dropout|WIDTHxDEPTH

The module is that of the wheel (`python/build-wheel.sh`). `--floats` gives it numbers from 0 to 1 in place of bytes, as the other
peers have them. `--help` lists the arguments.
"""

from __future__ import annotations

import common
import images as idx
import nets

ARGUMENTS = common.parse(
    __doc__,
    ("toile", "numpy"),
    lambda parser: parser.add_argument("--floats", action="store_true", help="numbers from 0 to 1, not bytes"),
)

import numpy as np  # noqa: E402
import toile  # noqa: E402


class Clock(toile.callbacks.Callback):
    """Times each epoch of a `fit`, from the end of the one before; the first one has what a `fit` does once."""

    def __init__(self) -> None:
        super().__init__()
        self.epochs: list[common.Epoch] = []
        self.watch = common.Stopwatch()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.epochs.append(self.watch.epoch((logs or {})["loss"]))
        self.watch.restart()


class ToileTrainer:
    """The compiled model with its images and the numbers of their classes."""

    def __init__(self, job: common.Job) -> None:
        data = idx.load(job.data, job.images, job.image_size)
        self.job, self.model = job, toile.Sequential(nets.in_keras_words(toile.layers, job.layers), seed=job.seed)
        chosen = slice(job.trained_images)
        self.images, self.labels = _input(data.images[chosen], job), data.labels[chosen]
        self.test = _input(data.test_images, job), data.test_labels
        optimizer = {"sgd": toile.optimizers.SGD, "adam": toile.optimizers.Adam}[job.optimizer](job.learning_rate)
        self.model.compile(optimizer, metrics=["accuracy"])

    def train(self, epochs: int) -> list[common.Epoch]:
        return common.epochs_of_fit(self, Clock(), epochs)

    def evaluate(self) -> float:
        return float(self.model.evaluate(*self.test, verbose=0)[0])


def _input(images: np.ndarray, job: common.Job) -> np.ndarray:
    images = images[..., None]
    return images.astype(np.float32) / np.float32(255) if job.options.floats else images


def versions() -> dict[str, str]:
    return {"toile": toile.__version__}


if __name__ == "__main__":
    common.run("toile-python", versions, ToileTrainer, ARGUMENTS)
