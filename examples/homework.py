"""A course's homework: a dense net and a CNN, each trained, tested and looked at.

python examples/homework.py [DATA]     DATA: a name of `toile data list`, or a path; drawn-garments if not given
"""

import sys

import toile
from toile import layers

(x, y), (x_test, y_test) = toile.datasets.load_data(sys.argv[1] if len(sys.argv) > 1 else "drawn-garments")
x, y, x_test, y_test = x[:6000], y[:6000], x_test[:1000], y_test[:1000]

nets = {
    "dense": [layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax")],
    "cnn": [
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dropout(0.3),
        layers.Dense(10, activation="softmax"),
    ],
}
for name, net in nets.items():
    model = toile.Sequential(net, seed=1)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, batch_size=64, epochs=3, validation_split=0.1, verbose=2)
    loss, accuracy = model.evaluate(x_test, y_test)
    print(
        f"{name}: {model.count_params():,} weights, test accuracy {accuracy:.3f}, weights {history.weights_sha256[:12]}"
    )
