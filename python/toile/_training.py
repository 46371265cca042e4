"""What a training tells while it goes on: history, lines, callbacks, the learning rate."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from toile.callbacks import Callback, EarlyStopping, EngineCallback, ReduceLROnPlateau

if TYPE_CHECKING:
    from toile._progress import EpochLines
    from toile.models import History, Sequential

AFTER_THE_LAST = ("train_loss", "train_accuracy")


def _overrides(callback: Callback, *methods: str) -> bool:
    own = (getattr(type(callback), method) is not getattr(Callback, method) for method in methods)
    return any(own) or any(method in vars(callback) for method in methods)


class Watcher:
    """Hears of a training, and passes on what it hears."""

    def __init__(
        self,
        model: Sequential,
        history: History,
        lines: EpochLines,
        last: int,
        in_engine: Sequence[EngineCallback],
        in_python: Sequence[Callback],
    ) -> None:
        self._model, self._history, self._lines, self._last = model, history, lines, last
        self._in_engine, self._in_python = in_engine, in_python
        self._optimizer = model.optimizer
        # What is measured on all training examples comes after the last epoch alone.
        self._at_end: dict[str, float] = {}
        self._logs: dict[str, float] = {}
        self._on_begin = [one for one in in_python if _overrides(one, "on_train_batch_begin", "on_batch_begin")]
        self._on_end = [one for one in in_python if _overrides(one, "on_train_batch_end", "on_batch_end")]
        self._reduces = any(isinstance(one, ReduceLROnPlateau) and one.verbose for one in in_engine)
        self._began = time.perf_counter()

    @property
    def every_batch(self) -> bool:
        """Whether somebody hears of every batch."""
        return bool(self._on_begin or self._on_end)

    def begin(self) -> None:
        """The training begins."""
        for callback in self._in_python:
            callback.set_params(dict(self._history.params))
            callback.set_model(self._model)
            callback.on_train_begin({})
        self._began = time.perf_counter()

    def epoch_begins(self, epoch: int, rate: float) -> float | None:
        """An epoch begins, counted from 1; returns the learning rate that it is to have, if somebody has set it."""
        self._optimizer._begins(rate)
        for callback in self._in_python:
            callback.on_epoch_begin(epoch - 1, {})
        self._batch_begins(0)
        return self._optimizer._given

    def batch(self, epoch: int, batch: int, n_batches: int, loss: float) -> bool:
        """A batch was trained on, counted from 1; returns whether to stop."""
        self._lines.batch(epoch, batch, n_batches, loss)
        if self._on_end:
            self._optimizer._is_in_batch = True
            try:
                for callback in self._on_end:
                    callback.on_train_batch_end(batch - 1, {"loss": loss})
            finally:
                self._optimizer._is_in_batch = False
        if batch < n_batches and not self._model.stop_training:
            self._batch_begins(batch)
        return self._model.stop_training

    def _batch_begins(self, batch: int) -> None:
        self._optimizer._is_in_batch = bool(self._on_begin)
        try:
            for callback in self._on_begin:
                callback.on_train_batch_begin(batch, {})
        finally:
            self._optimizer._is_in_batch = False

    def epoch(self, epoch: int, numbers: dict[str, float], rate: float, updates: int) -> bool:
        """An epoch has ended, counted from 1; returns whether to stop."""
        if epoch == 0:
            # Of no training: the weights as they were.
            return False
        self._model._behind = epoch
        self._optimizer._ended(rate, updates)
        self._at_end.clear()
        if epoch != self._last:
            self._at_end.update({name: numbers.pop(name) for name in AFTER_THE_LAST if name in numbers})
        self._history._add(epoch - 1, numbers)
        self._logs = dict(numbers)
        self._lines.epoch(epoch, numbers, time.perf_counter() - self._began)
        if self._reduces and rate != numbers["learning_rate"]:
            self._lines.tell(f"Epoch {epoch}: ReduceLROnPlateau reducing learning rate to {rate}.")
        for callback in self._in_python:
            callback.on_epoch_end(epoch - 1, dict(numbers))
        return self._model.stop_training

    def end(self, told: dict[str, Any]) -> None:
        """The training has ended as the engine has told."""
        if self._history.epoch and told["is_early"]:
            self._history._complete(self._at_end)
            self._logs |= self._at_end
        stopping = [one for one in self._in_engine if isinstance(one, EarlyStopping) and one.verbose]
        if stopping and told["is_early"]:
            self._lines.tell(f"Epoch {self._model._behind}: early stopping")
        if told["restored_epoch"] is not None and any(one.get_config()["restore_best_weights"] for one in stopping):
            self._lines.tell(f"Restoring model weights from the end of the best epoch: {told['restored_epoch']}.")
        for callback in self._in_python:
            callback.on_train_end(dict(self._logs))
