"""A second `fit` with other batches or other examples goes on as in Keras: weights, slots, iterations."""

import copy
import pickle

import numpy as np
import pytest

import toile
from toile import callbacks, layers, optimizers

X = np.random.default_rng(5).random((60, 7)).astype(np.float32)
Y = np.arange(60) % 3
FIT = {"shuffle": False, "verbose": 0}


def net(optimizer: object) -> toile.Sequential:
    model = toile.Sequential(
        [toile.Input((7,)), layers.Dense(5, activation="tanh"), layers.Dense(3, activation="softmax")]
    )
    model.compile(optimizer)
    return model


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "Nadam", "RMSprop"])
def test_other_batches_and_other_examples_go_on_as_in_keras(name: str) -> None:
    keras = pytest.importorskip("keras")
    arguments = {"momentum": 0.9} if name == "SGD" else {}
    ours = net(getattr(optimizers, name)(0.02, **arguments))
    theirs = keras.Sequential(
        [keras.Input((7,)), keras.layers.Dense(5, activation="tanh"), keras.layers.Dense(3, activation="softmax")]
    )
    theirs.set_weights(ours.get_weights())
    theirs.compile(getattr(keras.optimizers, name)(0.02, **arguments), "sparse_categorical_crossentropy")
    parts = [(slice(0, 60), 16, 2), (slice(0, 60), 7, 2), (slice(10, 35), 25, 3), (slice(0, 60), 16, 1)]
    for part, batch_size, epochs in parts:
        fit = FIT | {"batch_size": batch_size, "epochs": epochs}
        expected, found = (model.fit(X[part], Y[part], **fit).history["loss"] for model in (theirs, ours))
        assert np.allclose(found, expected, rtol=2e-4), (name, batch_size)
        assert ours.optimizer.iterations == int(theirs.optimizer.iterations.numpy())
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert np.allclose(a, b, atol=2e-4)
    assert ours.history.epoch == [7] and ours.optimizer.iterations == 8 + 18 + 3 + 4


def test_it_goes_on_with_the_bits_of_whoever_was_copied_in_between() -> None:
    first = net("adam")
    first.fit(X, Y, batch_size=16, epochs=2, verbose=0)
    models = [first, copy.deepcopy(first), pickle.loads(pickle.dumps(first))]
    for model in models:
        model.fit(X, Y, batch_size=9, epochs=1, verbose=0)
        model.fit(X, Y, batch_size=9, epochs=2, verbose=0)
    assert len({model.weights_sha256 for model in models}) == 1
    at_once = net("adam")
    at_once.fit(X, Y, batch_size=16, epochs=2, verbose=0)
    history = at_once.fit(X, Y, batch_size=9, epochs=3, verbose=0)
    assert at_once.weights_sha256 == first.weights_sha256 and history.epoch == [2, 3, 4]


def test_it_goes_on_after_an_early_stop_with_validation_data_and_more_examples() -> None:
    model = net("adam")
    stopping = callbacks.EarlyStopping("val_loss", min_delta=9, patience=1, restore_best_weights=True)
    model.fit(X, Y, batch_size=8, epochs=9, validation_split=0.5, callbacks=stopping, verbose=0)
    assert model.history.epoch == [0, 1]
    twice = np.concatenate([X, X]), np.concatenate([Y, Y])
    history = model.fit(*twice, batch_size=8, epochs=2, validation_data=(X, Y), verbose=0)
    assert history.epoch == [2, 3] and model.optimizer.iterations == 2 * 4 + 2 * 15


def test_schedules_count_all_updates() -> None:
    from toile import schedules

    model = net(optimizers.SGD(schedules.PiecewiseConstantDecay([9], [0.1, 0.01])))
    assert model.fit(X, Y, batch_size=10, epochs=1, verbose=0).history["learning_rate"] == [0.1]
    assert model.fit(X, Y, batch_size=30, epochs=3, verbose=0).history["learning_rate"] == [0.1, 0.1, 0.01]
