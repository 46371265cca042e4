"""The studies and the data under attack: four trainings that are declared and a search, on 300 small images."""

import random
import struct

CLASSES = 4

HEAD = """
[study]
name = "attacked"
data = "./data"
validation_split = 0.2
seed = 3

[models.plain]
layers = [{ dense = { units = 12, activation = "relu" } }, { dense = { units = 4, activation = "softmax" } }]

[models.dropping]
layers = [{ dense = { units = 12, activation = "relu" } }, { dropout = { rate = 0.3 } }, { dense = { units = 4, activation = "softmax" } }]

[defaults]
model = "plain"
batch_size = 32
"""

DECLARED = """
epochs = {epochs}

[[runs]]
name = "Adam"
optimizer = "adam"

[[runs]]
name = "Dropout"
model = "dropping"
optimizer = "adam"
seeds = 2

[[runs]]
name = "Momentum"
optimizer = {{ sgd = {{ learning_rate = 0.05, momentum = 0.9 }} }}
callbacks = [{{ best_weights = {{}} }}]
"""

SEARCH = """
[[searches]]
name = "joint"
optimizer = {{ adam = {{ learning_rate = {{ low = 1e-4, high = 1e-1, log = true }} }} }}
batch_size = {{ choices = [16, 32, 64] }}
n_trials = {trials}
lag = 3
sampler = "tpe"
pruner = "median"
"""


def study(epochs=10, trials=8):
    """Four trainings declared, and a search."""
    return HEAD + DECLARED.format(epochs=epochs) + (SEARCH.format(trials=trials) if trials else "")


SMALL, LONG, RUNS = study(), study(epochs=40, trials=16), study(epochs=2, trials=0)
NIGHT = study(epochs=1500, trials=2)


def images(count, side, chance):
    """Noise, with two bright columns that tell the class."""
    labels = bytes(n % CLASSES for n in range(count))
    bright = [bytes(column * CLASSES // side == label for _ in range(side) for column in range(side)) for label in range(CLASSES)]
    pixels = bytes(80 * on + chance.randrange(160) for label in labels for on in bright[label])
    return pixels, labels


def idx(dimensions, content):
    return struct.pack(f">BBBB{len(dimensions)}I", 0, 0, 8, len(dimensions), *dimensions) + content


def write_data(folder, train=300, test=100, side=8, seed=1):
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)
    for part, count in (("train", train), ("t10k", test)):
        pixels, labels = images(count, side, chance)
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx([count, side, side], pixels))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx([count], labels))
