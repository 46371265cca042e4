"""What the check says of settings, in the words of those who gave them: the layer or class, the argument, what was found."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from toile import callbacks, initializers, layers, losses, optimizers, schedules
from toile._native import SettingFaults


def _by_key() -> dict[str, str]:
    """The classes of the names in a study file."""
    found: dict[str, str] = {}
    for module in (layers, optimizers, schedules, callbacks, losses, initializers):
        for name, one in vars(module).items():
            key = vars(one).get("_key") if isinstance(one, type) else None
            if key is not None and one.__name__ == name:
                found.setdefault(key, name)
    return found


_CLASSES = _by_key()
# Names that stand for an argument or a word too.
_WORDS = {"activation", *(one._key for one in vars(initializers).values() if hasattr(one, "_key"))}
# Arguments that have another name in the study file.
_RENAMED = {"l2": "kernel_regularizer"}


@contextlib.contextmanager
def in_python_words(
    given_layers: Sequence[Any],
    names: Sequence[str],
    run: Mapping[str, Any] | None = None,
    callbacks: Sequence[Any] = (),
) -> Iterator[None]:
    """Makes one ValueError of all faults that come out.

    Args:
        given_layers: The layers that were checked.
        names: What they are called.
        run: The other settings that were checked.
        callbacks: Those of the engine.
    """
    try:
        yield
    except SettingFaults as faults:
        said = [
            _sentence(_Place(path, given_layers, names, run or {}, callbacks), message, help)
            for path, message, help in json.loads(str(faults))
        ]
        said = list(dict.fromkeys(said))
        words = (
            said[0] if len(said) == 1 else f"{len(said)} settings are wrong:\n" + "\n".join(f"- {one}" for one in said)
        )
        raise ValueError(words) from None


class _Place:
    """Where a fault is: what has the argument, and the argument."""

    def __init__(
        self,
        path: Sequence[str],
        given_layers: Sequence[Any],
        names: Sequence[str],
        run: Mapping[str, Any],
        given_callbacks: Sequence[Any],
    ) -> None:
        self.owner, self.argument, self.key = "fit", "", ""
        match list(path):
            case ["models", _, "layers", index, *rest]:
                number = int(index)
                self.key = rest[0] if rest else _key(given_layers[number]._table())
                self.owner = f"layer {number + 1}, {_class_of(given_layers[number], self.key)} `{names[number]}`"
                self.argument = rest[1] if len(rest) > 1 else ""
            case ["models", *_]:
                self.owner = "the model"
            case ["runs", _, "callbacks", index, *rest]:
                self.key = _key(given_callbacks[int(index)]._table())
                self.owner = type(given_callbacks[int(index)]).__name__
                self.argument = rest[1] if len(rest) > 1 else ""
            case ["runs", _, "optimizer" | "schedule" | "loss" as kind, *rest]:
                self.key = rest[0] if rest else _key(run.get(kind))
                self.owner = _CLASSES.get(self.key, self.key)
                self.argument = rest[1] if len(rest) > 1 else ""
                if self.argument == "learning_rate" and run.get("schedule") is not None:
                    self.owner = _CLASSES.get(_key(run["schedule"]), "the schedule")
            case ["runs", _, "label_smoothing", *_]:
                self.owner, self.argument = "the loss", "label_smoothing"
            case ["runs", _, argument, *_]:
                self.argument = argument
            case ["study", argument, *_] if argument != "data":
                self.argument = argument
        self.renamed = dict(_RENAMED)
        if run.get("schedule") is not None and self.argument == "learning_rate":
            self.renamed["learning_rate"] = "initial_learning_rate"


def _key(table: Any) -> str:
    """The name of a choice as a study file writes it."""
    return next(iter(table), "") if isinstance(table, Mapping) else str(table)


def _class_of(layer: Any, key: str) -> str:
    own = type(layer).__name__
    return _CLASSES.get(key, key) if own.startswith("_") else own


def _sentence(place: _Place, message: str, help: str | None) -> str:
    """Where, what was found and expected, what helps."""
    message = _in_python(message, place)
    if place.argument and f"`{place.renamed.get(place.argument, place.argument)}`" not in message:
        message = f"`{place.renamed.get(place.argument, place.argument)}`: {message}"
    help = _in_python(_instead(help), place) if help else ""
    return f"{place.owner}: {message}" + (f"; {help}" if help else "")


def _instead(help: str) -> str:
    """Advice on study files that means nothing here, and what to do in Python."""
    if "choices" in help or "[[" in help:
        return "one value is expected; `toile.search` tries several"
    return help.replace(
        "set `validation_split = 0.1` in `[study]`", "give `fit` `validation_split=0.1` or `validation_data`"
    )


def _in_python(text: str, place: _Place) -> str:
    """TOML as Python writes it, and names as Keras has them."""
    text = text.replace("the last layer of `fit`", "the last layer").replace("a table", "a dictionary")
    text = text.replace("the study has no validation images", "there are no validation examples")
    text = text.replace("training images", "training examples")
    text = re.sub(r"`(.*?)`", lambda found: f"`{_code(found[1], place)}`", text)
    for word, value in (("true", "True"), ("false", "False")):
        text = re.sub(rf"\bfound {word}\b", f"found {value}", text)
    return text.replace("must be true or false", "must be True or False")


def _code(code: str, place: _Place) -> str:
    """What stands in backticks."""
    if code in _CLASSES and code not in _WORDS:
        return _CLASSES[code]
    code = place.renamed.get(code, code)
    code = re.sub(r'"(\w+)"', lambda found: f"{_CLASSES[found[1]]}()" if found[1] in _CLASSES else found[0], code)
    written = re.fullmatch(r"\{ (\w+) = \{ ?(.*?) ?\} \}", code)
    if written is not None and written[1] in _CLASSES:
        code = f"{_CLASSES[written[1]]}({written[2]})"
    return re.sub(r"(\w) = ", r"\1=", code)
