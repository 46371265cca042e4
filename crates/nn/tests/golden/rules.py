"""What is decided rather than trained: schedules, callbacks, initialisers, as Keras' own classes decide it."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np

import formulas
import networks

F32 = lambda v: float(str(np.float32(v)))  # noqa: E731: shortest digits that give the same float32


def schedules():
    """Values at and around every boundary. One-cycle: PyTorch's formula (see `networks.OneCycle`)."""
    forms = [
        (0.1, {"cosine": {"decay_steps": 400}}, [0, 1, 2, 199, 200, 201, 398, 399, 400, 401, 1000]),
        (0.01, {"cosine": {"decay_steps": 100, "alpha": 0.25}}, [0, 1, 33, 50, 99, 100, 101, 5000]),
        (0.001, {"cosine": {"decay_steps": 100, "warmup_steps": 10, "warmup_target": 0.1}},
         [0, 1, 5, 9, 10, 11, 12, 60, 108, 109, 110, 111, 200]),
        (0.0, {"cosine": {"decay_steps": 64, "alpha": 0.5, "warmup_steps": 16, "warmup_target": 0.5}},
         [0, 1, 15, 16, 17, 48, 79, 80, 81]),
        (0.1, {"exponential": {"decay_steps": 100, "decay_rate": 0.5}}, [0, 1, 50, 99, 100, 101, 250, 1000]),
        (0.1, {"exponential": {"decay_steps": 100, "decay_rate": 0.5, "staircase": True}}, [0, 1, 99, 100, 101, 199, 200, 1000]),
        (0.1, {"exponential": {"decay_steps": 1, "decay_rate": 0.96}}, [0, 1, 2, 10, 300]),
        (0.1, {"piecewise": {"boundaries": [10, 20], "values": [1.0, 0.5, 0.1]}}, [0, 9, 10, 11, 19, 20, 21, 1000]),
        (0.1, {"piecewise": {"boundaries": [0], "values": [0.3, 0.2]}}, [0, 1, 2]),
        (0.1, {"polynomial": {"decay_steps": 100}}, [0, 1, 50, 99, 100, 101, 1000]),
        (0.1, {"polynomial": {"decay_steps": 100, "end_learning_rate": 0.01, "power": 2.0}}, [0, 1, 50, 99, 100, 101, 1000]),
        (0.1, {"polynomial": {"decay_steps": 7, "end_learning_rate": 0.0, "power": 0.5}}, [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        (0.1, {"one_cycle": {"steps": 100}}, [0, 1, 15, 28, 29, 30, 31, 64, 98, 99, 100, 1000]),
        (1.0, {"one_cycle": {"steps": 50, "warmup_fraction": 0.25, "div_factor": 10.0, "final_div_factor": 100.0}},
         [0, 1, 10, 11, 12, 13, 30, 48, 49, 50]),
    ]
    out = []
    for rate, form, steps in forms:
        (kind, settings), = form.items()
        rule = networks.schedule(kind, settings, rate)
        values = [[s, F32(np.asarray(rule(s)))] for s in steps]
        out.append({"learning_rate": rate, "schedule": form, "values": values})
    return {"schedules": out}


class Stub:
    """As much of a model as the callbacks touch. Its weights are the number of the epoch."""

    class Optimizer:
        def __init__(self, rate):
            self._rate = np.float32(rate)

        @property
        def learning_rate(self):
            return self._rate

        @learning_rate.setter
        def learning_rate(self, rate):
            self._rate = np.float32(rate)  # Keras keeps it in a float32 variable

    def __init__(self, rate=0.1):
        self.optimizer, self.stop_training = self.Optimizer(rate), False
        self.epoch, self.restored, self.saved = None, None, None

    def get_weights(self):
        return self.epoch

    def set_weights(self, weights):
        self.restored = weights

    def save_weights(self, path, overwrite):
        self.saved = self.epoch


MODES = {"loss": "min", "val_loss": "min", "accuracy": "max", "val_accuracy": "max"}


def sequence(salt, monitor):
    """40 values of a pseudo-random learning curve. On a grid of 1/64 in most, so that equal values occur."""
    u = (formulas.signs(f"sequence {salt}.x", 40) + 1) / 2
    falling = 2.0 * np.exp(-np.arange(40) / 10.0) + 0.25
    value = falling * (0.75 + 0.5 * u) + (np.arange(40) > 25) * 0.02 * (np.arange(40) - 25)
    if MODES[monitor] == "max":
        value = 1.0 / (1.0 + value)
    if salt % 3:
        value = np.round(value * 64) / 64
    if salt % 7 == 3:
        value[10 + salt % 5] = np.nan if salt % 2 else np.inf
    return [float(np.float32(v)) for v in value]


def pick(salt, name, options):
    return options[int(formulas.hash32(formulas.fnv1a(f"{name} {salt}"))) % len(options)]


def drive(callback, values, monitor, model):
    """Calls a callback as `fit` does; gives what the learning rate was after each epoch."""
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(values):
        model.epoch = epoch
        callback.on_epoch_end(epoch, {monitor: value})
        rates.append(float(model.optimizer.learning_rate))
        if model.stop_training:
            break
    callback.on_train_end()
    return rates


def json_values(values):
    return [F32(v) if np.isfinite(v) else str(v) for v in values]


def early_stopping():
    out = []
    for salt in range(120):
        monitor = pick(salt, "monitor", list(MODES))
        options = {
            "patience": pick(salt, "patience", [0, 1, 2, 3, 5, 10]),
            "min_delta": pick(salt, "min_delta", [0.0, 0.0, 0.001, 1 / 64, 0.05]),
            "baseline": pick(salt, "baseline", [None, None, 0.5, 0.3, 1.0]),
            "start_from_epoch": pick(salt, "start", [0, 0, 0, 3, 12]),
            "restore_best_weights": pick(salt, "restore", [False, True]),
        }
        values, model = sequence(salt, monitor), Stub()
        drive(keras.callbacks.EarlyStopping(monitor, mode=MODES[monitor], **options), values, monitor, model)
        out.append({
            "early_stopping": {"monitor": monitor, **options}, "values": json_values(values),
            "stopped": model.epoch if model.stop_training else None, "restored": model.restored,
        })
    return {"sequences": out}


def reduce_lr_on_plateau():
    out = []
    for salt in range(120):
        monitor = pick(salt, "monitor", list(MODES))
        options = {
            "factor": pick(salt, "factor", [0.1, 0.5, 0.9, 0.2]),
            "patience": pick(salt, "patience", [0, 1, 2, 3, 5, 10]),
            "min_delta": pick(salt, "min_delta", [1e-4, 0.0, 1 / 64, 0.05]),
            "cooldown": pick(salt, "cooldown", [0, 0, 1, 2, 5]),
            "min_lr": pick(salt, "min_lr", [0.0, 0.0, 1e-3, 0.03, 0.1]),
        }
        rate = pick(salt, "rate", [0.1, 0.01, 1.0])
        values = sequence(salt, monitor)
        callback = keras.callbacks.ReduceLROnPlateau(monitor, mode=MODES[monitor], **options)
        rates = drive(callback, values, monitor, Stub(rate))
        out.append({
            "reduce_lr_on_plateau": {"monitor": monitor, **options}, "learning_rate": rate,
            "values": json_values(values), "learning_rates": [F32(r) for r in rates],
        })
    return {"sequences": out}


def best_weights():
    """`ModelCheckpoint(save_best_only=True)`: the epoch whose weights were saved last."""
    out = []
    for salt in range(40):
        monitor = pick(salt, "monitor", list(MODES))
        values, model = sequence(salt, monitor), Stub()
        callback = keras.callbacks.ModelCheckpoint(
            "unused.weights.h5", monitor, save_best_only=True, save_weights_only=True, mode=MODES[monitor])
        drive(callback, values, monitor, model)
        out.append({"best_weights": {"monitor": monitor}, "values": json_values(values), "best": model.saved})
    return {"sequences": out}


def initializers():
    """Limits and standard deviations by Keras' formulas; Keras' own samples are held against them here."""
    from keras.src.initializers.random_initializers import compute_fans

    names = {"glorot_uniform": (1.0, "avg"), "glorot_normal": (1.0, "avg"),
             "he_uniform": (2.0, "in"), "he_normal": (2.0, "in")}
    out = []
    for name, (scale, mode) in names.items():
        for shape in [(784, 32), (64, 300), (3, 3, 3, 32), (5, 2, 16, 50), (3, 3, 64, 64)]:
            fan_in, fan_out = compute_fans(shape)
            variance = scale / max(1.0, fan_in if mode == "in" else (fan_in + fan_out) / 2.0)
            # uniform: sd = limit / sqrt 3; normal: cut at two of its standard deviations, then of this variance
            largest = (3 * variance) ** 0.5 if name.endswith("uniform") else 2 * variance**0.5 / 0.87962566103423978
            sample = np.asarray(keras.initializers.get(name)(shape), dtype=np.float64)
            assert abs(sample).max() <= largest * (1 + 1e-6) and abs(sample).max() > 0.97 * largest, (name, shape)
            assert abs(sample.std() / variance**0.5 - 1) < 4 / sample.size**0.5, (name, shape)
            out.append({"initializer": name, "shape": list(shape), "largest": largest, "sd": variance**0.5})
    return {"initializers": out}


RULES = {
    "schedules": schedules, "early-stopping": early_stopping, "reduce-lr-on-plateau": reduce_lr_on_plateau,
    "best-weights": best_weights, "initializers": initializers,
}
