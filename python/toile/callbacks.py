"""Callbacks: Keras' own that decide in the engine, and `Callback` for what is written in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toile._setting import Setting, given, refuse_others

if TYPE_CHECKING:
    from toile.models import Sequential

_MODES = {"auto", "min", "max"}


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


class EarlyStopping(EngineCallback):
    """Stops when a metric no longer improves.

    Args:
        monitor: `loss`, `accuracy`, `val_loss`, `val_accuracy`, `top_5_accuracy` or `val_top_5_accuracy`, measured after each epoch.
        min_delta: The least change that counts, 0 or more, in the metric's unit.
        patience: Epochs without such a change before it stops.
        verbose: Has no influence; `History.end` says what stopped the training.
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
        verbose: Has no influence; `history["learning_rate"]` has the rates.
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
    """At the end, goes back to the weights of the best epoch: Keras' `ModelCheckpoint(save_best_only=True)`, in memory."""

    _key = "best_weights"

    def __init__(self, monitor: str = "val_loss", mode: str = "auto", **others: Any) -> None:
        super().__init__(monitor, mode, others)


class Callback:
    """What is written in Python. `self.model` is the model; `self.model.stop_training = True` stops it.

    The engine tells of the ends of batches and epochs; a callback that has methods for other moments of Keras
    (`on_epoch_begin`, `on_train_batch_begin`, `on_test…`) is refused by `fit`. Within `on_epoch_end` the model's weights are those
    of the epoch; within `on_train_batch_end` they are those of the last whole epoch. They can be read there, not set.

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

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """After a batch, counted from 0; `logs` has its `loss`."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """After an epoch, counted from 0; `logs` has its numbers."""

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """After the last batch."""


class LambdaCallback(Callback):
    """Functions in place of a class: they are called as its methods are, without `self`.

    Raises:
        TypeError: One is no function, or for a moment that toile does not tell of.
    """

    def __init__(
        self,
        on_epoch_end: Any = None,
        on_train_begin: Any = None,
        on_train_end: Any = None,
        on_train_batch_end: Any = None,
        **others: Any,
    ) -> None:
        refuse_others("LambdaCallback", others)
        given = {
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_end": on_train_batch_end,
        }
        for name, function in given.items():
            if function is not None and not callable(function):
                raise TypeError(f"LambdaCallback: {name}: expected a function, found {function!r}")
            if function is not None:
                setattr(self, name, function)
