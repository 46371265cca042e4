"""Makes cases.json in this folder: reference values of every statistic, for `cargo test -p toile-stats --test all reference::`.

    pip install numpy scipy statsmodels scikit-learn
    python make_cases.py

A group is one statistic: `about` says what is computed, `cases` hold the numbers that go in and those that come out. What
does not exist is null, what is infinite the string "inf". Where a library has the statistic, its value is the one written
and a formula written here must agree with it; where none has it, the formula stands here, checked by going through all
possibilities or by integration where that can be done. Numbers are compared to 1e-10.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy
import scipy
import sklearn
import statsmodels

import comparisons
import means
import planning
import probabilities
import proportions
import ranks
from book import Book

PARTS = [proportions, means, ranks, planning, probabilities, comparisons]


def plain(value: Any) -> Any:
    """NumPy's numbers as Python's, what is no number as null, infinities as strings."""
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple | numpy.ndarray):
        return [plain(v) for v in value]
    if isinstance(value, bool | numpy.bool_):
        return bool(value)
    if isinstance(value, int | numpy.integer):
        return int(value)
    if isinstance(value, float | numpy.floating):
        number = float(value)
        if math.isnan(number):
            return None
        return number if math.isfinite(number) else "inf" if number > 0 else "-inf"
    return value


def line(case: dict[str, Any]) -> str:
    return "   " + json.dumps(plain(case), allow_nan=False)


def written(book: Book) -> str:
    """The book as JSON with one case a line."""
    versions = {m.__name__: m.__version__ for m in (numpy, scipy, statsmodels, sklearn)}
    groups = []
    for name, group in book.groups.items():
        cases = ",\n".join(line(case) for case in group["cases"])
        groups.append(f'  {json.dumps(name)}: {{"about": {json.dumps(group["about"])}, "cases": [\n{cases}\n  ]}}')
    return f'{{\n "made_with": {json.dumps(versions)},\n "groups": {{\n' + ",\n".join(groups) + "\n }\n}\n"


def main() -> None:
    book = Book()
    for part in PARTS:
        part.write(book)
    text = written(book)
    json.loads(text)
    Path(__file__).with_name("cases.json").write_text(text)
    print(sum(len(group["cases"]) for group in book.groups.values()), "cases in", len(book.groups), "groups")


if __name__ == "__main__":
    main()
