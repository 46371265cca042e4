"""Dense nets in NumPy by hand: explicit gradients, one flat vector of weights, buffers that are allocated once.

    python benches/peer_numpy.py --data FOLDER --model dense|deeper|WIDTHxDEPTH

Without a framework between the products this is the fastest of the peers for small nets. `--help` lists the arguments.
"""

from __future__ import annotations

import itertools
import os
import sys

import common
import images as idx
import nets

ARGUMENTS = common.parse(__doc__, ("numpy",))
# OpenBLAS reads them when NumPy is imported.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(ARGUMENTS.threads)

import numpy as np  # noqa: E402


class Buffers:
    """Memory of one batch: its images, the outputs of each layer and their gradients."""

    def __init__(self, batch: int, sizes: list[int]) -> None:
        self.images = np.empty((batch, sizes[0]), np.float32)
        self.outputs = [np.empty((batch, size), np.float32) for size in sizes[1:]]
        self.gradients = [np.empty((batch, size), np.float32) for size in sizes[1:]]
        self.rows = np.arange(batch)


class Net:
    """Sigmoid layers and a softmax; weights and gradients are views of one flat vector each, so that Adam is a few long loops."""

    def __init__(self, job: common.Job) -> None:
        shapes = nets.weight_shapes(job.layers, job.image_size)
        self.sizes = [shapes[0][0], *(shape[1] for shape in shapes)]
        total = sum((inputs + 1) * units for inputs, units in shapes)
        self.flat, self.gradient, self.mean, self.square, self.spare, self.step = (
            np.zeros(total, np.float32) for _ in range(6)
        )
        self.kernels, self.biases = self._views(self.flat)
        self.kernel_gradients, self.bias_gradients = self._views(self.gradient)
        chance = np.random.default_rng(job.seed)
        for kernel in self.kernels:
            limit = (6 / sum(kernel.shape)) ** 0.5
            kernel[:] = chance.uniform(-limit, limit, kernel.shape)
        self.updates, self.rate, self.is_adam = 0, job.learning_rate, job.optimizer == "adam"
        self.buffers: dict[int, Buffers] = {}

    def _views(self, flat: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        kernels, biases, at = [], [], 0
        for inputs, units in itertools.pairwise(self.sizes):
            kernels.append(flat[at : at + inputs * units].reshape(inputs, units))
            biases.append(flat[at + inputs * units : at + (inputs + 1) * units])
            at += (inputs + 1) * units
        return kernels, biases

    def batch(self, size: int) -> Buffers:
        if size not in self.buffers:
            self.buffers[size] = Buffers(size, self.sizes)
        return self.buffers[size]

    def forward(self, images: np.ndarray, outputs: list[np.ndarray]) -> np.ndarray:
        """Fills the outputs; the last one becomes the logarithms of the probabilities."""
        below = images
        for kernel, bias, output in zip(self.kernels, self.biases, outputs, strict=True):
            np.matmul(below, kernel, out=output)
            output += bias
            if output is not outputs[-1]:
                _sigmoid(output)
            below = output
        below -= below.max(1, keepdims=True)
        below -= np.log(np.exp(below).sum(1, keepdims=True))
        return below

    def train(self, images: np.ndarray, labels: np.ndarray) -> tuple[float, int]:
        """One update; gives the batch's summed loss and its number of right answers."""
        memory = self.batch(len(labels))
        logs = self.forward(images, memory.outputs)
        loss = -float(logs[memory.rows, labels].sum())
        right = int((logs.argmax(1) == labels).sum())
        self.backward(images, labels, memory)
        self.update()
        return loss, right

    def backward(self, images: np.ndarray, labels: np.ndarray, memory: Buffers) -> None:
        gradient = np.exp(memory.outputs[-1], out=memory.gradients[-1])
        gradient[memory.rows, labels] -= 1
        gradient *= np.float32(1 / len(labels))
        for layer in reversed(range(len(self.kernels))):
            below = memory.outputs[layer - 1] if layer else images
            np.matmul(below.T, gradient, out=self.kernel_gradients[layer])
            gradient.sum(0, out=self.bias_gradients[layer])
            if layer:
                gradient = np.matmul(gradient, self.kernels[layer].T, out=memory.gradients[layer - 1])
                gradient *= below
                np.subtract(1, below, out=below)
                gradient *= below

    def update(self) -> None:
        self.updates += 1
        if not self.is_adam:
            np.multiply(self.gradient, np.float32(self.rate), out=self.step)
            self.flat -= self.step
            return
        rate = np.float32(self.rate * (1 - 0.999**self.updates) ** 0.5 / (1 - 0.9**self.updates))
        self._towards(self.mean, self.gradient, 0.1)
        np.multiply(self.gradient, self.gradient, out=self.step)
        self._towards(self.square, self.step, 0.001)
        np.sqrt(self.square, out=self.spare)
        self.spare += np.float32(1e-7)
        np.divide(self.mean, self.spare, out=self.step)
        self.step *= rate
        self.flat -= self.step

    def _towards(self, average: np.ndarray, value: np.ndarray, part: float) -> None:
        np.subtract(value, average, out=self.spare)
        self.spare *= np.float32(part)
        average += self.spare


def _sigmoid(values: np.ndarray) -> None:
    np.negative(values, out=values)
    np.exp(values, out=values)
    values += 1
    np.reciprocal(values, out=values)


class NumpyTrainer:
    """The net with its images, as numbers from 0 to 1."""

    def __init__(self, job: common.Job) -> None:
        data = idx.load(job.data, job.images, job.image_size)
        self.job, self.net = job, Net(job)
        self.images, self.labels = _rows(data.images), data.labels.astype(np.intp)
        self.test_images, self.test_labels = _rows(data.test_images), data.test_labels.astype(np.intp)
        self.chance = np.random.default_rng(2)

    def train(self, epochs: int) -> list[common.Epoch]:
        return common.timed(epochs, self._epoch)

    def _epoch(self) -> float:
        order, loss = self.chance.permutation(len(self.labels)), 0.0
        for start in range(0, self.job.trained_images, self.job.batch_size):
            chosen = order[start : start + self.job.batch_size]
            images = self.images.take(chosen, 0, out=self.net.batch(len(chosen)).images, mode="clip")
            loss += self.net.train(images, self.labels.take(chosen))[0]
        return loss / self.job.trained_images

    def evaluate(self) -> float:
        size, loss = self.job.evaluation_batch, 0.0
        for start in range(0, len(self.test_labels), size):
            labels = self.test_labels[start : start + size]
            memory = self.net.batch(len(labels))
            logs = self.net.forward(self.test_images[start : start + size], memory.outputs)
            loss -= float(logs[memory.rows, labels].sum())
        return loss / len(self.test_labels)


def _rows(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float32) / 255


def make(job: common.Job) -> NumpyTrainer:
    if nets.is_convolutional(job.layers):
        sys.exit("peer_numpy.py trains dense nets only")
    return NumpyTrainer(job)


if __name__ == "__main__":
    common.run("numpy", lambda: {"numpy": np.__version__}, make, ARGUMENTS)
