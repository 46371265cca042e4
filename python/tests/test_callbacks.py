"""Callbacks as Keras has them: their moments, their files, their words. Where Keras is installed, it is the reference."""

import csv
import os
import pathlib

import numpy as np
import pytest

import toile
from toile import callbacks, layers, optimizers, schedules

X = np.random.default_rng(3).integers(0, 256, (90, 6, 6)).astype(np.uint8)
Y = np.arange(90) % 3


def net(optimizer: object = "adam", seed: int = 1, metrics: list | None = None) -> toile.Sequential:
    model = toile.Sequential([layers.Flatten(), layers.Dense(3, activation="softmax")], seed=seed)
    model.compile(optimizer=optimizer, metrics=metrics or ["accuracy"])
    return model


def twins(optimizer: str, rate: float) -> tuple:
    """A model and Keras' of the same weights, their modules beside them."""
    keras = pytest.importorskip("keras")
    ours = toile.Sequential([layers.Flatten(), layers.Dense(3, activation="softmax")])
    ours.build((None, 6, 6))
    theirs = keras.Sequential(
        [keras.Input((6, 6)), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")]
    )
    theirs.set_weights(ours.get_weights())
    ours.compile(getattr(optimizers, optimizer)(rate), metrics=["accuracy"])
    theirs.compile(getattr(keras.optimizers, optimizer)(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return ours, theirs, keras


FLOATS = X / np.float32(255)
FIT = {"batch_size": 30, "epochs": 4, "shuffle": False, "verbose": 0}


class Keeps(callbacks.Callback):
    """Keeps what it is told, and when."""

    def __init__(self) -> None:
        self.told: list = []

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.told.append("train begins")

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.told.append(f"epoch {epoch} begins")

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        self.told.append(f"batch {batch} begins")

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.told.append(f"batch {batch} ends")

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.told.append(f"epoch {epoch} ends")

    def on_train_end(self, logs: dict | None = None) -> None:
        self.told.append(f"train ends with {sorted(set(logs or {}) & {'loss', 'accuracy'})}")


def test_the_moments_come_in_keras_order() -> None:
    ours, theirs, keras = twins("SGD", 0.1)
    expected, found = Keeps(), Keeps()
    their_kind = type("Keeps", (keras.callbacks.Callback,), dict(vars(Keeps)))
    expected = their_kind()
    expected.told = []
    theirs.fit(FLOATS, Y, callbacks=[expected], **FIT | {"epochs": 2})
    ours.fit(FLOATS, Y, callbacks=[found], **FIT | {"epochs": 2})
    assert found.told == expected.told and len(found.told) == 18


def test_the_earlier_names_of_batches_are_called_too() -> None:
    calls: list = []

    class Old(callbacks.Callback):
        """Written for Keras 2."""

        def on_batch_begin(self, batch: int, logs: dict | None = None) -> None:
            calls.append(("begin", batch))

        def on_batch_end(self, batch: int, logs: dict | None = None) -> None:
            calls.append(("end", batch))

    net().fit(X, Y, batch_size=45, callbacks=Old(), verbose=0)
    assert calls == [("begin", 0), ("end", 0), ("begin", 1), ("end", 1)]


def test_a_scheduler_trains_to_keras_numbers() -> None:
    ours, theirs, keras = twins("Adam", 0.02)

    def schedule(epoch: int, rate: float) -> float:
        return rate if epoch < 2 else rate * 0.5

    expected = theirs.fit(FLOATS, Y, callbacks=[keras.callbacks.LearningRateScheduler(schedule)], **FIT)
    found = ours.fit(FLOATS, Y, callbacks=[callbacks.LearningRateScheduler(schedule)], **FIT)
    assert found.history["learning_rate"] == [0.02, 0.02, 0.01, 0.005]
    for name in ("loss", "accuracy", "learning_rate"):
        assert np.allclose(found.history[name], expected.history[name], rtol=1e-4), name
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert np.allclose(a, b, atol=1e-5)
    assert np.isclose(float(theirs.optimizer.learning_rate.numpy()), ours.optimizer.learning_rate)
    assert int(theirs.optimizer.iterations.numpy()) == ours.optimizer.iterations == 12


def test_a_scheduler_is_recorded_as_the_schedule_that_says_the_same() -> None:
    rates = [0.05, 0.05, 0.01, 0.002]
    scheduled = net(optimizers.Adam(0.9))
    history = scheduled.fit(X, Y, callbacks=callbacks.LearningRateScheduler(lambda epoch: rates[epoch]), **FIT)
    # Three updates per epoch, counted from 0.
    written = net(optimizers.Adam(schedules.PiecewiseConstantDecay([5, 8], [0.05, 0.01, 0.002])))
    expected = written.fit(X, Y, **FIT)
    assert history.weights_sha256 == expected.weights_sha256
    assert history.run_id == expected.run_id
    constant = net(optimizers.Adam(0.9)).fit(X, Y, callbacks=callbacks.LearningRateScheduler(lambda _: 0.05), **FIT)
    assert constant.run_id == net(optimizers.Adam(0.05)).fit(X, Y, **FIT).run_id


def test_a_scheduler_goes_on_in_a_second_fit_and_its_last_rate_stays() -> None:
    rates = [0.05, 0.02, 0.02, 0.004]
    scheduler = callbacks.LearningRateScheduler(lambda epoch: rates[epoch])
    whole, halves = net(), net()
    whole.fit(X, Y, callbacks=scheduler, **FIT)
    halves.fit(X, Y, callbacks=scheduler, **FIT | {"epochs": 3})
    assert halves.optimizer.learning_rate == 0.02
    halves.fit(X, Y, callbacks=scheduler, **FIT | {"epochs": 1})
    assert halves.weights_sha256 == whole.weights_sha256
    assert halves.fit(X, Y, **FIT | {"epochs": 1}).history["learning_rate"] == [0.004]


def test_a_scheduler_and_a_plateau_work_together_as_in_keras() -> None:
    ours, theirs, keras = twins("SGD", 0.4)
    fit = FIT | {"epochs": 6}

    def of(module: object) -> list:
        scheduler = module.LearningRateScheduler(lambda epoch, rate: rate * (2.0 if epoch == 3 else 1.0))
        return [scheduler, module.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=1.0)]

    expected, found = (
        model.fit(FLOATS, Y, callbacks=of(module), **fit).history
        for model, module in ((theirs, keras.callbacks), (ours, callbacks))
    )
    assert np.allclose(found["loss"], expected["loss"], rtol=1e-4)
    assert np.allclose(found["learning_rate"], expected["learning_rate"], rtol=1e-6)
    assert np.allclose(found["learning_rate"], [0.4, 0.4, 0.2, 0.2, 0.1, 0.05], rtol=1e-6)


@pytest.mark.parametrize(
    ("schedule", "error", "words"),
    [
        (lambda epoch: None, TypeError, "what schedule returns: expected a number, found None"),
        (lambda epoch: -0.1, ValueError, "found -0.1"),
        (lambda epoch: float("nan"), ValueError, "found nan"),
        (lambda epoch: "fast", TypeError, "found 'fast'"),
        (0.1, TypeError, "expected a function, found 0.1"),
    ],
)
def test_a_schedule_that_gives_no_rate_is_said(schedule: object, error: type, words: str) -> None:
    model = net()
    with pytest.raises(error) as said:
        model.fit(X, Y, callbacks=callbacks.LearningRateScheduler(schedule), verbose=0)
    assert words in str(said.value)
    assert model.fit(X, Y, verbose=0).weights_sha256 == net().fit(X, Y, verbose=0).weights_sha256


def test_the_learning_rate_can_be_set_between_epochs_and_fits() -> None:
    model = net(optimizers.SGD(0.1))
    assert (model.optimizer.name, model.optimizer.learning_rate, model.optimizer.iterations) == ("sgd", 0.1, 0)

    class Halves(callbacks.Callback):
        """As one writes it in Keras."""

        def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
            self.model.optimizer.learning_rate = self.model.optimizer.learning_rate / 2

    history = model.fit(X, Y, epochs=3, callbacks=Halves(), verbose=0).history
    assert history["learning_rate"] == [0.1, 0.05, 0.025] and model.optimizer.learning_rate == 0.0125
    model.optimizer.learning_rate = 1e-3
    assert model.fit(X, Y, epochs=2, verbose=0).history["learning_rate"] == [1e-3, 1e-3]
    assert model.optimizer.iterations == 15
    model.compile("adam")
    assert (model.optimizer.learning_rate, model.optimizer.iterations) == (0.001, 0)


def test_a_learning_rate_that_cannot_be_set_is_said() -> None:
    scheduled = net(optimizers.SGD(schedules.ExponentialDecay(0.1, 10, 0.5)))
    with pytest.raises(TypeError, match="made with a schedule"):
        scheduled.optimizer.learning_rate = 0.1
    with pytest.raises(TypeError, match="made with a schedule"):
        scheduled.fit(X, Y, callbacks=callbacks.LearningRateScheduler(lambda epoch: 0.1), verbose=0)

    def within(batch: int, logs: dict) -> None:
        model.optimizer.learning_rate = 0.1

    model = net()
    with pytest.raises(RuntimeError, match="between epochs"):
        model.fit(X, Y, callbacks=callbacks.LambdaCallback(on_train_batch_end=within), verbose=0)
    with pytest.raises(ValueError, match="learning_rate"):
        model.optimizer.learning_rate = -1
    with pytest.raises(AttributeError, match="no optimizer yet"):
        _ = toile.Sequential().optimizer


def test_an_epoch_that_was_broken_off_begins_again_with_its_rate() -> None:
    rates = [0.05, 0.02, 0.01]

    def breaks(batch: int, logs: dict) -> None:
        if model.history_of == 1:
            raise KeyError("here")

    whole, model = net(), net()
    scheduler = callbacks.LearningRateScheduler(lambda epoch: rates[epoch])
    whole.fit(X, Y, callbacks=scheduler, **FIT | {"epochs": 3})
    model.history_of = 0
    counts = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: setattr(model, "history_of", epoch + 1))
    breaking = callbacks.LambdaCallback(on_train_batch_end=breaks)
    with pytest.raises(KeyError):
        model.fit(X, Y, callbacks=[scheduler, counts, breaking], **FIT | {"epochs": 3})
    model.fit(X, Y, callbacks=scheduler, **FIT | {"epochs": 2})
    assert model.weights_sha256 == whole.weights_sha256


def test_checkpoints_have_keras_names_and_can_be_loaded(tmp_path: pathlib.Path) -> None:
    model = net(optimizers.Nadam(0.01))
    place = tmp_path / "new" / "{epoch:02d}-{val_loss:.2f}.keras"
    kept: list = []
    keeps = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: kept.append((logs, model.get_weights())))
    model.fit(FLOATS, Y, callbacks=[callbacks.ModelCheckpoint(place), keeps], validation_split=0.2, epochs=3, verbose=0)
    names = [f"{i + 1:02d}-{logs['val_loss']:.2f}.keras" for i, (logs, _) in enumerate(kept)]
    assert sorted(path.name for path in place.parent.iterdir()) == names
    for name, (_, weights) in zip(names, kept, strict=True):
        again = toile.load_model(place.parent / name)
        assert all(np.array_equal(a, b) for a, b in zip(again.get_weights(), weights, strict=True))
        # The file takes what the training examples were: floats.
        assert np.array_equal(again.predict(FLOATS).shape, (90, 3))
    keras = pytest.importorskip("keras")
    theirs = keras.models.load_model(place.parent / names[-1])
    assert np.allclose(theirs.predict(FLOATS[..., None], verbose=0), model.predict(FLOATS), atol=1e-5)
    assert type(theirs.optimizer).__name__ == "Nadam" and int(theirs.optimizer.iterations.numpy()) == 9


