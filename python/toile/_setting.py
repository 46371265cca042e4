"""What all choices (layers, optimizers, schedules, losses, callbacks) share: arguments in, a study file's table out."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, ClassVar


def refuse_others(owner: str, others: Mapping[str, Any]) -> None:
    """Raises what Keras' users need to know about arguments that toile has not."""
    for name, value in others.items():
        found = repr(value)
        found = found if len(found) <= 60 else f"a {type(value).__name__}"
        help = _INSTEAD.get(name, "leave it out")
        raise TypeError(f"{owner} has no argument `{name}` in toile (found {found}); {help}")


# What stands in place of some of Keras' arguments.
_INSTEAD = {
    "input_shape": "begin the network with `toile.Input(shape=…)`",
    "input_dim": "begin the network with `toile.Input(shape=(features,))`",
    "initial_epoch": "a second `fit` goes on counting by itself",
    "lr": "its name is `learning_rate`",
    "decay": "a schedule of toile.schedules is the `learning_rate`",
    "seed": "`Sequential(seed=…)` decides everything random",
}


def given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """All arguments of an `__init__`, from its `locals()`, for the one of its base class."""
    return {name: value for name, value in arguments.items() if name not in ("self", "__class__")}


def of_class(value: Any, arguments: str = "") -> str:
    """What to write in place of a class where an instance is expected; nothing for other values."""
    return f"; an instance is `{value.__name__}({arguments})`" if isinstance(value, type) else ""


class Setting:
    """A choice with its arguments. It is checked when a model is built or trained, by the rules of the study file."""

    _key: ClassVar[str]

    def __init__(self, others: Mapping[str, Any], **arguments: Any) -> None:
        refuse_others(type(self).__name__, others)
        self._arguments = {name: plain(value) for name, value in arguments.items() if value is not None}

    def __setattr__(self, name: str, value: Any) -> None:
        # An assignment that changes nothing would be silence.
        if name == "trainable" or name in self.__dict__.get("_arguments", ()):
            raise AttributeError(
                f"{type(self).__name__} is a description: `{name}` cannot be set afterwards; "
                + (
                    "toile trains all layers"
                    if name == "trainable"
                    else "write it as an argument, and compile or build anew"
                )
            )
        super().__setattr__(name, value)

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
    """A value as JSON has it: NumPy's numbers and arrays and tuples become Python's numbers and lists."""
    if isinstance(value, Setting):
        return value._table()
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if hasattr(value, "tolist") and hasattr(value, "dtype"):
        return plain(value.tolist())
    return value


def to_json(value: Any) -> str:
    """A value as JSON.

    Raises:
        TypeError: It is none: a function, a class, an object.
        ValueError: A number in it is infinite or NaN.
    """
    written = plain(value)
    _refuse_odd(written, "")
    return json.dumps(written, allow_nan=False)


def _refuse_odd(value: Any, path: str) -> None:
    """Raises the name of what is no JSON."""
    if isinstance(value, list):
        for i, item in enumerate(value):
            _refuse_odd(item, f"{path}[{i}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            _refuse_odd(item, f"{path}.{name}" if path else name)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"`{path}` must be a finite number, found {value}")
    elif not (value is None or isinstance(value, str | int)):
        raise TypeError(f"`{path}` must be a number, a name or a list, found {value!r}{of_class(value)}")
