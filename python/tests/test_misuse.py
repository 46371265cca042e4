"""What users get wrong: one clear exception each, nothing is taken in silence, and the model can be used afterwards."""

import os
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest

import toile
from toile import callbacks, layers, losses, optimizers, regularizers, schedules

X = np.random.default_rng(3).integers(0, 256, (90, 6, 6)).astype(np.uint8)
Y = np.arange(90) % 3


def net(seed: int = 1) -> toile.Sequential:
    model = toile.Sequential([layers.Flatten(), layers.Dense(3, activation="softmax")], seed=seed)
    model.compile("adam")
    return model


def masked(array: np.ndarray) -> np.ma.MaskedArray:
    return np.ma.masked_array(array, mask=array == array.flat[0])


class Hook(callbacks.Callback):
    """Has a method that Keras calls, and toile does not."""

    def on_test_begin(self, logs: dict | None = None) -> None:
        raise AssertionError


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"x": masked(X)}, ValueError, "x: found masked values"),
        ({"y": masked(Y)}, ValueError, "y: found masked values"),
        ({"x": None}, TypeError, "x: expected an array, found None"),
        ({"y": None}, TypeError, "y: expected an array, found None"),
        ({"x": (image for image in X)}, TypeError, "found a generator"),
        ({"x": [[1.0], [1.0, 2.0]]}, TypeError, "x: NumPy makes no array of this list"),
        ({"x": X.astype(complex)}, TypeError, "complex128"),
        ({"x": X[0, 0]}, ValueError, "one example alone is `x[None]`"),
        ({"x": np.full(X.shape, np.inf)}, ValueError, "x: the value at (0, 0, 0) is inf"),
        ({"batch_size": 2.5}, TypeError, "batch_size: expected a whole number, found 2.5"),
        ({"batch_size": True}, TypeError, "batch_size"),
        ({"batch_size": 10**30}, ValueError, "batch_size: expected 1 to 1000000"),
        ({"epochs": "3"}, TypeError, "epochs: expected a whole number, found '3'"),
        ({"epochs": None}, TypeError, "epochs"),
        ({"epochs": float("inf")}, TypeError, "epochs"),
        ({"validation_split": -0.1}, ValueError, "validation_split"),
        ({"validation_split": float("nan")}, ValueError, "validation_split"),
        ({"validation_split": "0.1"}, TypeError, "validation_split"),
        ({"validation_split": 0.999}, ValueError, "no image for training"),
        ({"validation_data": 3}, TypeError, "validation_data: expected (x, y), found a int"),
        ({"validation_data": {"x": X}}, TypeError, "found a dict"),
        ({"validation_data": (X[:, :3], Y)}, ValueError, "validation_data[0]: examples of the shape (3, 6)"),
        ({"validation_data": (X, Y + 1)}, ValueError, "validation_data[1]: the label 3 at 2"),
        ({"class_weight": [1, 2, 3]}, TypeError, "class_weight: expected a dictionary"),
        ({"class_weight": "balanced"}, TypeError, "class_weight: expected a dictionary"),
        ({"class_weight": {0: None}}, TypeError, "class_weight[0]"),
        ({"class_weight": {0: float("nan")}}, ValueError, "class_weight[0]"),
        ({"class_weight": {0: -1}}, ValueError, "class_weight[0]"),
        ({"class_weight": {"a": 1}}, TypeError, "class_weight: a key"),
        ({"class_weight": {3: 1}}, ValueError, "class_weight: a key: expected 0 to 2, found 3"),
        ({"shuffle": "no"}, TypeError, "shuffle"),
        ({"verbose": None}, ValueError, "verbose"),
        ({"threads": 0}, ValueError, "threads"),
        ({"threads": "2"}, TypeError, "threads"),
        ({"threads": 2**70}, ValueError, "threads"),
        ({"sample_weight": np.ones(90)}, TypeError, "no argument `sample_weight` in toile (found a ndarray)"),
        ({"callbacks": callbacks.EarlyStopping}, TypeError, "expected an instance: `EarlyStopping(…)`"),
        ({"callbacks": [callbacks.EarlyStopping]}, TypeError, "expected an instance"),
        ({"callbacks": [None]}, TypeError, "found None"),
        ({"callbacks": [Hook()]}, TypeError, "`on_test_begin`, which toile does not call"),
        ({"callbacks": [callbacks.EarlyStopping("train_loss")]}, ValueError, "watch `loss`"),
        ({"callbacks": [callbacks.EarlyStopping("loss", min_delta=float("nan"))]}, ValueError, "min_delta"),
    ],
)
def test_a_fit_with_an_odd_argument_trains_nothing(arguments: dict, error: type, words: str) -> None:
    model = net()
    with pytest.raises(error) as said:
        model.fit(**{"x": X, "y": Y, "verbose": 0} | arguments)
    assert words in str(said.value), str(said.value)
    # Nothing of it stays: the model learns as a new one does.
    assert model.fit(X, Y, verbose=0).weights_sha256 == net().fit(X, Y, verbose=0).weights_sha256


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: net(-1), ValueError, "seed: expected 0 to 4294967295, found -1"),
        (lambda: net(2**64), ValueError, "seed"),
        (lambda: net(1.5), TypeError, "seed"),
        (lambda: net(None), TypeError, "seed"),
        (lambda: toile.Input(28), TypeError, "Input: expected a tuple"),
        (lambda: toile.Input(()), ValueError, "Input"),
        (lambda: toile.Input((None, 28)), ValueError, "one size of images"),
        (lambda: toile.Input((1.5, 2)), TypeError, "found 1.5"),
        (lambda: toile.Input((-1, 5)), ValueError, "found -1"),
        (lambda: net().build(3), TypeError, "build: expected a tuple"),
        (lambda: net().build((None, None, 8)), ValueError, "one size of images"),
        (lambda: toile.Sequential([toile.Input((2,)), toile.Input((3,))]), ValueError, "once"),
        (lambda: toile.Sequential(layers.Dense(3)), TypeError, "expected a list of layers"),
        (lambda: toile.Sequential([layers.Flatten]), TypeError, "an instance is `Flatten(…)`"),
        (lambda: layers.Flatten(input_shape=(6, 6)), TypeError, "begin the network with `toile.Input"),
        (lambda: layers.Rescaling("x"), ValueError, "scale=1/255"),
        (lambda: regularizers.L2("x"), TypeError, "L2"),
        (lambda: regularizers.l2(float("nan")), ValueError, "finite"),
        (lambda: schedules.PiecewiseConstantDecay([], []), ValueError, "values"),
        (lambda: callbacks.EarlyStopping(None), TypeError, "monitor"),
        (lambda: callbacks.LambdaCallback(on_test_begin=print), TypeError, "no argument `on_test_begin`"),
        (lambda: callbacks.LambdaCallback(on_epoch_end=3), TypeError, "expected a function, found 3"),
        (lambda: net().compile("adagrad"), ValueError, "no optimizer `adagrad`, expected one of sgd"),
        (lambda: net().compile(optimizers.Adam), TypeError, "an instance is `Adam()`"),
        (lambda: net().compile(loss=losses.CategoricalCrossentropy), TypeError, "an instance is"),
        (lambda: net().compile(loss=losses.CategoricalCrossentropy(label_smoothing=2)), ValueError, "label_smoothing"),
        (lambda: net().compile(loss=losses.CategoricalFocalCrossentropy(gamma=-1)), ValueError, "gamma"),
        (lambda: net().compile(metrics="accuracy"), ValueError, "metrics: expected a list"),
        (lambda: net().compile(metrics=[["accuracy"]]), ValueError, "metrics"),
        (lambda: net().predict(X, batch_size="x"), TypeError, "batch_size"),
        (lambda: net().evaluate(X, Y, batch_size=0), ValueError, "batch_size"),
    ],
)
def test_what_no_model_can_be_is_said_at_once(make: object, error: type, words: str) -> None:
    with pytest.raises(error) as said:
        make()
    assert words in str(said.value), str(said.value)