@pytest.mark.parametrize("ending", [".weights.h5", ".safetensors"])
def test_checkpoints_of_weights_alone_are_taken_again(ending: str, tmp_path: pathlib.Path) -> None:
    model, other = net(), net(seed=9)
    other.build((None, 6, 6))
    path = tmp_path / f"best{ending}"
    model.fit(X, Y, callbacks=callbacks.ModelCheckpoint(path, save_weights_only=True), verbose=0)
    other.load_weights(path)
    assert other.weights_sha256 == model.weights_sha256
    model.save_weights(path)
    with pytest.raises(ValueError, match="weights alone ends in"):
        model.save_weights(tmp_path / "net.keras")


@pytest.mark.parametrize(
    ("mode", "losses"), [("min", [3.0, 2.0, 2.5, float("nan"), 1.0]), ("max", [1.0, 3.0, 2.0, 4.0])]
)
@pytest.mark.parametrize("threshold", [None, 2.2])
def test_only_the_best_is_saved_and_said_in_keras_words(
    mode: str, losses: list, threshold: float | None, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture
) -> None:
    keras = pytest.importorskip("keras")
    said = []
    for module in (callbacks, keras.callbacks):
        saved: list = []
        checkpoint = module.ModelCheckpoint(
            str(tmp_path / "net.keras"),
            monitor="val_loss",
            mode=mode,
            save_best_only=True,
            verbose=1,
            initial_value_threshold=threshold,
        )
        model = type("Saves", (), {"save": lambda self, path, overwrite=True, saved=saved: saved.append(path)})()
        checkpoint.set_model(model)
        for epoch, loss in enumerate(losses):
            checkpoint.on_epoch_end(epoch, {"val_loss": loss})
        lines = [line for line in capsys.readouterr().out.splitlines() if line]
        said.append((lines, len(saved)))
    assert said[0] == said[1] and said[0][1] > 0


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: callbacks.ModelCheckpoint("net.h5"), ValueError, "ends in .keras, found 'net.h5'"),
        (lambda: callbacks.ModelCheckpoint("net.keras", save_weights_only=True), ValueError, "weights alone"),
        (lambda: callbacks.ModelCheckpoint("net.keras", mode="best"), ValueError, "'best'"),
        (lambda: callbacks.ModelCheckpoint("net.keras", save_freq=100), ValueError, 'expected "epoch", found 100'),
        (lambda: callbacks.ModelCheckpoint(3), TypeError, "int"),
        (lambda: callbacks.ModelCheckpoint("n.keras", options=1), TypeError, "no argument `options`"),
        (lambda: callbacks.CSVLogger("x.csv", separator=";;"), ValueError, "separator"),
        (lambda: callbacks.TensorBoard("logs"), AttributeError, "CSVLogger"),
        (lambda: callbacks.Nonsense(), AttributeError, "no `Nonsense`"),
    ],
)
def test_what_a_callback_cannot_be_is_one_sentence(make: object, error: type, words: str) -> None:
    with pytest.raises(error) as said:
        make()
    assert words in str(said.value), str(said.value)


