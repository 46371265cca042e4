"""The nets in JAX without a library on top: a whole epoch is one jitted `lax.scan`, pixels stay bytes until their batch is gathered.

    python benches/peer_jax.py --data FOLDER --model dense|deeper|cnn|cnn_dropout|WIDTHxDEPTH

A convolution gathers its nine shifted images and is one product: on the CPU `lax.conv` takes twice as long, and inside a scan
far longer. Adam is Keras' Adam. `--help` lists the arguments.
"""

from __future__ import annotations

from typing import Any

import common
import images as idx
import nets

ARGUMENTS = common.parse(__doc__, ("jax", "numpy"))
common.use_roomy_allocator()

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
from jax import Array, lax  # noqa: E402

jax.config.update("jax_default_prng_impl", "rbg")  # the cheap generator, for orders and dropout

Weights = list[tuple[Array, Array]]
Carry = tuple[Weights, dict[str, Any], Array, Array, Array]  # the last two: summed loss, right answers
tree = jax.tree_util.tree_map


def initial_weights(job: common.Job) -> Weights:
    chance, weights = np.random.default_rng(job.seed), []
    for shape in nets.weight_shapes(job.layers, job.image_size):
        field = int(np.prod(shape[:-2]))
        limit = (6 / (field * (shape[-2] + shape[-1]))) ** 0.5
        weights.append((jnp.asarray(chance.uniform(-limit, limit, shape), jnp.float32), jnp.zeros(shape[-1])))
    return weights


def forward(layers: list[nets.Layer], weights: Weights, images: Array, key: Array | None) -> Array:
    """The values before the softmax; dropout is active if there is a key."""
    values, rest = images[..., None], iter(weights)
    for layer in layers:
        if layer.kind == "conv":
            values = _activate(_convolve(values, *next(rest), layer.padding), layer)
        elif layer.kind == "dense":
            kernel, bias = next(rest)
            values = _activate(values @ kernel + bias, layer)
        elif layer.kind == "pool":
            values = _pool(values)
        elif layer.kind == "flatten":
            values = values.reshape(len(values), -1)
        elif key is not None:
            key, own = jax.random.split(key)
            values = jnp.where(jax.random.bernoulli(own, 1 - layer.size, values.shape), values / (1 - layer.size), 0)
    return values


def _activate(values: Array, layer: nets.Layer) -> Array:
    return {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid, "linear": lambda same: same}[layer.activation](values)


def _convolve(values: Array, kernel: Array, bias: Array, padding: str) -> Array:
    if padding == "same":
        values = jnp.pad(values, ((0, 0), (1, 1), (1, 1), (0, 0)))
    n, height, width, channels = values.shape
    shifted = [values[:, i : height - 2 + i, j : width - 2 + j] for i in range(3) for j in range(3)]
    columns = jnp.concatenate(shifted, -1).reshape(-1, 9 * channels)
    return (columns @ kernel.reshape(9 * channels, -1) + bias).reshape(n, height - 2, width - 2, -1)