@pytest.mark.parametrize(
    ("last", "words"),
    [
        (layers.Dense(1, activation="sigmoid"), "has 1 units, and toile tells 2 to 256 classes apart"),
        (layers.Dense(257, activation="softmax"), "has 257 units"),
        (layers.Dense(3, activation=np.tanh), "`[1].dense.activation`"),
        (layers.Dense(3, kernel_initializer=np.ones), "`[1].dense.kernel_initializer`"),
        (layers.Dropout(float("nan")), "`[1].dropout.rate` must be a finite number"),
        (layers.Dense(10**9, activation="softmax"), "units"),
    ],
)
def test_layers_that_cannot_be_are_named(last: object, words: str) -> None:
    with pytest.raises((ValueError, TypeError)) as said:
        toile.Sequential([toile.Input((6, 6)), layers.Flatten(), last]).build()
    assert words in str(said.value), str(said.value)


def test_a_network_that_did_not_fit_its_first_examples_fits_the_next_ones() -> None:
    model = toile.Sequential([layers.Conv2D(2, 5), layers.Flatten(), layers.Dense(3, activation="softmax")])
    model.compile("adam")
    with pytest.raises(ValueError, match="larger than its map"):
        model.fit(X[:, :3, :3], Y, verbose=0)
    assert model.fit(X, Y, verbose=0).epoch == [0]


