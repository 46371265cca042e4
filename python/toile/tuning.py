"""Searches whose trials are tried in Python: the samplers and pruners of studies, with any objective.

A space is a dictionary of ranges, as a study file writes them:
`{"learning_rate": {"low": 1e-5, "high": 0.1, "log": True}, "units": {"low": 16, "high": 128}, "kind": {"choices": ["a", "b"]}}`.

A search is in memory, or on the database of studies (`storage`): a SQLite file or a PostgreSQL server, in Optuna's own tables. There it
outlives the program, several programs may work on it at once, and Optuna and its dashboard open it.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from toile._native import Search as _Search
from toile._native import TrialLost
from toile._setting import to_json

__all__ = ["Search", "Trial", "TrialLost", "TrialPruned", "search"]

_workers = itertools.count()


class TrialPruned(Exception):
    """Raised by an objective to end its trial early."""


@dataclass
class Trial:
    """A trial: its number, counted from 0, and its parameters.

    Attributes:
        state: `waiting`, `running`, `complete`, `pruned` or `failed`.
        values: What the objective gave, where it is complete; what a pruned one reported last.
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
            TrialLost: Another worker has it now.
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
        name: By which the search is found again in its storage, and in Optuna.
        storage: A path of a SQLite file, made if it is missing, `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/DATABASE`; None: in
            memory. A search of this name that is there, Optuna's too, is gone on with: a changed range keeps the trials that
            still fit, other directions are refused or, of a search of toile's, begin a new one. A trial whose program died is given out
            again after a minute.

    Raises:
        ValueError: Ranges, sampler or pruner are wrong, or an Optuna study of this name has other directions.
        OSError: The storage cannot be opened.
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
        storage: str | os.PathLike[str] | None = None,
    ) -> None:
        directions = [direction] if isinstance(direction, str) else list(direction)
        self._directions = directions
        written = (to_json(space), to_json(sampler), to_json(pruner))
        place = None if storage is None else os.fspath(storage)
        worker = f"{platform.node()}-{os.getpid()}-python{next(_workers)}"
        self._native = _Search(*written, directions, seed, n_trials, name, place, worker)

    def ask(self) -> Trial | None:
        """The next trial; None where a grid has tried every point.

        One that waits in the queue comes first; in a storage, one that a dead program left before that.
        """
        asked = self._ask(None)
        return asked if isinstance(asked, Trial) else None

    def _ask(self, most: int | None) -> Trial | str:
        kind, number, params = self._native.ask(most)
        return Trial(number, json.loads(params), _search=self) if kind == "try" else kind

    def enqueue_trial(self, params: Mapping[str, Any]) -> int:
        """Queues a trial with these parameters, as Optuna does; the sampler adds those that are missing. Its number.

        Raises:
            ValueError: A name that the space does not have, or a value outside of its range.
        """
        return self._native.enqueue_trial(to_json(params))

    def tell(
        self,
        trial: Trial | int,
        value: float | Sequence[float] | None = None,
        state: str = "complete",
        *,
        reason: str = "",
    ) -> None:
        """Takes a trial's value, or its values; `state` is `complete`, `pruned` or `failed`. NaN is a failed trial, as in Optuna.

        Args:
            reason: Why it failed, for the record.

        Raises:
            RuntimeError: The trial was never asked for, or has been told already.
            TrialLost: Another worker has it now; what was told is not kept.
            ValueError: There are more or fewer values than directions.
        """
        number = trial if isinstance(trial, int) else trial.number
        if state not in ("complete", "pruned", "failed"):
            raise ValueError(f"state: expected complete, pruned or failed, found {state!r}")
        values = (
            [] if value is None else [float(value)] if isinstance(value, int | float) else [float(v) for v in value]
        )
        self._native.tell(number, state, values, reason)

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
    name: str = "search",
    storage: str | os.PathLike[str] | None = None,
) -> Search:
    """Tries an objective with proposed parameters until there are `n_trials` trials, and returns the search.

    In a storage these are all trials of the search: a program that is started again goes on where it was, and several programs
    share them. The call returns when all have ended, whoever tried them.

    Args:
        space: Ranges by name, as `Search` takes them.
        objective: Takes a trial (`trial["learning_rate"]`) and returns its value. It may `trial.report(value, step)`, and raise
            `TrialPruned` where that returns True.
        catch: Exceptions that make a trial a failed one; all others end the search.
        name: As of `Search`.
        storage: As of `Search`.
    """
    going = Search(
        space,
        direction=direction,
        sampler=sampler,
        pruner=pruner,
        n_trials=n_trials,
        seed=seed,
        name=name,
        storage=storage,
    )
    while (trial := going._ask(n_trials)) != "over":
        if isinstance(trial, Trial):
            _try(going, trial, objective, catch)
        else:
            time.sleep(0.2)
    return going


def _try(
    going: Search,
    trial: Trial,
    objective: Callable[[Trial], float | Sequence[float]],
    catch: tuple[type[Exception], ...],
) -> None:
    # Another worker may have it in the end, because this program stood still for too long.
    with contextlib.suppress(TrialLost):
        try:
            value = objective(trial)
        except TrialPruned:
            going.tell(trial, state="pruned")
        except TrialLost:
            raise
        except Exception as error:
            going.tell(trial, state="failed", reason=repr(error))
            if not isinstance(error, catch):
                raise
        except BaseException:
            # Ctrl-C says nothing of the trial: whoever goes on with the search tries it again.
            going._native.put_back(trial.number)
            raise
        else:
            going.tell(trial, value)