def _pool(values: Array) -> Array:
    n, height, width, channels = values.shape
    whole = values[:, : height // 2 * 2, : width // 2 * 2]
    rows = whole.reshape(n, height // 2, 2, width // 2, 2, channels)
    pairs = jnp.maximum(rows[:, :, 0], rows[:, :, 1])
    return jnp.maximum(pairs[:, :, :, 0], pairs[:, :, :, 1])


def initial_state(job: common.Job, weights: Weights) -> dict[str, Any]:
    if job.optimizer == "sgd":
        return {}
    return {"mean": tree(jnp.zeros_like, weights), "square": tree(jnp.zeros_like, weights), "updates": jnp.zeros(())}


def update(
    job: common.Job, weights: Weights, gradient: Weights, state: dict[str, Any]
) -> tuple[Weights, dict[str, Any]]:
    rate = job.learning_rate
    if job.optimizer == "sgd":
        return tree(lambda w, g: w - rate * g, weights, gradient), state
    updates = state["updates"] + 1
    mean = tree(lambda m, g: m + (g - m) * 0.1, state["mean"], gradient)
    square = tree(lambda v, g: v + (g * g - v) * 0.001, state["square"], gradient)
    alpha = rate * jnp.sqrt(1 - 0.999**updates) / (1 - 0.9**updates)
    moved = tree(lambda w, m, v: w - alpha * m / (jnp.sqrt(v) + 1e-7), weights, mean, square)
    return moved, {"mean": mean, "square": square, "updates": updates}


class JaxTrainer:
    """The compiled epoch and evaluation, with weights and images on the device."""

    def __init__(self, job: common.Job) -> None:
        data = idx.load(job.data, job.images, job.image_size)
        self.job, self.layers = job, job.layers
        self.images, self.labels = jnp.asarray(data.images), jnp.asarray(data.labels.astype(np.int32))
        self.test_images, self.test_labels = (
            jnp.asarray(data.test_images),
            jnp.asarray(data.test_labels.astype(np.int32)),
        )
        self.weights = initial_weights(job)
        self.state, self.key = initial_state(job, self.weights), jax.random.key(1 + job.seed)
        self.compiled_epoch = jax.jit(self._epoch, donate_argnums=(0, 1))
        self.compiled_evaluation = jax.jit(self._evaluation)

    def _losses(self, weights: Weights, images: Array, labels: Array, key: Array | None) -> tuple[Array, Array]:
        logits = forward(self.layers, weights, images.astype(jnp.float32) * (1 / 255), key)
        logs = jax.nn.log_softmax(logits)
        return -jnp.take_along_axis(logs, labels[:, None], 1).mean(), (logits.argmax(1) == labels).sum()

    def _epoch(self, weights: Weights, state: dict[str, Any], key: Array, images: Array, labels: Array) -> Carry:
        job = self.job
        key, for_order = jax.random.split(key)
        order = jax.random.permutation(for_order, len(labels))

        def step(carry: Carry, chosen: Array) -> tuple[Carry, None]:
            weights, state, key, loss, right = carry
            key, own = jax.random.split(key)
            batch = jnp.take(images, chosen, 0), jnp.take(labels, chosen, 0)
            (mean, hits), gradient = jax.value_and_grad(self._losses, has_aux=True)(weights, *batch, own)
            return (*update(job, weights, gradient, state), key, loss + mean * len(chosen), right + hits), None

        carry = (weights, state, key, jnp.zeros(()), jnp.zeros((), jnp.int32))
        whole = job.full_steps * job.batch_size
        carry, _ = lax.scan(step, carry, order[:whole].reshape(job.full_steps, job.batch_size))
        if job.tail:
            carry, _ = step(carry, order[whole:])
        return carry

    def train(self, epochs: int) -> list[common.Epoch]:
        return common.timed(epochs, self._one_epoch)

    def _one_epoch(self) -> float:
        carry = self.compiled_epoch(self.weights, self.state, self.key, self.images, self.labels)
        self.weights, self.state, self.key, loss, _ = jax.block_until_ready(carry)
        return float(loss) / self.job.trained_images

    def _evaluation(self, weights: Weights, images: Array, labels: Array) -> Array:
        size = min(self.job.evaluation_batch, len(labels))
        batches = images.reshape(-1, size, *images.shape[1:]), labels.reshape(-1, size)
        _, losses = lax.scan(lambda _, batch: (None, self._losses(weights, batch[0], batch[1], None)[0]), None, batches)
        return losses.mean()

    def evaluate(self) -> float:
        return float(self.compiled_evaluation(self.weights, self.test_images, self.test_labels))


if __name__ == "__main__":
    common.run("jax", lambda: {"jax": jax.__version__}, JaxTrainer, ARGUMENTS)
