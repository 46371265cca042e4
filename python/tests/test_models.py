"""`Sequential`: Keras' words, and the bits of a study."""

import copy
import json
import pathlib
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest

import toile
from toile import callbacks, layers, losses, optimizers


def images(n: int = 200, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Three kinds of 8 x 8 bytes that a small net can tell apart."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 3, n)
    x = random.integers(0, 120, (n, 8, 8))
    for kind in range(3):
        x[y == kind, :, 2 * kind : 2 * kind + 3] += 100
    return x.astype(np.uint8), y


def dense(seed: int = 7) -> toile.Sequential:
    model = toile.Sequential(
        [layers.Flatten(), layers.Dense(16, activation="relu"), layers.Dense(3, activation="softmax")], seed=seed
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_it_learns_and_has_keras_numbers() -> None:
    x, y = images()
    model = dense()
    history = model.fit(x, y, epochs=30, validation_split=0.2, verbose=0)
    assert history.epoch == list(range(30))
    assert {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"} <= history.history.keys()
    assert history.history["val_accuracy"][-1] > 0.9
    loss, accuracy = model.evaluate(x[-40:], y[-40:])
    assert loss == history.history["val_loss"][-1] and accuracy == history.history["val_accuracy"][-1]
    probabilities = model.predict(x[-40:])
    assert probabilities.shape == (40, 3) and probabilities.dtype == np.float32
    assert np.mean(np.argmax(probabilities, axis=1) == y[-40:]) == accuracy
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def test_bytes_are_the_floats_that_they_become() -> None:
    x, y = images()
    floats = x.astype(np.float32) / np.float32(255)
    ways = [(x, y, 1), (x, y, 2), (floats, y, 2), (floats.astype(np.float64), np.eye(3)[y], 1)]
    hashes = {dense().fit(a, b, epochs=2, verbose=0, threads=n).weights_sha256 for a, b, n in ways}
    assert len(hashes) == 1


def test_a_fit_and_a_study_end_with_the_same_weights(tmp_path: pathlib.Path) -> None:
    x, y = images()
    np.savez(
        tmp_path / "data.npz", x_train=x, y_train=y.astype(np.uint8), x_test=x[:30], y_test=y[:30].astype(np.uint8)
    )
    study = toile.Study.from_dict(
        {
            "study": {"name": "same", "data": str(tmp_path / "data.npz"), "validation_split": 0.2, "seed": 7},
            "models": {
                "net": {
                    "layers": [layers.Conv2D(4, 3, activation="relu"), layers.Flatten(), layers.Dropout(0.2)]
                    + [layers.Dense(3, activation="softmax")]
                }
            },
            "runs": [
                {
                    "name": "run",
                    "model": "net",
                    "optimizer": optimizers.Nadam(0.01),
                    "batch_size": 16,
                    "epochs": 3,
                    "callbacks": [callbacks.EarlyStopping(patience=1, restore_best_weights=True)],
                }
            ],
        }
    )
    results = study.run(tmp_path / "out", progress=False)
    run = results.json()["runs"][0]
    model = toile.Sequential(
        [
            layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(3, activation="softmax"),
        ],
        seed=7,
    )
    model.compile(optimizers.Nadam(0.01))
    stopping = callbacks.EarlyStopping(patience=1, restore_best_weights=True)
    history = model.fit(x, y, batch_size=16, epochs=3, validation_split=0.2, callbacks=[stopping], verbose=0)
    assert history.weights_sha256 == run["weights_sha256"] == model.weights_sha256
    frame = results.frame()
    assert list(frame["run"]) == ["run"] if "run" in frame else len(frame) == 1


def test_two_fits_are_one() -> None:
    x, y = images()
    whole, halves = dense(), dense()
    whole.fit(x, y, epochs=5, verbose=0)
    halves.fit(x, y, epochs=2, verbose=0)
    history = halves.fit(x, y, epochs=3, verbose=0)
    assert history.epoch == [2, 3, 4]
    assert halves.weights_sha256 == whole.weights_sha256


class Breaks(callbacks.Callback):
    """Raises after a batch of an epoch."""

    def __init__(self, at: int) -> None:
        self.left = at

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyError("here")


def test_an_exception_comes_out_and_the_next_fit_goes_on_from_the_last_whole_epoch() -> None:
    x, y = images()
    whole, broken = dense(), dense()
    whole.fit(x, y, epochs=4, verbose=0)
    with pytest.raises(KeyError, match="here"):
        broken.fit(x, y, epochs=4, callbacks=[Breaks(16)], verbose=0)  # seven batches in an epoch
    assert broken.history.epoch == [0, 1]
    broken.fit(x, y, epochs=2, verbose=0)
    assert broken.weights_sha256 == whole.weights_sha256


def test_ctrl_c_stops_at_the_end_of_a_batch() -> None:
    code = """
import os, signal, threading, numpy as np, toile
from toile import layers
# Where tests run in the background, Ctrl-C is ignored from the start.
signal.signal(signal.SIGINT, signal.default_int_handler)
x = np.zeros((2000, 64), np.uint8); y = np.arange(2000) % 2
model = toile.Sequential([layers.Dense(64, activation="relu"), layers.Dense(2, activation="softmax")])
model.compile()
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    model.fit(x, y, epochs=10**6, verbose=0)
except KeyboardInterrupt:
    print("stopped", len(model.history.epoch) > 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "stopped True\n"


def test_other_threads_go_on_and_one_fit_at_a_time_trains_a_model() -> None:
    x, y = images()
    model, said, models = dense(), [], [dense(3), dense(3)]

    def during(epoch: int, logs: dict) -> None:
        if epoch == 0:
            with pytest.raises(RuntimeError, match="being trained"):
                model.fit(x, y, verbose=0)
            said.append(model.evaluate(x, y)[0])
            model.stop_training = epoch == 1

    model.fit(x, y, epochs=2, callbacks=[callbacks.LambdaCallback(on_epoch_end=during)], verbose=0)
    assert len(said) == 1
    threads = [threading.Thread(target=one.fit, args=(x, y), kwargs={"verbose": 0}) for one in models]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert models[0].weights_sha256 == models[1].weights_sha256


@pytest.mark.parametrize(
    ("x", "y", "error", "words"),
    [
        (np.zeros((4, 8, 8), np.int64), [0, 1, 2, 0], TypeError, "astype('uint8')"),
        (np.zeros((4, 8, 8), object), [0, 1, 2, 0], TypeError, "array of numbers"),
        (np.zeros((4, 8, 8), complex), [0, 1, 2, 0], TypeError, "complex128"),
        (np.zeros(4, np.uint8), [0, 1, 2, 0], ValueError, "found the shape (4,)"),
        (np.zeros((0, 8, 8), np.uint8), [], ValueError, "at least one example"),
        (np.zeros((4, 9, 8), np.uint8), [0, 1, 2, 0], ValueError, "the model takes (8, 8)"),
        (np.zeros((4, 64), np.uint8), [0, 1, 2, 0], ValueError, "reshape(-1, 8, 8)"),
        (np.full((4, 8, 8), np.nan), [0, 1, 2, 0], ValueError, "is NaN, expected a finite number"),
        (np.full((4, 8, 8), 1e300), [0, 1, 2, 0], ValueError, "beyond float32"),
        (np.zeros((4, 8, 8), np.uint8), [0, 1, 2], ValueError, "3 labels for 4 examples"),
        (np.zeros((4, 8, 8), np.uint8), ["a", "b", "c", "a"], TypeError, "return_inverse"),
        (np.zeros((4, 8, 8), np.uint8), [1, 2, 3, 1], ValueError, "labels begin with 1"),
        (np.zeros((4, 8, 8), np.uint8), [0, 1, -1, 0], ValueError, "the label -1 at 2"),
        (np.zeros((4, 8, 8), np.uint8), [0, 1, 0.5, 0], ValueError, "0.5 at 2 is no whole number"),
        (np.zeros((4, 8, 8), np.uint8), [0, 1, np.nan, 0], ValueError, "nan at 2"),
        (np.zeros((4, 8, 8), np.uint8), np.eye(4), ValueError, "4 columns"),
        (np.zeros((4, 8, 8), np.uint8), np.ones((4, 3)), ValueError, "not one-hot"),
    ],
)
def test_arrays_that_cannot_be_taken_are_said(x: object, y: object, error: type, words: str) -> None:
    model = dense()
    model.build((None, 8, 8))
    before = model.weights_sha256
    with pytest.raises(error) as said:
        model.fit(x, y, verbose=0)
    assert words in str(said.value)
    assert model.weights_sha256 == before


def test_views_are_copied() -> None:
    x, y = images()
    wide = np.zeros((200, 8, 16), np.uint8)
    wide[:, :, ::2] = x
    view = wide[:, :, ::2]
    view.setflags(write=False)
    assert dense().fit(view, y, verbose=0).weights_sha256 == dense().fit(x, y, verbose=0).weights_sha256


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: layers.Dense(3, kernel_constraint="x"), TypeError, "no argument `kernel_constraint`"),
        (lambda: layers.Dense(3, kernel_regularizer="l1"), TypeError, "L2 alone"),
        (lambda: losses.CategoricalCrossentropy(from_logits=True), ValueError, "end in softmax"),
        (lambda: losses.get("mse"), ValueError, "no loss `mse`"),
        (lambda: toile.Sequential([toile.Sequential()]), TypeError, "expected a layer"),
        (lambda: layers.Rescaling(1 / 127.5, -1), ValueError, "scale=1/255"),
        (lambda: callbacks.EarlyStopping("val_loss", mode="max"), ValueError, "lower"),
        (lambda: toile.Sequential().compile("adam", metrics=["mae"]), ValueError, "'mae'"),
        (
            lambda: toile.Sequential([toile.Input((4,)), layers.Dense(0, activation="softmax")]).build(),
            ValueError,
            "units",
        ),
        (lambda: toile.Sequential([toile.Input((4,)), layers.Dense(3)]).build(), ValueError, "softmax"),
        (
            lambda: toile.Sequential([toile.Input((4,)), layers.Dense(3, activation="sofmax")]).build(),
            ValueError,
            "did you mean",
        ),
        (lambda: dense().fit(*images(), optimizer="adam"), TypeError, "no argument `optimizer`"),
        (lambda: dense().fit(*images(), epochs=-1, verbose=0), ValueError, "epochs"),
        (lambda: dense().fit(*images(), batch_size=0, verbose=0), ValueError, "batch_size"),
        (lambda: dense().fit(*images(), callbacks=[callbacks.EarlyStopping()], verbose=0), ValueError, "validation"),
        (lambda: dense().fit(*images(), validation_split=1.5, verbose=0), ValueError, "validation_split"),
        (lambda: dense().fit(*images(), class_weight={9: 1.0}, verbose=0), ValueError, "class"),
        (lambda: dense().save("x.txt"), ValueError, "no ending"),
        (lambda: toile.load_model(__file__), ValueError, "cannot be taken"),
    ],
)
def test_what_cannot_be_said_in_toile_is_one_clear_sentence(make: object, error: type, words: str) -> None:
    with pytest.raises(error) as said:
        make()
    assert words in str(said.value), str(said.value)


def test_files_come_back(tmp_path: pathlib.Path) -> None:
    x, y = images()
    model = dense()
    model.fit(x, y, epochs=2, verbose=0)
    model.save(tmp_path / "net.keras")
    again = toile.load_model(tmp_path / "net.keras")
    assert np.array_equal(again.predict(x), model.predict(x))
    assert again.evaluate(x, y) == model.evaluate(x, y)
    for ending in (".safetensors", ".weights.h5"):
        model.save(tmp_path / f"net{ending}")
        other = dense(9)
        other.build((None, 8, 8))
        other.load_weights(tmp_path / f"net{ending}")
        assert other.weights_sha256 == model.weights_sha256
    with pytest.raises(ValueError, match="is there already"):
        model.save(tmp_path / "net.keras", overwrite=False)
    weights = model.get_weights()
    assert [w.shape for w in weights] == [(64, 16), (16,), (16, 3), (3,)]
    other = dense(1)
    other.build((None, 8, 8))
    other.set_weights(weights)
    assert other.weights_sha256 == model.weights_sha256
    with pytest.raises(ValueError, match="expected \\(64, 16\\)"):
        other.set_weights([weights[0].T, *weights[1:]])


def test_a_copy_and_a_pickle_go_on_with_the_same_bits() -> None:
    x, y = images()
    whole, model = dense(), dense()
    whole.fit(x, y, epochs=3, verbose=0)
    model.fit(x, y, epochs=1, verbose=0)
    for again in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert again.fit(x, y, epochs=2, verbose=0).weights_sha256 == whole.weights_sha256
    assert not copy.deepcopy(dense()).built


def test_onnx_runtime_and_keras_say_the_same(tmp_path: pathlib.Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    x, y = images()
    model = dense()
    history = model.fit(x, y, epochs=1, verbose=0)
    model.save(tmp_path / "net.onnx", class_names=["a", "b", "c"])
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    (said,) = session.run(None, {session.get_inputs()[0].name: x[..., None]})
    assert np.abs(said - model.predict(x)).max() < 5e-6
    facts = session.get_modelmeta().custom_metadata_map
    assert facts["input"] == "uint8 NHWC, 0 to 255" and facts["class_names"].split("\n") == ["a", "b", "c"]
    assert facts["toile_run_id"] == history.run_id and facts["toile_weights_sha256"] == history.weights_sha256

    rows = np.random.default_rng(1).normal(size=(100, 7))
    features = toile.Sequential([layers.Dense(5, activation="tanh"), layers.Dense(2, activation="softmax")])
    features.compile("adam")
    features.fit(rows, (rows.sum(axis=1) > 0).astype(int), epochs=2, verbose=0)
    features.save(tmp_path / "rows.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "rows.onnx")
    given = rows.astype(np.float32).reshape(-1, 1, 1, 7)
    (said,) = session.run(None, {session.get_inputs()[0].name: given})
    assert np.abs(said - features.predict(rows)).max() < 5e-6
    assert session.get_modelmeta().custom_metadata_map["input"] == "float32 NHWC, as in training"


def test_summary_and_history_as_tables(capsys: pytest.CaptureFixture) -> None:
    model = dense()
    model.build((None, 8, 8))
    model.summary()
    assert "Total params: 1,091" in capsys.readouterr().out and model.count_params() == 1091
    history = model.fit(*images(), epochs=2, verbose=2)
    assert capsys.readouterr().out.startswith("epoch 1/2")
    assert json.dumps(history.history["loss"])
    pytest.importorskip("pandas")
    assert list(history.frame().index) == [0, 1]
