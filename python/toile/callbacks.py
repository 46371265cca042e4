"""Callbacks: Keras' own that decide in the engine, `Callback` for what is written in Python, and Keras' own of that kind."""

from __future__ import annotations

import csv
import inspect
import os
import pathlib
import string
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from toile._checks import real
from toile._setting import Setting, given, refuse_others

if TYPE_CHECKING:
    from toile.models import Sequential

_MODES = {"auto", "min", "max"}
# What stands in place of callbacks of Keras that toile has not.
_INSTEAD = {
    "BackupAndRestore": "a `fit` that was stopped goes on with the next call, and a study with the next `run`",
    "History": "`fit` returns it",
    "ProgbarLogger": "`fit(verbose=1)` shows the progress",
    "RemoteMonitor": "`LambdaCallback(on_epoch_end=…)` can send the numbers",
    "SwapEMAWeights": "toile keeps no averages of weights",
    "TensorBoard": "`CSVLogger` writes the numbers, and `toile export --format tensorboard` those of a study",
}


def __getattr__(name: str) -> Any:
    """Says what stands in place of a callback that toile has not."""
    if name in _INSTEAD:
        raise AttributeError(f"toile.callbacks has no `{name}`: {_INSTEAD[name]}")
    raise AttributeError(f"module `toile.callbacks` has no `{name}`")


class EngineCallback(Setting):
    """A decision after each epoch that the engine takes itself."""

    def __init__(self, monitor: str, mode: str, others: dict[str, Any], verbose: int = 0, **arguments: Any) -> None:
        if not isinstance(monitor, str):
            raise TypeError(f'{type(self).__name__}: monitor: expected a metric such as "val_loss", found {monitor!r}')
        expected = "max" if monitor.endswith("accuracy") else "min"
        if mode not in _MODES or mode not in ("auto", expected):
            raise ValueError(
                f"{type(self).__name__}: mode={mode!r} does not fit `{monitor}`; "
                "losses are better when lower, accuracies when higher: leave `mode` out"
            )
        super().__init__(others, monitor=monitor, **arguments)
        self.verbose = verbose


class EarlyStopping(EngineCallback):
    """Stops when a metric no longer improves.

    Args:
        monitor: `loss`, `accuracy`, `val_loss`, `val_accuracy`, `top_5_accuracy` or `val_top_5_accuracy`, measured after each epoch.
        min_delta: The least change that counts, 0 or more, in the metric's unit.
        patience: Epochs without such a change before it stops.
        verbose: 1 says when it stops the training, and what it goes back to; 0 is silence.
        mode: "auto", or what fits the metric: "min" for losses, "max" for accuracies.
        baseline: What has to be improved upon; None is the first epoch's number.
        restore_best_weights: Whether the model goes back to the weights of the best epoch.
        start_from_epoch: Epochs before it begins to watch.

    Raises:
        TypeError, ValueError: The metric is no word, or `mode` does not fit it; `fit` says the others.
    """

    _key = "early_stopping"

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
        **others: Any,
    ) -> None:
        super().__init__(**given(locals()))


class ReduceLROnPlateau(EngineCallback):
    """Multiplies the learning rate when a metric no longer improves.

    Args:
        monitor: As for `EarlyStopping`.
        factor: What the learning rate is multiplied with.
        patience: Epochs without a change of `min_delta` before that.
        verbose: 1 says when it changes the learning rate; 0 is silence.
        mode: As for `EarlyStopping`.
        min_delta: The least change that counts, in the metric's unit.
        cooldown: Epochs after a change during which nothing is counted.
        min_lr: The least learning rate.
    """

    _key = "reduce_lr_on_plateau"

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 0.0001,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **others: Any,
    ) -> None:
        super().__init__(**given(locals()))


class BestWeights(EngineCallback):
    """At the end, goes back to the weights of the best epoch: `ModelCheckpoint(save_best_only=True)`, in memory."""

    _key = "best_weights"

    def __init__(self, monitor: str = "val_loss", mode: str = "auto", **others: Any) -> None:
        super().__init__(monitor, mode, others)


