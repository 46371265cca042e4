"""Makes distributions.json: what Optuna 5.0.0 makes of ranges, steps and their JSON.

    pip install optuna==5.0.0
    python make_distributions.py

`reached`: low, high, step, the `high` that the steps reach, whether there is only one value. `json`: texts that Optuna
reads (its own, of older versions, the short form), and the text that it writes of them. `contains`: a distribution, and
values with whether they are in its range.
"""

import json
import random
import warnings
from pathlib import Path

import optuna
from optuna.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    _convert_old_distribution_to_new_distribution,
    distribution_to_json,
    json_to_distribution,
)

warnings.simplefilter("ignore")
chance = random.Random(5)


def number(places: int) -> float:
    """As people write them, or with all digits."""
    kind = chance.random()
    if kind < 0.2:
        return float(chance.randint(-20, 20))
    if kind < 0.8:
        return round(chance.uniform(-10, 10), places)
    if kind < 0.9:
        return chance.uniform(-1, 1) * 10 ** chance.randint(-8, 8)
    return chance.uniform(-10, 10)


def reached() -> list:
    rows = [[0.0, 0.3, 0.1], [0.0, 1.0, 0.3], [0.1, 1.0, 0.1], [1e-20, 10.0, 1.0], [-1e22, 1e22, 7.0], [0.0, 0.1, 1.0]]
    for places in (1, 2, 3) * 150:
        low, high = sorted([number(places), number(places)])
        rows.append([low, high, abs(number(places)) or 0.25])
    made = [(row, FloatDistribution(row[0], row[1], step=row[2])) for row in rows]
    # Optuna rounds the `high` that is reached, and may then find it less than the one step above `low` that it is.
    sound = [(row, d) for row, d in made if d.low == d.high or not d.single()]
    return [[*row, distribution.high, distribution.single()] for row, distribution in sound]


SPACES = [
    FloatDistribution(1e-5, 0.1, log=True),
    FloatDistribution(-1.5, 2.25),
    FloatDistribution(0.0, 0.5, step=0.1),
    FloatDistribution(0.0, 1e300),
    IntDistribution(32, 128, step=32),
    IntDistribution(1, 1000, log=True),
    IntDistribution(-5, 7),
    IntDistribution(-(2**63), 2**63 - 1),
    CategoricalDistribution(["sgd", "adam", None, True, 3, 0.5, "naïve", "3", 1e22]),
    CategoricalDistribution([0]),
]
OLD = [
    '{"name": "UniformDistribution", "attributes": {"low": 0.0, "high": 1.0}}',
    '{"name": "LogUniformDistribution", "attributes": {"low": 0.001, "high": 1.0}}',
    '{"name": "DiscreteUniformDistribution", "attributes": {"low": 0.0, "high": 1.0, "q": 0.3}}',
    '{"name": "IntUniformDistribution", "attributes": {"low": 0, "high": 10, "step": 4}}',
    '{"name": "IntUniformDistribution", "attributes": {"low": 0, "high": 10}}',
    '{"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 10, "step": 1}}',
    '{"type": "float", "low": 0, "high": 1}',
    '{"type": "float", "low": 0, "high": 1, "step": 0.3}',
    '{"type": "float", "low": 0.1, "high": 1, "log": true, "step": null}',
    '{"type": "int", "low": 1, "high": 9, "step": null}',
    '{"type": "int", "low": 1, "high": 9, "step": 3}',
    '{"type": "int", "low": 1.7, "high": 9.2}',
    '{"type": "categorical", "choices": ["a", 1, null]}',
]


def texts() -> list:
    new = [distribution_to_json(distribution) for distribution in SPACES]
    read = [json_to_distribution(text) for text in OLD]
    new_of_old = [distribution_to_json(_convert_old_distribution_to_new_distribution(d)) for d in read]
    return [[text, text] for text in new] + [list(pair) for pair in zip(OLD, new_of_old)]


def contains() -> list:
    rows = []
    for distribution in SPACES:
        if isinstance(distribution, IntDistribution) and distribution.low < -(2**53):
            continue  # Optuna's remainder is taken in floats, so that 0.5 is an integer there
        values = [0.0, -0.0, 0.5, 1.0, 3.0, 3.5, 8.0, 9.0, 0.1 + 0.2, 64.0, 65.0, 1e-5, 0.1]
        values += [0.10000000000000002, 1e9, -1.0]
        # Optuna drops what is behind the point of a category's index.
        if isinstance(distribution, CategoricalDistribution):
            values = [value for value in values if value.is_integer()]
        rows.append([distribution_to_json(distribution), [[v, bool(distribution._contains(v))] for v in values]])
    return rows


golden = {"optuna": optuna.__version__, "reached": reached(), "json": texts(), "contains": contains()}
lines = [f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in golden.items()]
(Path(__file__).parent / "distributions.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
