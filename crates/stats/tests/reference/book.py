"""The book that the cases are written into, and what its authors share."""

from __future__ import annotations

from typing import Any

import numpy as np

# Accuracies of five seeds, of five others close to them, of five well below, and of eight with one bad run.
SEEDS = [0.8751, 0.8763, 0.8739, 0.8770, 0.8748]
CLOSE = [0.8744, 0.8775, 0.8722, 0.8768, 0.8731]
BELOW = [0.8663, 0.8671, 0.8644, 0.8680, 0.8657]
ONE_BAD = [0.8751, 0.8763, 0.8739, 0.8770, 0.8748, 0.8420, 0.8755, 0.8761]


def agreed(library: float, formula: float, tolerance: float = 1e-11) -> float:
    """The library's value, if the formula agrees."""
    if not abs(library - formula) <= tolerance * max(1.0, abs(library)):
        raise AssertionError(f"the library says {library}, the formula {formula}")
    return float(library)


def drawn(seed: int, n: int, centre: float = 0.87, spread: float = 0.003) -> list[float]:
    """`n` normal numbers with six digits, the same at every call."""
    return np.random.default_rng(seed).normal(centre, spread, n).round(6).tolist()


class Book:
    """Groups of cases by name."""

    def __init__(self) -> None:
        self.groups: dict[str, dict[str, Any]] = {}

    def group(self, name: str, about: str) -> Group:
        self.groups[name] = {"about": about, "cases": []}
        return Group(self.groups[name]["cases"])


class Group:
    """The cases of one statistic."""

    def __init__(self, cases: list[dict[str, Any]]) -> None:
        self.cases = cases

    def case(self, name: str, out: Any, **given: Any) -> None:
        self.cases.append({"name": name, "in": given, "out": out})
