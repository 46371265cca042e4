"""Penalties on weights: L2 alone."""

from __future__ import annotations

from typing import Any

from toile._checks import real
from toile._setting import refuse_others


class L2:
    """Adds `l2` × Σ W² to the loss."""

    def __init__(self, l2: float = 0.01, **others: Any) -> None:
        refuse_others("L2", others)
        self.l2 = real("L2: l2", l2, 0.0)


def strength(owner: str, regularizer: Any) -> float:
    """The factor of a layer's `kernel_regularizer`.

    Raises:
        TypeError: It is another penalty than L2.
    """
    if regularizer is None:
        return 0.0
    if isinstance(regularizer, L2):
        return regularizer.l2
    if isinstance(regularizer, str) and regularizer in ("l2", "L2"):
        return 0.01
    raise TypeError(f"{owner}: toile has the penalty L2 alone, found kernel_regularizer={regularizer!r}")


l2 = L2
