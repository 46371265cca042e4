"""The times of Optuna's own storage, to compare with `cargo run --release -p toile-store --example storage_speed`.

    optuna_storage.py [TRIALS [EPOCHS]]

A trial is begun with six parameters, reports an epoch and is finished, on a new SQLite file; then a large study is
recorded, opened and read. Random sampling, so that the sampler costs next to nothing.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable

import common


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trials", type=int, nargs="?", default=10_000, help="trials of the large study")
    parser.add_argument("epochs", type=int, nargs="?", default=50, help="epochs of each of its trials")
    parser.add_argument("--trial", action="store_true", help="20 trials of 2 epochs: the numbers mean nothing")
    arguments = parser.parse_args()
    arguments.times = 100
    if arguments.trial:
        arguments.trials, arguments.epochs, arguments.times = 20, 2, 3
    common.require(("optuna",), arguments.trial)
    return arguments


ARGUMENTS = parse()

import optuna  # noqa: E402

optuna.logging.set_verbosity(optuna.logging.ERROR)
NAMES = ["learning_rate", "momentum", "dropout", "weight_decay", "epsilon"]
SPACE: dict[str, optuna.distributions.BaseDistribution] = {
    **{name: optuna.distributions.FloatDistribution(1e-5, 1.0, log=True) for name in NAMES},
    "optimizer": optuna.distributions.CategoricalDistribution(["sgd", "adam", "nadam"]),
}


def timed(what: str, work: Callable[[], object], times: int) -> None:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1e3)
    print(f"{what:<52} median {statistics.median(taken):>8.3f} ms   ({times} times)", flush=True)


def main() -> None:
    trials, epochs = ARGUMENTS.trials, ARGUMENTS.epochs
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/optuna.db"
        sampler = optuna.samplers.RandomSampler(seed=0)
        small = optuna.create_study(study_name="small", storage=url, sampler=sampler, direction="maximize")

        def one_trial() -> None:
            trial = small.ask(SPACE)
            trial.report(0.5, 1)
            small.tell(trial, 0.9)

        timed("begin, one epoch, finish", one_trial, ARGUMENTS.times)
        large = optuna.create_study(study_name="large", storage=url, direction="maximize")
        # As an import: one transaction per trial, since one by one this takes minutes.
        params = {**{name: 0.5 for name in NAMES}, "optimizer": "adam"}
        reports = {step: 0.5 + 0.001 * step for step in range(1, epochs + 1)}
        made = optuna.trial.create_trial(params=params, distributions=SPACE, intermediate_values=reports, value=0.9)
        for _ in range(trials):
            large.add_trial(made)
        timed("open and list the studies", lambda: optuna.get_all_study_summaries(url), 1)
        timed(
            f"open and read {trials} trials of {epochs} epochs",
            lambda: optuna.load_study(study_name="large", storage=url).get_trials(),
            1,
        )


if __name__ == "__main__":
    main()
