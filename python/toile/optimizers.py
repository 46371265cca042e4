"""Optimizers: Keras' classes, arguments and defaults."""

from __future__ import annotations

import inspect
from typing import Any

from toile import schedules
from toile._setting import Setting, given, of_class
from toile.schedules import LearningRateSchedule

Rate = float | LearningRateSchedule


class Optimizer(Setting):
    """How a gradient becomes a step."""

    def __init__(self, learning_rate: Rate, others: dict[str, Any], **arguments: Any) -> None:
        self.schedule: LearningRateSchedule | None = None
        if isinstance(learning_rate, LearningRateSchedule):
            self.schedule = learning_rate
            learning_rate = learning_rate.initial_learning_rate
        super().__init__(others, learning_rate=learning_rate, **arguments)


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if asked for."""

    _key = "sgd"

    def __init__(
        self,
        learning_rate: Rate = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        **others: Any,
    ) -> None:
        super().__init__(**given(locals()))


class Adam(Optimizer):
    """Adam (Kingma and Ba 2015) in Keras' form."""

    _key = "adam"

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        **others: Any,
    ) -> None:
        super().__init__(**given(locals()))


class AdamW(Optimizer):
    """Adam with decoupled weight decay."""

    _key = "adamw"

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        **others: Any,
    ) -> None:
        super().__init__(**given(locals()))


class Nadam(Optimizer):
    """Adam with Nesterov momentum (Dozat 2016)."""

    _key = "nadam"

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        **others: Any,
    ) -> None:
        super().__init__(**given(locals()))


class RMSprop(Optimizer):
    """RMSprop (Tieleman and Hinton 2012) in Keras' form."""

    _key = "rmsprop"

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        **others: Any,
    ) -> None:
        super().__init__(**given(locals()))


_CLASSES: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "adam": Adam,
    "adamw": AdamW,
    "nadam": Nadam,
    "rmsprop": RMSprop,
}


def default_rate(name: str) -> float:
    """The learning rate of an optimizer that was given none."""
    return inspect.signature(_CLASSES[name].__init__).parameters["learning_rate"].default


def get(identifier: str | Optimizer) -> Any:
    """An optimizer as the study file writes it; a name as Keras takes it, in any case.

    Raises:
        ValueError: toile has no optimizer of this name.
        TypeError: It is neither a name nor an optimizer of toile.
    """
    if isinstance(identifier, Optimizer):
        return identifier._table()
    if isinstance(identifier, str):
        if identifier.lower() in _CLASSES:
            return identifier.lower()
        raise ValueError(f"toile has no optimizer `{identifier}`, expected one of {', '.join(_CLASSES)}")
    raise TypeError(
        f"optimizer: expected a name or one of toile.optimizers, found {identifier!r}{of_class(identifier)}"
    )


__all__ = ["SGD", "Adam", "AdamW", "Nadam", "Optimizer", "RMSprop", "schedules"]
