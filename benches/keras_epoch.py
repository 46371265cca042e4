"""Seconds per training epoch of the study's dense net and CNN in Keras 3, to set beside toile's on the same machine.

    KERAS_BACKEND=tensorflow python benches/keras_epoch.py FOLDER dense|cnn [EPOCHS]

FOLDER holds the four IDX files of Fashion-MNIST, gzipped. Needs keras and a backend. `fit` with its defaults, Adam 0.001,
batches of 256, the first 54,000 images; the first epoch, which compiles, is not counted.
"""

import gzip
import pathlib
import statistics
import sys
import time

import keras
import numpy as np
from keras import layers


def load(folder):
    def read(name, header):
        with gzip.open(pathlib.Path(folder) / name) as file:
            return np.frombuffer(file.read(), np.uint8, offset=header)

    images = read("train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28, 1).astype("float32") / 255
    labels = keras.utils.to_categorical(read("train-labels-idx1-ubyte.gz", 8), 10)
    return images[:54_000], labels[:54_000]


def network(kind):
    if kind == "dense":
        hidden = [layers.Flatten(), layers.Dense(32, "sigmoid")]
    else:
        conv = lambda filters: layers.Conv2D(filters, 3, activation="relu")
        pool = layers.MaxPooling2D
        hidden = [conv(32), conv(64), pool(), conv(64), conv(128), pool(), conv(50), pool(), layers.Flatten()]
        hidden += [layers.Dense(1024, "relu"), layers.Dense(128, "relu")]
    return keras.Sequential([keras.Input((28, 28, 1)), *hidden, layers.Dense(10, "softmax")])


class Clock(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)


folder, kind, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 6
model, clock = network(kind), Clock()
model.compile(keras.optimizers.Adam(0.001), "categorical_crossentropy", metrics=["accuracy"])
model.fit(*load(folder), batch_size=256, epochs=epochs, verbose=2, callbacks=[clock])
print(f"{keras.backend.backend()} {kind}: median {statistics.median(clock.seconds[1:]):.3f} s per epoch")
