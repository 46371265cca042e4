#!/usr/bin/env python3
"""toile's search beside Optuna's, on real training: the best validation accuracy after 20, 40 and 60 trials, over 20
repeated searches of each.

    benches/search.py TOILE OBJECTIVE --data FOLDER [--searches 20] [--trials 60] > search.json

TOILE is the program, OBJECTIVE the example `objective` of crates/lab (`cargo build --release --examples -p
toile-lab`). Optuna trains by it too, so that both search the same objective with the same bits. FOLDER holds
Fashion-MNIST's IDX files. Run with a Python that has Optuna, or with `--without-optuna`.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import common
from toile_runs import Source, ToileError

if TYPE_CHECKING:
    import optuna

MARKS = (20, 40, 60)  # after so many trials the best value is printed
NAN = float("nan")

HEAD = """
[study]
name = "search-bench"
data = {data}
validation_split = 0.1
train_evaluation = 0.01

[models.dense]
layers = [{{ dense = {{ units = 32, activation = "sigmoid" }} }}, {{ dense = {{ units = 10, activation = "softmax" }} }}]
"""

SEARCH = """
[[searches]]
name = "search {seed}"
model = "dense"
epochs = {epochs}
seed = {seed}
n_trials = {trials}
batch_size = {{ choices = [32, 64, 128, 256] }}
optimizer = {{ choices = [
  {{ sgd = {{ learning_rate = {{ low = 1e-3, high = 1.0, log = true }} }} }},
  {{ adam = {{ learning_rate = {{ low = 1e-5, high = 1e-1, log = true }} }} }},
  {{ nadam = {{ learning_rate = {{ low = 1e-5, high = 1e-1, log = true }} }} }},
  {{ rmsprop = {{ learning_rate = {{ low = 1e-5, high = 1e-1, log = true }} }} }},
] }}
{more}
"""


def study_text(arguments: argparse.Namespace) -> str:
    """The study file: one search for each seed."""
    given = {"trials": arguments.trials, "more": arguments.more, "epochs": arguments.epochs}
    searches = (SEARCH.format(seed=seed, **given) for seed in range(arguments.searches))
    return HEAD.format(data=Source(arguments.data).setting) + "".join(searches)


def running_best(values: Sequence[float | None]) -> list[float]:
    """The best of the first one, two, … values; a trial without a value leaves the best as it was."""
    best, out = float("-inf"), []
    for value in values:
        best = max(best, value) if value is not None and value == value else best
        out.append(best)
    return out


class Objective:
    """The example `objective` as a process that is asked for one value after the other."""

    def __init__(self, arguments: argparse.Namespace, study_file: pathlib.Path, seed: int) -> None:
        self.seed = seed
        self.process = subprocess.Popen(
            [arguments.objective, study_file, f"search {seed}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=Source(arguments.data).environment,
        )

    def __call__(self, trial: optuna.Trial) -> float:
        optimizer = trial.suggest_categorical("optimizer", ["sgd", "adam", "nadam", "rmsprop"])
        low, high = (1e-3, 1.0) if optimizer == "sgd" else (1e-5, 1e-1)
        rate = trial.suggest_float(f"optimizer.{optimizer}.learning_rate", low, high, log=True)
        batch = trial.suggest_categorical("batch_size", [32, 64, 128, 256])
        params = {"optimizer": optimizer, f"optimizer.{optimizer}.learning_rate": rate, "batch_size": batch}
        value = self._ask({"params": params, "seed": self.seed})["value"]
        return NAN if value is None else value

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise ToileError(f"the objective ended with {self.process.wait()}")
        return json.loads(answer)

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def with_optuna(arguments: argparse.Namespace, study_file: pathlib.Path, seed: int) -> list[float]:
    """One search of Optuna's defaults."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    objective = Objective(arguments, study_file, seed)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(objective, n_trials=arguments.trials)
    objective.end()
    return running_best([trial.value for trial in study.trials])


def with_toile(arguments: argparse.Namespace, study_file: pathlib.Path) -> list[list[float]]:
    """All searches of the study file."""
    out = study_file.parent / "out"
    command = [arguments.toile, "run", study_file, "--out", out]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=Source(arguments.data).environment)
    if done.returncode != 0:
        raise ToileError(f"toile ended with {done.returncode}:\n{done.stderr}")
    searches = json.loads((out / "results.json").read_text())["searches"]
    return [running_best([t["value"] if t["state"] == "complete" else None for t in s["trials"]]) for s in searches]


def summary(who: str, searches: list[list[float]], trials: int) -> str:
    """The mean of the best value after some numbers of trials, with its 95 % interval where there are two searches."""
    lines = []
    for n in [mark for mark in MARKS if mark <= trials] or [trials]:
        best = [search[n - 1] for search in searches]
        line = f"{who:7} {n} trials: best {statistics.mean(best):.5f}"
        if len(best) > 1:
            line += f" ± {1.96 * statistics.stdev(best) / len(best) ** 0.5:.5f}"
        lines.append(line)
    return "\n".join(lines)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("toile", type=pathlib.Path)
    parser.add_argument("objective", type=pathlib.Path)
    parser.add_argument(
        "--data", type=pathlib.Path, required=True, metavar="DIR", help="a folder with Fashion-MNIST's IDX files"
    )
    parser.add_argument("--searches", type=int, default=20)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--more", default="", help='further lines of each search: sampler = "random", lag = 0')
    parser.add_argument("--without-optuna", action="store_true")
    parser.add_argument("--trial", action="store_true", help="two searches of two trials: the numbers mean nothing")
    arguments = parser.parse_args()
    if arguments.trial:
        arguments.searches, arguments.trials, arguments.epochs = 2, 2, 1
    if common.missing(("optuna",)) and not arguments.without_optuna:
        if not arguments.trial:
            parser.error(f"optuna is not installed for {sys.executable}: install it, or say --without-optuna")
        print("search.py: optuna is not installed: left out", file=sys.stderr)
        arguments.without_optuna = True
    return arguments


def main() -> None:
    arguments = parse()
    result: dict[str, Any] = {"trials": arguments.trials, "more": arguments.more}
    with tempfile.TemporaryDirectory(prefix="toile-search-") as folder:
        study_file = pathlib.Path(folder) / "study.toml"
        study_file.write_text(study_text(arguments))
        print("toile …", file=sys.stderr)
        result["toile"] = with_toile(arguments, study_file)
        if not arguments.without_optuna:
            print("Optuna …", file=sys.stderr)
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                work = [pool.submit(with_optuna, arguments, study_file, seed) for seed in range(arguments.searches)]
                result["optuna"] = [one.result() for one in work]
    json.dump(result, sys.stdout)
    print()
    for who in ("toile", "optuna"):
        if who in result:
            print(summary(who, result[who], arguments.trials), file=sys.stderr)


if __name__ == "__main__":
    main()
