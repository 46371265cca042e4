"""Ask and tell: the samplers and pruners of studies, with objectives of Python."""

import math

import numpy as np
import pytest

import toile
from toile.tuning import Search, Trial, TrialPruned

SPACE = {"x": {"low": -5.0, "high": 5.0}, "n": {"low": 1, "high": 8}, "kind": {"choices": ["a", "b", None]}}


def bowl(trial: Trial) -> float:
    return (trial["x"] - 1) ** 2 + (trial["n"] - 3) ** 2 + (trial["kind"] != "b")


def test_it_finds_the_bottom_better_than_chance() -> None:
    found = toile.search(SPACE, bowl, n_trials=60, seed=1)
    chance = np.mean([toile.search(SPACE, bowl, n_trials=60, sampler="random", seed=s).best_value for s in range(5)])
    assert found.best_value < chance and found.best_params["kind"] == "b"
    assert [trial.number for trial in found.trials] == list(range(60)) and len(found.frame()) == 60


def test_the_same_seed_gives_the_same_trials() -> None:
    one, two, other = (toile.search(SPACE, bowl, n_trials=20, seed=seed).trials for seed in (1, 1, 2))
    assert one == two != other


def test_every_sampler_is_there() -> None:
    for sampler in ("random", "sobol", "tpe", "cma_es", "gp", {"tpe": {"n_startup_trials": 2}}):
        space = {"x": {"low": 1e-3, "high": 1.0, "log": True}, "y": {"low": 0.0, "high": 1.0, "step": 0.25}}
        found = toile.search(space, lambda trial: math.log(trial["x"]) ** 2 + trial["y"], n_trials=12, sampler=sampler)
        assert all(trial["y"] % 0.25 == 0 and 1e-3 <= trial["x"] <= 1 for trial in found.trials)


def test_a_grid_ends_when_every_point_was_tried() -> None:
    space = {"n": {"low": 1, "high": 3}, "kind": {"choices": ["a", "b"]}}
    found = toile.search(space, lambda trial: trial["n"], n_trials=100, sampler="grid")
    assert len({tuple(trial.params.items()) for trial in found.trials}) == len(found.trials) == 6


def test_a_pruner_ends_what_falls_behind() -> None:
    def objective(trial: Trial) -> float:
        for step in range(5):
            if trial.report(trial["x"], step):
                raise TrialPruned
        return trial["x"]

    space = {"x": {"low": 0.0, "high": 1.0}}
    found = toile.search(space, objective, n_trials=40, pruner={"median": {"n_startup_trials": 5}}, seed=3)
    states = [trial.state for trial in found.trials]
    assert states.count("pruned") > 5 and states[:5] == ["complete"] * 5
    assert max(trial["x"] for trial in found.trials[10:] if trial.state == "complete") < 0.9


def test_several_values_have_a_front_and_no_best() -> None:
    found = toile.search(
        SPACE, lambda t: (t["x"], -t["x"]), n_trials=8, direction=["minimize", "maximize"], sampler="nsga2"
    )
    assert len(found.trials[0].values) == 2
    with pytest.raises(ValueError, match="several values"):
        _ = found.best_trial


def test_an_exception_ends_the_search_unless_it_is_caught() -> None:
    def objective(trial: Trial) -> float:
        raise ZeroDivisionError("here")

    with pytest.raises(ZeroDivisionError, match="here"):
        toile.search(SPACE, objective, n_trials=3)
    found = toile.search(SPACE, objective, n_trials=3, catch=(ZeroDivisionError,))
    assert [trial.state for trial in found.trials] == ["failed"] * 3
    assert toile.search(SPACE, lambda _: math.nan, n_trials=1).trials[0].state == "failed"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Search({}), "no parameter"),
        (lambda: Search({"x": 3}), "expected a range"),
        (lambda: Search({"x": {"low": 2, "high": 1}}), "must not be above"),
        (lambda: Search({"x": {"low": 0.0, "high": 1.0, "log": True}}), "must be above 0"),
        (lambda: Search({"x": {"low": 0, "hi": 1}}), "no `hi`"),
        (lambda: Search({"x": {"low": "a", "high": 1}}), "expected numbers"),
        (lambda: Search({"x": {"choices": []}}), "`x`"),
        (lambda: Search(SPACE, sampler="tpee"), "no `tpee`"),
        (lambda: Search(SPACE, sampler={"tpe": {"n": 1}}), "sampler"),
        (lambda: Search(SPACE, pruner="medium"), "no `medium`"),
        (lambda: Search(SPACE, direction="up"), "minimize or maximize"),
        (lambda: Search(SPACE, direction=["minimize", "minimize"], sampler="gp"), ""),
        (lambda: Search({"x": {"low": 0.0, "high": 1.0}}, sampler="grid"), ""),
        (lambda: Search(SPACE).tell(Search(SPACE).ask(), [1.0, 2.0], "won"), "expected complete"),
    ],
)
def test_what_cannot_be_searched_is_said(make: object, words: str) -> None:
    with pytest.raises(ValueError) as said:
        make()
    assert words in str(said.value)


def test_a_trial_is_told_once() -> None:
    going = Search(SPACE)
    trial = going.ask()
    with pytest.raises(ValueError, match="expected 1"):
        going.tell(trial, [1.0, 2.0])
    going.tell(trial, 1.0)
    with pytest.raises(RuntimeError, match="already"):
        going.tell(trial, 2.0)
    with pytest.raises(RuntimeError, match="never asked"):
        going.tell(7, 2.0)


def test_tpe_s_trials_are_those_of_optuna() -> None:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    # Optuna's own numbers cannot be repeated bit for bit from another generator of random numbers; what it finds can be compared.
    ours, theirs = [], []
    for seed in range(8):
        ours.append(toile.search(SPACE, bowl, n_trials=40, seed=seed).best_value)
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, multivariate=True))
        study.optimize(
            lambda t: (
                (t.suggest_float("x", -5, 5) - 1) ** 2
                + (t.suggest_int("n", 1, 8) - 3) ** 2
                + (t.suggest_categorical("kind", ["a", "b", None]) != "b")
            ),
            n_trials=40,
        )
        theirs.append(study.best_value)
    assert np.median(ours) < 2 * np.median(theirs) + 0.1
