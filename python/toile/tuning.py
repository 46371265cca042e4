"""Searches whose trials are tried in Python: the samplers and pruners of studies, with any objective.

A space is a dictionary of ranges, as a study file writes them:
`{"learning_rate": {"low": 1e-5, "high": 0.1, "log": True}, "units": {"low": 16, "high": 128}, "kind": {"choices": ["a", "b"]}}`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from toile._native import Search as _Search
from toile._setting import to_json


class TrialPruned(Exception):
    """Raised by an objective to end its trial early."""


@dataclass
class Trial:
    """A trial: its number, counted from 0, and its parameters.

    Attributes:
        state: `running`, `complete`, `pruned` or `failed`.
        values: What the objective gave, where it is complete.
        intermediate: What was reported on the way, by step.
    """

    number: int
    params: dict[str, Any]
    state: str = "running"
    values: list[float] = field(default_factory=list)
    intermediate: dict[int, float] = field(default_factory=dict)
    _search: Any = field(default=None, repr=False, compare=False)

    def __getitem__(self, name: str) -> Any:
        """The parameter of this name."""
        return self.params[name]

    def report(self, value: float, step: int) -> bool:
        """Tells a value on the way; whether the pruner would end the trial here.

        Raises:
            RuntimeError: The trial has ended.
        """
        return self._search._native.report(self.number, int(step), float(value))


class Search:
    """Ask and tell: `ask()` gives a trial, `tell(trial, value)` takes its value.

    The same space, sampler, seed and values give the same trials on every machine.

    Args:
        space: Ranges by name.
        direction: `minimize` or `maximize`; a list of them for several values.
        sampler: A name (`tpe`, `random`, `grid`, `sobol`, `cma_es`, `gp`, `nsga2`) or its table: `{"tpe": {"n_startup_trials": 5}}`.
        pruner: A name (`none`, `median`, `hyperband` and others) or its table.
        n_trials: How many there will be; a grid takes the sampler's place where they cover the whole space.
        seed: Of the sampler.
    """

    def __init__(
        self,
        space: Mapping[str, Any],
        *,
        direction: str | Sequence[str] = "minimize",
        sampler: Any = "tpe",
        pruner: Any = "none",
        n_trials: int | None = None,
        seed: int = 0,
        name: str = "search",
    ) -> None:
        directions = [direction] if isinstance(direction, str) else list(direction)
        self._directions = directions
        self._native = _Search(to_json(space), to_json(sampler), to_json(pruner), directions, seed, n_trials, name)

    def ask(self) -> Trial | None:
        """The next trial; None where a grid has tried every point."""
        asked = self._native.ask()
        return None if asked is None else Trial(asked[0], json.loads(asked[1]), _search=self)

    def tell(self, trial: Trial | int, value: float | Sequence[float] | None = None, state: str = "complete") -> None:
        """Takes a trial's value, or its values; `state` is `complete`, `pruned` or `failed`. NaN is a failed trial, as in Optuna.

        Raises:
            RuntimeError: The trial was never asked for, or has been told already.
            ValueError: There are more or fewer values than directions.
        """
        number = trial if isinstance(trial, int) else trial.number
        if state not in ("complete", "pruned", "failed"):
            raise ValueError(f"state: expected complete, pruned or failed, found {state!r}")
        values = (
            [] if value is None else [float(value)] if isinstance(value, int | float) else [float(v) for v in value]
        )
        self._native.tell(number, state, values)

    @property
    def trials(self) -> list[Trial]:
        """All trials, by number."""
        return [
            Trial(
                told["number"],
                told["params"],
                told["state"],
                [float(value) for value in told["values"]],
                {step: float(value) for step, value in told["intermediate"]},
                self,
            )
            for told in json.loads(self._native.trials())
        ]

    @property
    def best_trial(self) -> Trial:
        """The complete trial with the best value, the first of equals.

        Raises:
            ValueError: No trial is complete, or there are several values.
        """
        if len(self._directions) > 1:
            raise ValueError("a search for several values has no single best trial")
        complete = [trial for trial in self.trials if trial.state == "complete"]
        if not complete:
            raise ValueError("no trial is complete")
        sign = 1 if self._directions[0] == "minimize" else -1
        return min(complete, key=lambda trial: sign * trial.values[0])

    @property
    def best_params(self) -> dict[str, Any]:
        """The parameters of the best trial."""
        return self.best_trial.params

    @property
    def best_value(self) -> float:
        """The value of the best trial."""
        return self.best_trial.values[0]

    def frame(self) -> Any:
        """A row per trial (pandas)."""
        import pandas

        rows = [
            {"number": trial.number, "state": trial.state, "value": next(iter(trial.values), None)} | trial.params
            for trial in self.trials
        ]
        return pandas.DataFrame(rows)


def search(
    space: Mapping[str, Any],
    objective: Callable[[Trial], float | Sequence[float]],
    *,
    n_trials: int = 100,
    direction: str | Sequence[str] = "minimize",
    sampler: Any = "tpe",
    pruner: Any = "none",
    seed: int = 0,
    catch: tuple[type[Exception], ...] = (),
) -> Search:
    """Tries an objective `n_trials` times with proposed parameters, and returns the search.

    Args:
        space: Ranges by name, as `Search` takes them.
        objective: Takes a trial (`trial["learning_rate"]`) and returns its value. It may `trial.report(value, step)`, and raise
            `TrialPruned` where that returns True.
        catch: Exceptions that make a trial a failed one; all others end the search.
    """
    going = Search(space, direction=direction, sampler=sampler, pruner=pruner, n_trials=n_trials, seed=seed)
    for _ in range(n_trials):
        trial = going.ask()
        if trial is None:
            break
        try:
            value = objective(trial)
        except TrialPruned:
            going.tell(trial, state="pruned")
        except catch:
            going.tell(trial, state="failed")
        except BaseException:
            going.tell(trial, state="failed")
            raise
        else:
            going.tell(trial, value)
    return going
