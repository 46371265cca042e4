"""The examples in the docstrings say what comes out."""

import doctest
import importlib
import pathlib

import pytest

import toile

MODULES = sorted(path.stem for path in pathlib.Path(toile.__file__).parent.glob("*.py") if path.stem != "__main__")


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of(name: str) -> None:
    if name == "sklearn":
        pytest.importorskip("sklearn")
    module = toile if name == "__init__" else importlib.import_module(f"toile.{name}")
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    "name",
    [
        "toile.models.Sequential",
        "toile.models.Sequential.fit",
        "toile.models.Sequential.evaluate",
        "toile.models.Sequential.predict",
        "toile.callbacks.LearningRateScheduler",
        "toile.study.judge",
        "toile.sklearn.ToileClassifier",
    ],
)
def test_who_begins_finds_an_example(name: str) -> None:
    if "sklearn" in name:
        pytest.importorskip("sklearn")
    _, module, *rest = name.split(".")
    found = importlib.import_module(f"toile.{module}")
    for part in rest:
        found = getattr(found, part)
    assert ">>>" in (found.__doc__ or "")
