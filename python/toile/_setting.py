"""What all choices (layers, optimizers, schedules, losses, callbacks) share: arguments in, a study file's table out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar


def refuse_others(owner: str, others: Mapping[str, Any]) -> None:
    """Raises what Keras' users need to know about arguments that toile has not."""
    for name, value in others.items():
        raise TypeError(f"{owner} has no argument `{name}` in toile (found {value!r}); leave it out")


class Setting:
    """A choice with its arguments. It is checked when a model is built or trained, by the rules of the study file."""

    _key: ClassVar[str]

    def __init__(self, others: Mapping[str, Any], **arguments: Any) -> None:
        refuse_others(type(self).__name__, others)
        self._arguments = {name: plain(value) for name, value in arguments.items() if value is not None}

    def _table(self) -> Any:
        """The choice as a study file writes it."""
        return {self._key: self._arguments}

    def get_config(self) -> dict[str, Any]:
        """The arguments that are set, by their names in the study file."""
        return dict(self._arguments)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self._arguments.items())
        return f"{type(self).__name__}({arguments})"


def plain(value: Any) -> Any:
    """A value as JSON has it: NumPy's numbers and tuples become Python's numbers and lists."""
    if isinstance(value, Setting):
        return value._table()
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", 1) == 0 else value


def to_json(value: Any) -> str:
    """A value as JSON.

    Raises:
        TypeError: It is none: a function, an array.
    """
    try:
        return json.dumps(plain(value), allow_nan=False)
    except ValueError as error:
        raise ValueError(f"a setting is infinite or NaN: {value!r}") from error
    except TypeError as error:
        raise TypeError(f"a setting is neither a number nor a word: {value!r} ({error})") from error
