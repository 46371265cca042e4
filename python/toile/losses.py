"""Losses for one class per image: Keras' names and classes."""

from __future__ import annotations

from typing import Any

from toile._checks import real
from toile._setting import Setting, of_class


class Loss(Setting):
    """What a training makes small."""

    def __init__(self, from_logits: bool, label_smoothing: float, others: dict[str, Any], **arguments: Any) -> None:
        if from_logits:
            raise ValueError(
                f"{type(self).__name__}: toile's networks end in softmax, and the loss is computed from the values before it; "
                'leave `from_logits` out and end in `activation="softmax"`'
            )
        super().__init__(others, **arguments)
        self.label_smoothing = label_smoothing


class CategoricalCrossentropy(Loss):
    """−Σ y log p, for labels as one-hot rows or as numbers."""

    _key = "categorical_crossentropy"

    def __init__(self, from_logits: bool = False, label_smoothing: float = 0.0, **others: Any) -> None:
        super().__init__(from_logits, label_smoothing, others)

    def _table(self) -> Any:
        return self._key


class SparseCategoricalCrossentropy(CategoricalCrossentropy):
    """The same, for labels as numbers or as one-hot rows."""

    def __init__(self, from_logits: bool = False, **others: Any) -> None:
        super().__init__(from_logits, 0.0, **others)


class CategoricalFocalCrossentropy(Loss):
    """−Σ y alpha (1 − p)^gamma log p (Lin et al. 2017)."""

    _key = "categorical_focal_crossentropy"

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        **others: Any,
    ) -> None:
        super().__init__(from_logits, label_smoothing, others, alpha=alpha, gamma=gamma)


_NAMES = {
    "categorical_crossentropy": CategoricalCrossentropy,
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
    "categorical_focal_crossentropy": CategoricalFocalCrossentropy,
}


def get(identifier: str | Loss | None) -> Loss:
    """A loss by its name; None is categorical crossentropy.

    Raises:
        ValueError: toile has no loss of this name, or an argument of it is out of range.
        TypeError: It is neither a name nor a loss of toile.
    """
    if identifier is None:
        return CategoricalCrossentropy()
    if isinstance(identifier, Loss):
        real("label_smoothing", identifier.label_smoothing, 0.0, 1.0)
        for name, value in identifier.get_config().items():
            real(name, value, 0.0)
        return identifier
    if isinstance(identifier, str):
        if identifier in _NAMES:
            return _NAMES[identifier]()
        raise ValueError(
            f"toile has no loss `{identifier}`, expected one of {', '.join(_NAMES)}: it sorts images into classes"
        )
    raise TypeError(f"loss: expected a name or one of toile.losses, found {identifier!r}{of_class(identifier)}")
