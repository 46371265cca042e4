"""Checks of single arguments: one sentence each, with the argument's name, what was found and what was expected."""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Mapping, Sequence
from typing import Any


def whole(name: str, value: Any, least: int, most: int) -> int:
    """A whole number, NumPy's too.

    Raises:
        TypeError: It is a float, a truth value, a word.
        ValueError: It is out of range.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name}: expected a whole number, found {value!r}")
    number = operator.index(value)
    if not least <= number <= most:
        raise ValueError(f"{name}: expected {least} to {most}, found {number}")
    return number


def real(name: str, value: Any, least: float, most: float = math.inf) -> float:
    """A finite number, NumPy's too.

    Raises:
        TypeError: It is a truth value or a word.
        ValueError: It is NaN, infinite or out of range.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name}: expected a number, found {value!r}")
    number = float(value)
    if not (math.isfinite(number) and least <= number <= most):
        upwards = f"a finite number from {least:g}" + (f" to {most:g}" if most < math.inf else "")
        raise ValueError(f"{name}: expected {upwards}, found {number}")
    return number


def truth(name: str, value: Any) -> bool:
    """True or False, or 1 or 0.

    Raises:
        TypeError: It is neither.
    """
    if type(value).__name__ not in ("bool", "bool_", "int") or value not in (0, 1):
        raise TypeError(f"{name}: expected True or False, found {value!r}")
    return bool(value)


def shape(name: str, value: Any) -> tuple[int, ...]:
    """The shape of an example: (features,), (height, width) or (height, width, channels).

    Raises:
        TypeError: It is no tuple of whole numbers.
        ValueError: It has more or fewer sides, or a side is not positive.
    """
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError(f"{name}: expected a tuple such as (28, 28), (32, 32, 3) or (64,), found {value!r}")
    if not 1 <= len(value) <= 3:
        raise ValueError(f"{name}: expected (features,), (height, width) or (height, width, channels), found {value!r}")
    if None in value:
        raise ValueError(f"{name}: a network of toile has one size of images, found {tuple(value)!r}; write it out")
    return tuple(whole(name, side, 1, 2**31) for side in value)


def class_weight(value: Any, classes: int) -> dict[str, float] | None:
    """Factors of classes as the engine takes them; a class without a factor has 1.

    Raises:
        TypeError: It is no dictionary, a key is no number of a class, a factor is no number.
        ValueError: There is no such class, or a factor is negative, infinite or NaN.
    """
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise TypeError(f"class_weight: expected a dictionary such as {{0: 1.0, 1: 2.5}}, found {value!r}")
    taken: dict[str, float] = {}
    for key, factor in value.items():
        number = int(key) if isinstance(key, float) and key.is_integer() else key
        number = whole("class_weight: a key", number, 0, classes - 1)
        taken[str(number)] = real(f"class_weight[{number}]", factor, 0.0, 1e6)
    return taken