def test_no_epochs_are_no_rows_and_the_next_fit_begins_at_the_first() -> None:
    """As in Keras, whose `fit(epochs=0)` returns an empty history."""
    calls: list[int] = []
    watch = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: calls.append(epoch))
    model = net()
    history = model.fit(X, Y, epochs=0, callbacks=watch, verbose=0)
    assert (history.epoch, history.history, calls) == ([], {}, [])
    assert model.fit(X, Y, epochs=2, verbose=0).epoch == [0, 1]
    before = model.weights_sha256
    assert model.fit(X, Y, epochs=0, verbose=0).epoch == [] and model.weights_sha256 == before
    assert model.fit(X, Y, epochs=1, verbose=0).epoch == [2]


def test_what_is_measured_at_the_end_alone_is_not_a_number_before() -> None:
    model = net()
    history = model.fit(X, Y, epochs=3, verbose=0).history
    assert np.isnan(history["train_loss"][:2]).all() and np.isnan(history["train_accuracy"][:2]).all()
    assert [history["train_loss"][2], history["train_accuracy"][2]] == model.evaluate(X, Y)
    stopping = callbacks.EarlyStopping("loss", min_delta=10, patience=1)
    model = net()
    history = model.fit(X, Y, epochs=9, callbacks=[stopping], verbose=0).history
    assert len(history["loss"]) == 2 and history["train_loss"][1] == model.evaluate(X, Y)[0]


@pytest.mark.parametrize("n", [1, 7, 30, 90, 300])
@pytest.mark.parametrize("kind", ["uint8", "float32"])
def test_validation_data_take_no_example_from_the_training(n: int, kind: str) -> None:
    alone, with_data = net(), net()
    alone.fit(X, Y, epochs=2, verbose=0)
    more = np.random.default_rng(n).integers(0, 256, (n, 6, 6)).astype(np.uint8)
    own = (more if kind == "uint8" else more / np.float32(255), np.arange(n) % 3)
    history = with_data.fit(X, Y, epochs=2, validation_data=own, verbose=0).history
    assert with_data.weights_sha256 == alone.weights_sha256
    assert [history["val_loss"][-1], history["val_accuracy"][-1]] == alone.evaluate(*own)


def test_keras_trains_to_the_same_numbers() -> None:
    """Reference: Keras, from the same weights, in the same order, with validation data, a schedule and class weights."""
    keras = pytest.importorskip("keras")
    rates = {"initial_learning_rate": 0.01, "decay_steps": 12, "alpha": 0.1}
    theirs = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(4, 3, padding="same", activation="relu", kernel_regularizer="l2"),
            keras.layers.BatchNormalization(),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    ours = toile.Sequential(
        [
            toile.Input((6, 6, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, padding="same", activation="relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    theirs.set_weights(ours.get_weights())
    smoothing = {"label_smoothing": 0.1}
    theirs.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(**rates)),
        keras.losses.CategoricalCrossentropy(**smoothing),
        metrics=["accuracy"],
    )
    ours.compile(
        optimizers.Adam(schedules.CosineDecay(**rates)),
        losses.CategoricalCrossentropy(**smoothing),
        metrics=["accuracy"],
    )
    x, y = X[..., None], np.eye(3)[Y]
    fit = {"batch_size": 16, "epochs": 2, "shuffle": False, "class_weight": {0: 2.0, 1: 0.5}, "verbose": 0}
    fit |= {"validation_data": (x[:33], y[:33])}
    expected, found = theirs.fit(x, y, **fit).history, ours.fit(x, y, **fit).history
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert np.allclose(found[name], expected[name], rtol=1e-4, atol=1e-5), name
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert np.allclose(a, b, atol=1e-4)


def test_a_loss_that_is_no_number_warns() -> None:
    model = net()
    model.fit(X, Y, verbose=0)
    model.set_weights([np.full_like(one, np.nan) for one in model.get_weights()])
    with pytest.warns(RuntimeWarning, match="not a finite number in epoch 2"):
        model.fit(X, Y, verbose=0)


def test_examples_of_another_scale_than_those_of_the_training_warn() -> None:
    model = net()
    model.fit(X, Y, verbose=0)
    with pytest.warns(UserWarning, match="divide by 255"):
        model.predict(X.astype(np.float32))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(X)
        model.predict(X / np.float32(255))
    model = net()
    model.fit(X.astype(np.float32), Y, verbose=0)
    with pytest.warns(UserWarning, match="bytes become 0 to 1"):
        model.evaluate(X, Y)


class Within(callbacks.Callback):
    """Does something to the model while it is trained."""

    def __init__(self, does: object) -> None:
        self.does = does

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.does(self.model)


@pytest.mark.parametrize(
    "does",
    [
        lambda model: model.set_weights(model.get_weights()),
        lambda model: model.compile("sgd"),
        lambda model: model.load_weights("x.safetensors"),
        lambda model: model.fit(X, Y),
    ],
)
def test_a_model_that_is_trained_is_not_changed(does: object) -> None:
    model = net()
    with pytest.raises(RuntimeError, match="being trained"):
        model.fit(X, Y, callbacks=[Within(does)], verbose=0)
    assert model.fit(X, Y, verbose=0).epoch == [1]


def test_a_copy_made_during_a_training_can_be_trained() -> None:
    copies: list[toile.Sequential] = []
    net().fit(X, Y, callbacks=Within(lambda m: copies.append(pickle.loads(pickle.dumps(m)))), verbose=0)
    assert copies[0].fit(X, Y, verbose=0).epoch


@pytest.mark.parametrize("raised", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), MemoryError()])
@pytest.mark.parametrize(
    "moment",
    [
        "on_train_begin",
        "on_epoch_begin",
        "on_train_batch_begin",
        "on_train_batch_end",
        "on_epoch_end",
        "on_train_end",
    ],
)
def test_whatever_a_callback_raises_comes_out_and_the_model_stays_usable(raised: BaseException, moment: str) -> None:
    def breaks(*_: object) -> None:
        raise raised

    model = net()
    with pytest.raises(type(raised)) as said:
        model.fit(X, Y, callbacks=callbacks.LambdaCallback(**{moment: breaks}), verbose=0)
    assert said.value is raised
    assert model.fit(X, Y, verbose=0).epoch == [1 if moment in ("on_epoch_end", "on_train_end") else 0]


