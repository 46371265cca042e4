"""The optimizer of a compiled model, as it stands."""

from __future__ import annotations

from typing import Any

from toile import optimizers
from toile._checks import real


class CompiledOptimizer:
    """What `compile` made: its name, its arguments, and the learning rate, which can be set.

    A rate that is set holds from the next epoch on; within a callback's `on_epoch_begin`, from the epoch that begins.
    """

    # An assignment to another name would be silence.
    __slots__ = ("_arguments", "_given", "_is_in_batch", "_iterations", "_name", "_rate", "_schedule")

    def __init__(self, table: Any, schedule: Any) -> None:
        self._name, arguments = next(iter(table.items())) if isinstance(table, dict) else (table, {})
        self._arguments: dict[str, Any] = dict(arguments)
        self._schedule = schedule
        self._iterations = 0
        rate: Any = arguments.get("learning_rate")
        # What is no rate is said by `fit`.
        is_number = isinstance(rate, int | float)
        self._rate = float(rate) if is_number else optimizers.default_rate(self._name)
        # A rate that the engine has not heard of.
        self._given: float | None = None
        self._is_in_batch = False

    @property
    def name(self) -> str:
        """Its name in the study file: `adam`."""
        return self._name

    @property
    def iterations(self) -> int:
        """Updates so far."""
        return self._iterations

    @property
    def learning_rate(self) -> float:
        """The rate of the next update; of an optimizer with a schedule, the one that its epoch ended with."""
        return self._rate if self._given is None else self._given

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        if self._schedule is not None:
            raise TypeError(
                "this optimizer was made with a schedule as its `learning_rate`, which sets it; "
                "to set it yourself, compile with a number"
            )
        if self._is_in_batch:
            raise RuntimeError(
                "toile sets the learning rate between epochs: in `on_epoch_begin` or `on_epoch_end`; "
                "a schedule of toile.schedules has a rate for each update"
            )
        self._given = real("learning_rate", value, 0.0)

    def get_config(self) -> dict[str, Any]:
        """The arguments that are set, by their names in the study file."""
        return self._arguments | {"learning_rate": self.learning_rate}

    def __repr__(self) -> str:
        return f"<{self.name}, learning_rate={self.learning_rate!r}, iterations={self.iterations}>"

    def _begins(self, rate: float) -> None:
        """An epoch begins with this rate, or with the one that was given."""
        if self._schedule is None:
            self._rate = rate

    def _ended(self, rate: float, updates: int) -> None:
        """An epoch has ended; the next one will find this rate."""
        self._rate, self._given, self._iterations = rate, None, updates
