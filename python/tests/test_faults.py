"""Wrong settings are said in Python's words: which layer or class, which argument, what was found, what was expected."""

import numpy as np
import pytest

import toile
from toile import callbacks, layers, losses, optimizers, regularizers, schedules

X = np.random.default_rng(3).integers(0, 256, (90, 12, 12)).astype(np.uint8)
Y = np.arange(90) % 3
SOFTMAX = layers.Dense(3, activation="softmax")


def build(*given: object) -> None:
    toile.Sequential([toile.Input((12, 12)), *given]).build()


def fit(optimizer: object = "adam", loss: object = None, **arguments: object) -> None:
    model = toile.Sequential([layers.Flatten(), SOFTMAX])
    model.compile(optimizer, loss)
    model.fit(X, Y, verbose=0, **arguments)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (
            lambda: build(layers.Flatten(), layers.Dense(0), SOFTMAX),
            "layer 2, Dense `dense`: `units` must be from 1 to 2147483648, found 0",
        ),
        (
            lambda: build(layers.Flatten(), layers.Dense("4", name="first"), SOFTMAX),
            ('layer 2, Dense `first`: `units` must be a whole number, found the string "4"; without quotes: 4'),
        ),
        (
            lambda: build(layers.Flatten(), layers.Dense(3, activation="sofmax")),
            (
                "layer 2, Dense `dense`: `activation`: unknown activation `sofmax`; did you mean `softmax`? "
                "(known: linear, sigmoid, tanh, relu, leaky_relu, elu, gelu, silu, softmax)"
            ),
        ),
        (
            lambda: build(layers.Flatten(), layers.Dense(3)),
            (
                "layer 2, Dense `dense`: the last layer must end in softmax; write `Dense(units=3, "
                'activation="softmax")`'
            ),
        ),
        (
            lambda: build(SOFTMAX, layers.Dense(3, activation="softmax")),
            (
                "layer 1, Dense `dense`: softmax belongs at the end of a model, but another layer follows; use "
                'another activation here, for example "relu"'
            ),
        ),
        (
            lambda: build(layers.Conv2D(4, 3), layers.Conv2D(4, 11), layers.Flatten(), SOFTMAX),
            (
                "layer 2, Conv2D `conv2d_1`: the kernel of 11 x 11 is larger than its map of 10 x 10; use a "
                'smaller kernel, `padding="same"`, or fewer layers that shrink the map before it'
            ),
        ),
        (
            lambda: build(layers.Conv2D(4, 3), SOFTMAX),
            (
                "layer 2, Dense `dense`: `Dense` needs a row of values, but gets an image of shape (None, 10, "
                "10, 4); put `Flatten()` or `GlobalAveragePooling2D()` before it"
            ),
        ),
        (
            lambda: build(layers.Conv2D(4, 3, padding="sane"), layers.Flatten(), SOFTMAX),
            ("layer 1, Conv2D `conv2d`: `padding`: unknown padding `sane`; did you mean `same`? (known: valid, same)"),
        ),
        (
            lambda: build(layers.Flatten(), layers.Dropout(50), SOFTMAX),
            ("layer 2, Dropout `dropout`: `rate` must be from 0 to 1, found 50; a fraction, not a percentage: 0.5"),
        ),
        (
            lambda: build(
                layers.Flatten(), layers.Dense(3, activation="softmax", kernel_regularizer=regularizers.L2(-1.0))
            ),
            "L2: l2: expected a finite number from 0, found -1.0",
        ),
        (
            lambda: build(layers.Flatten(), layers.Dense(4, use_bias="yes"), SOFTMAX),
            'layer 2, Dense `dense`: `use_bias` must be True or False, found the string "yes"',
        ),
        (
            lambda: build(layers.Flatten(), layers.Dense([3, 4]), SOFTMAX),
            (
                "layer 2, Dense `dense`: `units` must be a whole number, found a list of 2; one value is "
                "expected; `toile.search` tries several"
            ),
        ),
        (
            lambda: build(layers.Conv2D(4, (3, 3, 3)), layers.Flatten(), SOFTMAX),
            ("layer 1, Conv2D `conv2d`: `kernel_size` must have 2 items, found 3; for example `kernel_size=[3, 3]`"),
        ),
        (
            lambda: build(layers.Flatten(), layers.Dense(0), layers.Dropout(2.0), SOFTMAX),
            (
                "2 settings are wrong:\n"
                "- layer 2, Dense `dense`: `units` must be from 1 to 2147483648, found 0\n"
                "- layer 3, Dropout `dropout`: `rate` must be from 0 to 1, found 2.0; a fraction, not a "
                "percentage: 0.02"
            ),
        ),
        (lambda: fit(optimizers.Adam(-1)), "Adam: `learning_rate` must be at least 0, found -1"),
        (lambda: fit(optimizers.Adam("fast")), 'Adam: `learning_rate` must be a number, found the string "fast"'),
        (
            lambda: fit(optimizers.Adam(beta_1=1.5)),
            ("Adam: `beta_1` must be from 0 to 1, found 1.5; a fraction, not a percentage: 0.015"),
        ),
        (
            lambda: fit(optimizers.SGD(clipnorm=1.0, clipvalue=1.0)),
            (
                "SGD: `clipvalue`: only one way of clipping is possible, found clipnorm and clipvalue; keep one "
                "of clipnorm, clipvalue, global_clipnorm"
            ),
        ),
        (
            lambda: fit(optimizers.SGD(schedules.CosineDecay(-0.1, 10))),
            "CosineDecay: `initial_learning_rate` must be at least 0, found -0.1",
        ),
        (
            lambda: fit(optimizers.SGD(schedules.CosineDecay(0.1, 0))),
            "CosineDecay: `decay_steps` must be from 1 to 2147483648, found 0",
        ),
        (
            lambda: fit(optimizers.SGD(schedules.PiecewiseConstantDecay([3], [0.1]))),
            (
                "PiecewiseConstantDecay: `values` must be one more than `boundaries`, found 1 and 1; for "
                "example `boundaries=[1000, 2000], values=[0.1, 0.01, 0.001]`"
            ),
        ),
        (
            lambda: fit(loss=losses.CategoricalFocalCrossentropy(gamma=1e300)),
            "CategoricalFocalCrossentropy: `gamma` must be a finite number, found 1e300",
        ),
        (
            lambda: fit(callbacks=callbacks.EarlyStopping("val_los")),
            (
                "EarlyStopping: `monitor`: unknown metric `val_los`; did you mean `val_loss`? (known: "
                "val_accuracy, val_loss, accuracy, loss, train_accuracy, train_loss, val_top_5_accuracy, "
                "top_5_accuracy, train_top_5_accuracy)"
            ),
        ),
        (
            lambda: fit(callbacks=callbacks.EarlyStopping()),
            (
                "EarlyStopping: the callback watches val_loss, but there are no validation examples; give `fit` "
                '`validation_split=0.1` or `validation_data`, or watch `monitor="loss"`'
            ),
        ),
        (
            lambda: fit(callbacks=callbacks.EarlyStopping("loss", patience=-1)),
            "EarlyStopping: `patience` must be from 0 to 2147483648, found -1",
        ),
        (
            lambda: fit(
                optimizers.SGD(schedules.ExponentialDecay(0.1, 10, 0.5)),
                callbacks=[callbacks.BestWeights("loss"), callbacks.ReduceLROnPlateau("loss")],
            ),
            (
                "fit: `callbacks`: `ReduceLROnPlateau` cannot reduce a learning rate that a `schedule` sets; "
                "keep one of the two"
            ),
        ),
        (
            lambda: fit(callbacks=callbacks.ReduceLROnPlateau("loss", factor=2.0)),
            ("ReduceLROnPlateau: `factor` must be from 0 to 1, found 2.0; a fraction, not a percentage: 0.02"),
        ),
        (
            lambda: fit(validation_split=0.999),
            (
                "fit: `validation_split`: a fraction of 0.999 leaves no image for training; the data has 90 "
                "training examples"
            ),
        ),
    ],
)
def test_a_wrong_setting(make: object, expected: str) -> None:
    with pytest.raises(ValueError) as said:
        make()
    message = str(said.value)
    assert message == expected
