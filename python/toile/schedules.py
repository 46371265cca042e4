"""The learning rate over the updates: Keras' schedules, for the `learning_rate` of an optimizer. Steps are updates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from toile._setting import Setting, given


class LearningRateSchedule(Setting):
    """A schedule; `initial_learning_rate` is the optimizer's learning rate in the study file."""

    def __init__(self, initial_learning_rate: float, others: dict[str, Any], **arguments: Any) -> None:
        super().__init__(others, **arguments)
        self.initial_learning_rate = initial_learning_rate


class CosineDecay(LearningRateSchedule):
    """Half a cosine down to `alpha` times the start, after an optional linear warm-up."""

    _key = "cosine"

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        warmup_target: float | None = None,
        warmup_steps: int = 0,
        **others: Any,
    ) -> None:
        super().__init__(**given(locals()))


class ExponentialDecay(LearningRateSchedule):
    """The start times `decay_rate`^(step / `decay_steps`)."""

    _key = "exponential"

    def __init__(
        self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False, **others: Any
    ) -> None:
        super().__init__(**given(locals()))


class PolynomialDecay(LearningRateSchedule):
    """(start − end) (1 − step / `decay_steps`)^`power` + end."""

    _key = "polynomial"

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        **others: Any,
    ) -> None:
        super().__init__(**given(locals()))


class PiecewiseConstantDecay(LearningRateSchedule):
    """`values[i]` up to and including update `boundaries[i]`, then the last value."""

    _key = "piecewise"

    def __init__(self, boundaries: Sequence[int], values: Sequence[float], **others: Any) -> None:
        if not values or isinstance(values, str):
            raise ValueError(f"PiecewiseConstantDecay: values: expected a list such as [0.1, 0.01], found {values!r}")
        super().__init__(values[0], others, boundaries=list(boundaries), values=list(values))
