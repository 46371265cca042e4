"""toile: a workbench for reproducible neural-network studies on image classification.

The program is ``toile``, also as ``python -m toile``. It imports this module each time that it starts: what is heavy
(NumPy, pandas, scikit-learn) is imported by those who use it, never here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from toile._native import __version__

if TYPE_CHECKING:
    from toile import (
        callbacks,
        datasets,
        initializers,
        layers,
        losses,
        models,
        optimizers,
        regularizers,
        schedules,
        study,
    )
    from toile.layers import Input
    from toile.models import History, Sequential, load_model
    from toile.study import Results, Study, StudyError, judge
    from toile.tuning import TrialPruned, search

_MODULES = {
    "callbacks",
    "initializers",
    "layers",
    "losses",
    "models",
    "optimizers",
    "regularizers",
    "schedules",
    "sklearn",
    "study",
    "datasets",
    "tuning",
}
_NAMES = {
    "History": "models",
    "Input": "layers",
    "Results": "study",
    "Sequential": "models",
    "Study": "study",
    "StudyError": "study",
    "TrialPruned": "tuning",
    "judge": "study",
    "load_model": "models",
    "search": "tuning",
}

__all__ = [
    "History",
    "Input",
    "Results",
    "Sequential",
    "Study",
    "StudyError",
    "TrialPruned",
    "__version__",
    "callbacks",
    "datasets",
    "initializers",
    "judge",
    "layers",
    "load_model",
    "losses",
    "models",
    "optimizers",
    "regularizers",
    "schedules",
    "search",
    "study",
]


def __getattr__(name: str) -> Any:
    """Imports what is asked for."""
    if name in _MODULES:
        return import_module(f"toile.{name}")
    if name in _NAMES:
        return getattr(import_module(f"toile.{_NAMES[name]}"), name)
    raise AttributeError(f"module `toile` has no `{name}`")


def __dir__() -> list[str]:
    return sorted({*__all__, *globals()})