class Callback:
    """What is written in Python. `self.model` is the model; `self.model.stop_training = True` stops it, and
    `self.model.optimizer.learning_rate` can be read and, between epochs, set.

    The engine tells of training, epochs and batches; a callback that has methods for tests and predictions (`on_test_begin`,
    `on_predict_end`) is refused by `fit`. Within `on_epoch_end` the model's weights are those of the epoch, before that those of the
    last whole epoch. They can be read there, not set.

    Attributes:
        model: The model that is trained.
        params: `epochs`, `batch_size`, `verbose` and `steps`, the number of batches in an epoch.
    """

    model: Sequential
    params: dict[str, Any]

    def set_params(self, params: dict[str, Any]) -> None:
        """Called before training."""
        self.params = params

    def set_model(self, model: Sequential) -> None:
        """Called before training."""
        self.model = model

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Before the first batch."""

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Before an epoch, counted from 0."""

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Before a batch, counted from 0."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """After a batch, counted from 0; `logs` has its `loss`."""
        self.on_batch_end(batch, logs)

    def on_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """The earlier name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """The earlier name of `on_train_batch_end`."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """After an epoch, counted from 0; `logs` has its numbers."""

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """After the last batch; `logs` has the numbers of the last epoch."""

    def _before(self, metrics: Sequence[str], all_of_them: Sequence[str]) -> None:
        """Called before training with the metrics that were asked for, and with all that are measured after each epoch."""


_MOMENTS = (
    "on_train_begin",
    "on_epoch_begin",
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_epoch_end",
    "on_train_end",
)


class LambdaCallback(Callback):
    """Functions in place of a class: they are called as its methods are, without `self`.

    Raises:
        TypeError: One is no function, or for a moment that toile does not tell of.
    """

    def __init__(
        self,
        on_epoch_begin: Any = None,
        on_epoch_end: Any = None,
        on_train_begin: Any = None,
        on_train_end: Any = None,
        on_train_batch_begin: Any = None,
        on_train_batch_end: Any = None,
        **others: Any,
    ) -> None:
        functions = {name: value for name, value in locals().items() if name in _MOMENTS}
        refuse_others("LambdaCallback", others)
        for name, function in functions.items():
            if function is not None and not callable(function):
                raise TypeError(f"LambdaCallback: {name}: expected a function, found {function!r}")
            if function is not None:
                setattr(self, name, function)


class LearningRateScheduler(Callback):
    """Sets the learning rate of each epoch: `schedule(epoch, learning_rate)`, or `schedule(epoch)`, epochs counted from 0 over all
    fits.

    The record of the training (`History.run_id`) has the rates that the function gave, as the `PiecewiseConstantDecay` that says the
    same: that schedule trains to the same bits.

    Args:
        schedule: A function; it returns a number.
        verbose: 1 says each rate; 0 is silence.

    >>> import numpy as np
    >>> from toile import Sequential, callbacks, layers, optimizers
    >>> model = Sequential([layers.Dense(2, activation="softmax")])
    >>> model.compile(optimizers.SGD(0.1))
    >>> halving = callbacks.LearningRateScheduler(lambda epoch, rate: rate if epoch == 0 else rate / 2)
    >>> x, y = np.eye(4, dtype=np.uint8), np.array([0, 1, 0, 1])
    >>> model.fit(x, y, epochs=3, callbacks=[halving], verbose=0).history["learning_rate"]
    [0.1, 0.05, 0.025]
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0, **others: Any) -> None:
        refuse_others("LearningRateScheduler", others)
        if not callable(schedule):
            raise TypeError(f"LearningRateScheduler: schedule: expected a function, found {schedule!r}")
        self.schedule, self.verbose = schedule, verbose
        self._takes_rate = _takes_two(schedule)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Asks for the epoch's rate, and sets it."""
        optimizer = self.model.optimizer
        rate = self.schedule(epoch, optimizer.learning_rate) if self._takes_rate else self.schedule(epoch)
        optimizer.learning_rate = real("LearningRateScheduler: what schedule returns", rate, 0.0)
        if self.verbose:
            print(f"Epoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")


def _takes_two(function: Callable[..., Any]) -> bool:
    """Whether a function can be called with two arguments."""
    try:
        inspect.signature(function).bind(0, 0.1)
    except TypeError:
        return False
    except ValueError:
        # One of C that says nothing of its arguments.
        return True
    return True


class TerminateOnNaN(Callback):
    """Ends the training at a loss that is no finite number. toile does so in any case, and warns; `History.end` says where.

    Args:
        raise_error: Whether `fit` raises a RuntimeError then, in place of the warning.
    """

    def __init__(self, raise_error: bool = False, **others: Any) -> None:
        refuse_others("TerminateOnNaN", others)
        self.raise_error = raise_error