def test_a_checkpoint_of_what_is_not_measured_is_refused_before_the_training(tmp_path: pathlib.Path) -> None:
    for checkpoint in (
        callbacks.ModelCheckpoint(tmp_path / "best.keras", save_best_only=True),
        callbacks.ModelCheckpoint(tmp_path / "{epoch}-{val_accuracy:.2f}.keras"),
        callbacks.ModelCheckpoint(tmp_path / "{f1}.keras"),
    ):
        model = net()
        with pytest.raises(ValueError, match="does not measure"):
            model.fit(X, Y, callbacks=checkpoint, verbose=0)
        assert model.history is None
    (tmp_path / "folder.keras").mkdir()
    with pytest.raises(IsADirectoryError, match="is a folder"):
        net().fit(X, Y, callbacks=callbacks.ModelCheckpoint(tmp_path / "folder.keras"), verbose=0)


@pytest.mark.parametrize("validates", [False, True])
@pytest.mark.parametrize("schedules_rate", [False, True])
def test_a_csv_has_keras_columns_and_numbers(validates: bool, schedules_rate: bool, tmp_path: pathlib.Path) -> None:
    ours, theirs, keras = twins("SGD", 0.1)
    tables = []
    for model, module in ((ours, callbacks), (theirs, keras.callbacks)):
        path = tmp_path / f"{module.__name__}.csv"
        fit = FIT | {"epochs": 2} | ({"validation_data": (FLOATS[:30], Y[:30])} if validates else {})
        for append in (False, True):
            rate = [module.LearningRateScheduler(lambda epoch, rate: 0.1)] if schedules_rate else []
            model.fit(FLOATS, Y, callbacks=[*rate, module.CSVLogger(path, separator=";", append=append)], **fit)
        with open(path, newline="") as file:
            tables.append(list(csv.reader(file, delimiter=";")))
    (head, *found), (expected_head, *expected) = tables
    assert head == expected_head and len(found) == 4
    # Epochs are counted over all fits.
    assert [row[0] for row in found] == ["0", "1", "2", "3"]
    for a, b in zip(found, expected, strict=True):
        assert [value == "NA" for value in a] == [value == "NA" for value in b]
        assert np.allclose(*([float(v) for v in row[1:] if v != "NA"] for row in (a, b)), rtol=1e-4)


