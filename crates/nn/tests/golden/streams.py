"""toile's random streams (crate `rng`) in Python, so that Keras can be given the engine's dropout masks."""

import numpy as np

M32, M64 = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF


def philox4x32_10(counter, key):
    """Ten rounds over arrays: `counter` of shape (4, n), `key` two integers; gives (4, n)."""
    c, k = [np.asarray(w, dtype=np.uint64) for w in counter], list(key)
    for _ in range(10):
        a, b = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(b >> 32) ^ c[1] ^ k[0], b & M32, (a >> 32) ^ c[3] ^ k[1], a & M32]
        k = [(k[0] + 0x9E3779B9) & M32, (k[1] + 0xBB67AE85) & M32]
    return np.stack(c)


def mix(z):
    z = (z + 0x9E3779B97F4A7C15) & M64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M64
    return z ^ (z >> 31)


def fnv1a(name):
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) & M64
    return h


def derive(seed, name, index):
    return mix(mix(seed ^ mix(fnv1a(name))) ^ index)


def words(seed, name, index, blocks):
    """The words of the blocks 0 .. blocks of `Seed(seed).stream(name, index)`, one block per row."""
    key, position = mix(seed ^ mix(fnv1a(name))), np.arange(blocks, dtype=np.uint64)
    high = np.zeros_like(position)
    counter = [position & M32, position >> 32, high + (index & M32), high + (index >> 32)]
    return philox4x32_10(counter, [key & M32, key >> 32]).T


def dropout_keeps(seed, layer, rate, step, images, values):
    """Which values the dropout layer at this position keeps at an update: see `src/layers/dropout.rs`."""
    per_image = -(-values // 4)
    drawn = words(derive(seed, "dropout", layer), "mask", step, images * per_image)
    drawn = drawn.reshape(images, per_image * 4)[:, :values]
    return drawn >= int(float(np.float32(rate)) * 2.0**32)


# The known answers published with Random123 (file `kat_vectors`), as in crate `rng`.
assert philox4x32_10([[0]] * 4, [0, 0]).ravel().tolist() == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
assert philox4x32_10([[0x243F6A88], [0x85A308D3], [0x13198A2E], [0x03707344]], [0xA4093822, 0x299F31D0]).ravel(
).tolist() == [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]