class ModelCheckpoint(Callback):
    """Saves the model after each epoch, or after each one that is the best so far.

    Args:
        filepath: A file's name that ends in `.keras`, or with `save_weights_only` in `.weights.h5` or `.safetensors`. `{epoch}` (counted
            from 1) and the epoch's numbers may stand in it: `"{epoch:02d}-{val_loss:.2f}.keras"`. Folders are made.
        monitor: The number that says what is best.
        verbose: 1 says what is saved; 0 is silence.
        save_best_only: Whether only a better model is saved.
        save_weights_only: Whether weights alone are saved.
        mode: "min" or "max" is better; "auto" is "max" for accuracies.
        save_freq: "epoch"; the weights within an epoch are not to be had.
        initial_value_threshold: What has to be improved upon from the start.

    Raises:
        TypeError, ValueError: An argument cannot be, or `fit` does not measure what is named.
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
        **others: Any,
    ) -> None:
        refuse_others("ModelCheckpoint", others)
        path = os.fspath(filepath)
        if mode not in _MODES:
            raise ValueError(f'ModelCheckpoint: mode: expected "auto", "min" or "max", found {mode!r}')
        if save_freq != "epoch":
            raise ValueError(
                f'ModelCheckpoint: save_freq: toile saves after whole epochs, expected "epoch", found {save_freq!r}'
            )
        endings = (".weights.h5", ".safetensors") if save_weights_only else (".keras",)
        if not path.endswith(endings):
            of = "weights alone" if save_weights_only else "the whole model"
            help = "" if save_weights_only else "; `save_weights_only=True` saves `.weights.h5` or `.safetensors`"
            raise ValueError(
                f"ModelCheckpoint: filepath: a file of {of} ends in {' or '.join(endings)}, found {path!r}{help}"
            )
        self.filepath, self.monitor, self.verbose = path, monitor, verbose
        self.save_best_only, self.save_weights_only = save_best_only, save_weights_only
        self.best = initial_value_threshold
        self._is_better = _greater if mode == "max" or (mode == "auto" and monitor.endswith("accuracy")) else _less

    def _before(self, metrics: Sequence[str], all_of_them: Sequence[str]) -> None:
        wanted = [self.monitor] if self.save_best_only else []
        wanted += [name for _, name, _, _ in string.Formatter().parse(self.filepath) if name is not None]
        for name in wanted:
            if name not in (*all_of_them, "epoch"):
                raise ValueError(
                    f"ModelCheckpoint: `fit` does not measure `{name}` after each epoch, only {', '.join(all_of_them)}"
                    + ("; `validation_split` or `validation_data` is missing" if name.startswith("val_") else "")
                )

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Saves, if it is time to."""
        numbers = logs or {}
        path = self.filepath.format(epoch=epoch + 1, **numbers)
        if self.save_best_only:
            current, best = numbers[self.monitor], "None" if self.best is None else f"{self.best:.5f}"
            if self.best is not None and not self._is_better(current, self.best):
                self._say(epoch, f"{self.monitor} did not improve from {best}")
                return
            self._say(epoch, f"{self.monitor} improved from {best} to {current:.5f}, saving model to {path}")
            self.best = current
        else:
            self._say(epoch, f"saving model to {path}")
        if pathlib.Path(path).is_dir():
            raise IsADirectoryError(f"ModelCheckpoint: `{path}` is a folder, expected the name of a file")
        pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
        self.model.save(path)
        self._say(epoch, f"finished saving model to {path}")

    def _say(self, epoch: int, what: str) -> None:
        if self.verbose:
            print(f"Epoch {epoch + 1}: {what}")


def _less(a: float, b: float) -> bool:
    return a < b


def _greater(a: float, b: float) -> bool:
    return a > b


class CSVLogger(Callback):
    """Writes a row of numbers per epoch: `epoch`, counted from 0, and the metrics in the order of the alphabet, as Keras does.

    They are the loss, the accuracy, what `compile(metrics=…)` named, the same of the validation examples (NA without any), and the
    learning rate where a callback changes it.

    Args:
        filename: The file; it is written anew.
        separator: What stands between two numbers.
        append: Whether rows are added to a file that is there.
    """

    def __init__(
        self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False, **others: Any
    ) -> None:
        refuse_others("CSVLogger", others)
        self.filename, self.separator, self.append = os.fspath(filename), separator, append
        if not isinstance(separator, str) or len(separator) != 1:
            raise ValueError(f"CSVLogger: separator: expected one character, found {separator!r}")
        self._columns: list[str] = []

    def _before(self, metrics: Sequence[str], all_of_them: Sequence[str]) -> None:
        names = sorted(metrics)
        more = [] if any(name.startswith("val_") for name in names) else [f"val_{name}" for name in names]
        self._columns = ["epoch", *names, *more]

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Begins the file, or looks what is there."""
        path = pathlib.Path(self.filename)
        if not (self.append and path.exists() and path.stat().st_size):
            self._write(self._columns, "w")

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Adds a row."""
        numbers: dict[str, float] = {"epoch": epoch, **(logs or {})}
        self._write([numbers.get(name, "NA") for name in self._columns], "a")

    def _write(self, row: Sequence[Any], mode: str) -> None:
        with open(self.filename, mode, newline="", encoding="utf-8") as file:
            csv.writer(file, delimiter=self.separator).writerow(row)