def test_a_csv_has_the_metrics_that_compile_named(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "log.csv"
    model = net(metrics=["accuracy", "top_5_accuracy"])
    model.fit(X, Y, callbacks=callbacks.CSVLogger(path), validation_split=0.2, epochs=1, verbose=0)
    head, row = path.read_text().splitlines()
    assert head == "epoch,accuracy,loss,top_5_accuracy,val_accuracy,val_loss,val_top_5_accuracy"
    assert row.split(",")[1:3] == [str(model.history.history[name][0]) for name in ("accuracy", "loss")]
    callbacks_of_two = [callbacks.CSVLogger(path), callbacks.CSVLogger(path, append=True)]
    net().fit(X, Y, callbacks=callbacks_of_two[0], epochs=2, verbose=0)
    net().fit(X, Y, callbacks=callbacks_of_two[1], epochs=1, verbose=0)
    assert [line.split(",")[0] for line in path.read_text().splitlines()] == ["epoch", "0", "1", "0"]


def test_stopping_and_plateau_say_what_keras_says(capsys: pytest.CaptureFixture) -> None:
    ours, theirs, keras = twins("SGD", 0.2)
    said = []
    for model, module in ((ours, callbacks), (theirs, keras.callbacks)):
        stopping = module.EarlyStopping("loss", min_delta=9, patience=4, restore_best_weights=True, verbose=1)
        plateau = module.ReduceLROnPlateau("loss", factor=0.5, min_delta=9, patience=1, verbose=1)
        model.fit(FLOATS, Y, callbacks=[plateau, stopping], **FIT | {"epochs": 20})
        said.append([line for line in capsys.readouterr().out.splitlines() if line])
    # Keras holds its rates in 32 bits.
    assert said[0][0] == "Epoch 2: ReduceLROnPlateau reducing learning rate to 0.10000000149011612."
    assert said[0] == said[1]
    assert said[0][-2:] == ["Epoch 5: early stopping", "Restoring model weights from the end of the best epoch: 1."]
    stopping = callbacks.EarlyStopping("loss", min_delta=9, patience=1)
    net().fit(X, Y, epochs=9, callbacks=[stopping], verbose=0)
    assert capsys.readouterr().out == ""


def test_a_scheduler_says_its_rates_if_it_is_asked_to(capsys: pytest.CaptureFixture) -> None:
    net().fit(X, Y, epochs=2, callbacks=callbacks.LearningRateScheduler(lambda e: 0.1 / (e + 1), verbose=1), verbose=0)
    assert capsys.readouterr().out.splitlines() == [
        "Epoch 1: LearningRateScheduler setting learning rate to 0.1.",
        "Epoch 2: LearningRateScheduler setting learning rate to 0.05.",
    ]


def test_terminate_on_nan_warns_or_raises() -> None:
    def broken() -> toile.Sequential:
        model = net()
        model.build((None, 6, 6))
        model.set_weights([np.full_like(one, np.nan) for one in model.get_weights()])
        return model

    with pytest.warns(RuntimeWarning, match="not a finite number in epoch 1"):
        broken().fit(X, Y, callbacks=callbacks.TerminateOnNaN(), verbose=0)
    with pytest.raises(RuntimeError, match="not a finite number in epoch 1"):
        broken().fit(X, Y, callbacks=[callbacks.TerminateOnNaN(raise_error=True)], verbose=0)


def test_a_model_that_was_stopped_is_saved_with_its_own_optimizer(tmp_path: pathlib.Path) -> None:
    """Once, a training that had not come to its end was saved as if by the one before it, or by Adam."""
    model = net(optimizers.SGD(0.25, momentum=0.5))

    def breaks(epoch: int, logs: dict) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, callbacks=callbacks.LambdaCallback(on_epoch_end=breaks), verbose=0)
    model.save(tmp_path / "net.keras")
    assert toile.load_model(tmp_path / "net.keras").optimizer.name == "sgd"
    keras = pytest.importorskip("keras")
    assert type(keras.models.load_model(os.fspath(tmp_path / "net.keras")).optimizer).__name__ == "SGD"


def test_keras_goes_on_from_a_scheduled_training_with_a_rate_of_its_own(tmp_path: pathlib.Path) -> None:
    keras = pytest.importorskip("keras")
    model = net(optimizers.Adam(0.1))
    model.fit(X, Y, callbacks=callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1)), **FIT)
    model.save(tmp_path / "net.keras")
    theirs = keras.models.load_model(tmp_path / "net.keras")
    assert np.isclose(float(theirs.optimizer.learning_rate.numpy()), 0.025)
    theirs.optimizer.learning_rate = 0.5
