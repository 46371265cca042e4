"""Results of Keras, judged: which optimizer is better, over three seeds and the test images?

python examples/judge_keras.py     needs keras with a backend (KERAS_BACKEND=jax); without it toile trains in its place
"""

import base64

import numpy as np

import toile

try:
    import keras
except ImportError:
    keras = None

(x, y), (x_test, y_test) = toile.datasets.load_data("drawn-garments")
x, y, x_test, y_test = x[:3000].reshape(-1, 784), y[:3000], x_test[:1000].reshape(-1, 784), y_test[:1000]
x, x_test = x.astype("float32") / 255, x_test.astype("float32") / 255


def right_answers(name: str, seed: int) -> np.ndarray:
    """Trains a network and says which test images it gets right."""
    if keras is not None:
        keras.utils.set_random_seed(seed)
        model = keras.Sequential([keras.layers.Dense(32, "relu"), keras.layers.Dense(10, "softmax")])
    else:
        hidden, output = (
            toile.layers.Dense(32, activation="relu"),
            toile.layers.Dense(10, activation="softmax"),
        )
        model = toile.Sequential([hidden, output], seed=seed)
    model.compile(name, "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=64, epochs=3, verbose=0)
    return np.argmax(model.predict(x_test, verbose=0), axis=1) == y_test


runs = []
for name in ("adam", "sgd"):
    for seed in (1, 2, 3):
        right = right_answers(name, seed)
        bits = base64.b64encode(np.packbits(right, bitorder="little").tobytes()).decode()
        runs.append({"name": name, "seed": seed, "settings": {"optimizer": name}, "test_correct": bits})
told = toile.judge({"format": 1, "n_train": 3000, "n_test": 1000, "classes": 10, "runs": runs})
print(f"trained by {'Keras ' + keras.__version__ if keras else 'toile'}")
for pair in told["verdicts"]:
    print(f"{pair['a']} beside {pair['b']}: {pair['verdict']} in {pair['metric']}")
