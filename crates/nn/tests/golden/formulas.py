"""Inputs that both sides compute, so that the JSON files need not hold them: images, labels, initial weights.

`../formulas/mod.rs` is the same in Rust. Everything rests on one 32-bit integer hash; weights are made in
float64 and rounded once to float32, so both sides hold the same bits.
"""

import numpy as np

M32 = 0xFFFFFFFF


def hash32(x):
    """`lowbias32` of Chris Wellons' hash prospector, on arrays of integers."""
    x = np.asarray(x, dtype=np.uint64) & M32
    x ^= x >> 16
    x = (x * 0x7FEB352D) & M32
    x ^= x >> 15
    x = (x * 0x846CA68B) & M32
    x ^= x >> 16
    return x


def fnv1a(name):
    h = 0x811C9DC5
    for byte in name.encode():
        h = ((h ^ byte) * 0x01000193) & M32
    return h


def labels(first, n, classes):
    """Label of example i: hash of i, modulo the number of classes."""
    return (hash32(np.arange(first, first + n) + 0x51ED0000) % classes).astype(np.int64)


def images(first, n, shape, classes):
    """Pixels as bytes: a prototype of the class (0..127) plus noise (0..127); learnable, and hardly ever tied."""
    size = int(np.prod(shape))
    label = labels(first, n, classes)[:, None]
    place = np.arange(size)[None, :]
    example = np.arange(first, first + n)[:, None]
    prototype = hash32(label * size + place + 0x00A00000) >> 25
    noise = hash32(example * size + place + 0x7B000000) >> 25
    return (prototype + noise).astype(np.uint8).reshape((n, *shape))


def uniform(hashed):
    """Numbers on the multiples of 2^-24 in [0, 1)."""
    return (hash32(hashed) >> 8).astype(np.float64) / 2.0**24


def features(first, n, shape, classes):
    """Floats of both signs: a mean of the class in [-1, 1) plus noise, twelve uniform numbers less 6, nearly normal."""
    size = int(np.prod(shape))
    label = labels(first, n, classes)[:, None]
    place = np.arange(size)[None, :]
    example = np.arange(first, first + n)[:, None]
    mean = 2.0 * uniform(label * size + place + 0x00F00000) - 1.0
    start = ((example * size + place) * 12 + 0x0C000000)[..., None]
    noise = uniform(start + np.arange(12)).sum(axis=-1)
    return (mean + noise - 6.0).astype(np.float32).reshape((n, *shape))


def signs(name, n):
    """n numbers on the multiples of 2^-23 in [-1, 1), named after a tensor."""
    h = hash32(int(hash32(fnv1a(name))) + np.arange(n))
    return (h >> 8).astype(np.float64) / 2.0**23 - 1.0


def weight(name, shape):
    """Initial value of a tensor: kernels within Glorot's limit, the others small and not zero."""
    role = name.split(".")[1]
    u = signs(name, int(np.prod(shape)))
    if role.endswith("kernel"):
        area = int(np.prod(shape[:-2]))
        value = np.sqrt(6.0 / (area * (shape[-2] + shape[-1]))) * u
    elif role == "gamma":
        value = 1.0 + 0.25 * u
    elif role == "moving_variance":
        value = 1.0 + 0.5 * u
    else:  # bias, beta, moving_mean
        value = 0.125 * u
    return value.astype(np.float32).reshape(shape)


def places(n, most=128):
    """Which elements of a tensor of n are recorded: all, or `most` of them spread by the golden ratio."""
    if n <= most:
        return np.arange(n)
    j = np.arange(most, dtype=np.uint64)
    return (((j * 0x9E3779B1) & M32) * n) >> 32
