"""The nets in Keras 3, by `fit`, on TensorFlow or on JAX.

    KERAS_BACKEND=tensorflow|jax python benches/peer_keras.py --data FOLDER --model dense|deeper|cnn|cnn_dropout|WIDTHxDEPTH [--defaults]

Without `--defaults` it has what makes it fastest: for dense nets on TensorFlow XLA and a whole epoch in one call
(`jit_compile=True`, `steps_per_execution`), for CNNs on JAX an allocator that keeps memory; the rest is fastest as it is.
The other arguments are listed by `--help`.
"""

from __future__ import annotations

import os

import common
import images as idx
import nets

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
BACKEND = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
ARGUMENTS = common.parse(
    __doc__,
    ("keras", BACKEND),
    lambda parser: (
        parser.add_argument("--defaults", action="store_true", help="`fit` with its defaults"),
        parser.add_argument("--dtype-policy", default="float32", help="float32, mixed_bfloat16"),
    ),
)
if BACKEND == "jax" and not ARGUMENTS.defaults:
    common.use_roomy_allocator()

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers  # noqa: E402


def network(job: common.Job) -> keras.Sequential:
    """The layers with Keras' own defaults."""
    shape = (job.image_size, job.image_size, 1)
    keras.config.set_dtype_policy(job.options.dtype_policy)
    # The last one in floats, as Keras' guide to mixed precision has it.
    return keras.Sequential([keras.Input(shape), *nets.in_keras_words(layers, job.layers, dtype="float32")])


def fastest_settings(job: common.Job) -> dict:
    """What `compile` is given beside the optimizer and the loss."""
    if job.options.defaults or BACKEND != "tensorflow" or nets.is_convolutional(job.layers):
        return {}
    return {"jit_compile": True, "steps_per_execution": max(1, job.full_steps + bool(job.tail))}


class Clock(keras.callbacks.Callback):
    """Times each epoch of a `fit`, after all its work is done."""

    def __init__(self) -> None:
        super().__init__()
        self.epochs: list[common.Epoch] = []
        self.watch = common.Stopwatch()

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.watch.restart()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if BACKEND == "jax":  # which returns before it has computed
            import jax

            jax.block_until_ready(jax.live_arrays())
        self.epochs.append(self.watch.epoch(float((logs or {})["loss"])))


class KerasTrainer:
    """The compiled model with its images, as numbers from 0 to 1, and one-hot labels."""

    def __init__(self, job: common.Job) -> None:
        keras.utils.clear_session()
        keras.utils.set_random_seed(job.seed)
        data = idx.load(job.data, job.images, job.image_size)
        self.job, self.model = job, network(job)
        chosen = slice(job.trained_images)
        self.images, self.labels = _inputs(data.images[chosen], data.labels[chosen])
        self.test = _inputs(data.test_images, data.test_labels)
        optimizer = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}[job.optimizer](job.learning_rate)
        self.model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"], **fastest_settings(job))

    def train(self, epochs: int) -> list[common.Epoch]:
        return common.epochs_of_fit(self, Clock(), epochs)

    def evaluate(self) -> float:
        return float(self.model.evaluate(*self.test, batch_size=self.job.evaluation_batch, verbose=0)[0])


def _inputs(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return images[..., None].astype("float32") / 255, keras.utils.to_categorical(labels, nets.CLASSES)


def versions() -> dict[str, str]:
    backend = __import__(BACKEND)
    return {"keras": keras.__version__, BACKEND: backend.__version__}


if __name__ == "__main__":
    name = f"keras-{BACKEND}" + ("-defaults" if ARGUMENTS.defaults else "")
    common.run(name, versions, KerasTrainer, ARGUMENTS)