def test_callbacks_know_keras_params() -> None:
    class Keeps(callbacks.Callback):
        """Keeps what it was told."""

        def on_train_begin(self, logs: dict | None = None) -> None:
            self.told = dict(self.params)

    keeps = Keeps()
    net().fit(X, Y, epochs=2, batch_size=16, validation_split=0.2, callbacks=keeps, verbose=0)
    assert keeps.told == {"epochs": 2, "batch_size": 16, "verbose": 0, "steps": 5}


@pytest.mark.parametrize(
    "assigns",
    [
        lambda model: setattr(model.layers[1], "trainable", False),
        lambda model: setattr(model.layers[1], "units", 7),
        lambda model: setattr(model, "trainable", False),
        lambda model: setattr(model, "optimizer", "sgd"),
        lambda model: setattr(model.optimizer, "lr", 0.1),
        lambda model: setattr(model.optimizer, "iterations", 3),
        lambda model: setattr(optimizers.Adam(0.1), "learning_rate", 0.2),
    ],
)
def test_an_assignment_that_would_change_nothing_is_refused(assigns: object) -> None:
    with pytest.raises(AttributeError):
        assigns(net())


def test_building_twice_keeps_the_weights() -> None:
    model = net()
    before = model.fit(X, Y, verbose=0).weights_sha256
    model.build((None, 6, 6))
    model.build()
    assert model.weights_sha256 == before
    with pytest.raises(ValueError, match="built for examples of"):
        model.build((None, 5, 6))


def test_weights_are_real_numbers() -> None:
    model = net()
    model.build((None, 6, 6))
    kernel, bias = model.get_weights()
    for wrong, error in [
        (None, TypeError),
        ([kernel.astype(complex), bias], TypeError),
        ([kernel.astype(object), bias], TypeError),
        ([np.full(kernel.shape, 1e300), bias], ValueError),
        ([kernel[..., None], bias], ValueError),
        ([kernel], ValueError),
    ]:
        with pytest.raises(error):
            model.set_weights(wrong)
    assert np.array_equal(model.get_weights()[0], kernel)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_process_trains_and_predicts_while_its_parent_trains() -> None:
    code = """
import os, threading, time, warnings, numpy as np, toile
from toile import layers
warnings.simplefilter("ignore")
x, y = np.zeros((90, 6, 6), np.uint8), np.arange(90) % 3
def net():
    model = toile.Sequential([layers.Flatten(), layers.Dense(3, activation="softmax")])
    model.compile("adam")
    return model
started, model = threading.Event(), net()
watch = toile.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: started.set())
fit = {"epochs": 10**6, "verbose": 0, "callbacks": watch}
training = threading.Thread(target=model.fit, args=(x, y), kwargs=fit)
training.start()
started.wait()
pid = os.fork()
if pid == 0:
    net().fit(x, y, verbose=0)
    os._exit(0 if model.predict(x).shape == (90, 3) else 2)
_, status = os.waitpid(pid, 0)
model.stop_training = True
training.join()
print(os.waitstatus_to_exitcode(status))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "0\n"


def test_a_program_without_a_console_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert net().fit(X, Y).epoch == [0]
