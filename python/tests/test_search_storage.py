"""Searches on a database: they outlive the program, are shared by programs, and are Optuna's too."""

import os
import pathlib
import subprocess
import sys
import threading

import pytest

import toile
from toile.tuning import Search, Trial, TrialPruned

SPACE = {"x": {"low": -5.0, "high": 5.0}, "n": {"low": 1, "high": 8}, "kind": {"choices": ["a", "b", None]}}


def bowl(trial: Trial) -> float:
    return (trial["x"] - 1) ** 2 + (trial["n"] - 3) ** 2 + (trial["kind"] != "b")


def test_a_search_goes_on_where_it_was(tmp_path: pathlib.Path) -> None:
    place = tmp_path / "search.sqlite"
    toile.search(SPACE, bowl, n_trials=12, storage=place)
    again = toile.search(SPACE, bowl, n_trials=30, storage=f"sqlite:///{place}")
    assert len(again.trials) == 30
    # Nothing is tried twice.
    assert toile.search(SPACE, lambda _: 1 / 0, n_trials=30, storage=place).trials == again.trials
    assert Search(SPACE, storage=place).best_value == again.best_value


def test_memory_and_file_give_the_same_trials(tmp_path: pathlib.Path) -> None:
    memory = toile.search(SPACE, bowl, n_trials=20, seed=4)
    file = toile.search(SPACE, bowl, n_trials=20, seed=4, storage=tmp_path / "a.sqlite")
    assert memory.trials == file.trials


def test_searches_of_several_names_live_in_one_file(tmp_path: pathlib.Path) -> None:
    place = tmp_path / "all.sqlite"
    for name, count in (("one", 3), ("two", 5)):
        assert len(toile.search(SPACE, bowl, n_trials=count, name=name, storage=place).trials) == count


def test_processes_share_a_search(tmp_path: pathlib.Path) -> None:
    code = """
import sys, toile
def objective(trial):
    print(trial.number)
    return (trial["x"] - 1) ** 2
found = toile.search({"x": {"low": -5.0, "high": 5.0}}, objective, n_trials=40, storage=sys.argv[1])
assert [trial.state for trial in found.trials] == ["complete"] * 40
"""
    command = [sys.executable, "-c", code, str(tmp_path / "shared.sqlite")]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = "".join(worker.communicate(timeout=120)[0] for worker in workers)
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    assert sorted(map(int, said.split())) == list(range(40))


def test_ctrl_c_puts_the_trial_back(tmp_path: pathlib.Path) -> None:
    tried: list[dict[str, object]] = []

    def objective(trial: Trial) -> float:
        tried.append(dict(trial.params))
        if len(tried) == 3:
            raise KeyboardInterrupt
        return bowl(trial)

    with pytest.raises(KeyboardInterrupt):
        toile.search(SPACE, objective, n_trials=6, storage=tmp_path / "s.sqlite")
    assert [trial.state for trial in Search(SPACE, storage=tmp_path / "s.sqlite").trials] == ["complete"] * 2 + [
        "waiting"
    ]
    found = toile.search(SPACE, objective, n_trials=6, storage=tmp_path / "s.sqlite")
    assert tried[2] == tried[3] and [trial.state for trial in found.trials] == ["complete"] * 6


def test_a_killed_program_loses_no_finished_trial(tmp_path: pathlib.Path) -> None:
    code = """
import os, sys, toile
def objective(trial):
    if trial.number == 4:
        os.kill(os.getpid(), 9)
    return trial["x"]
toile.search({"x": {"low": 0.0, "high": 1.0}}, objective, n_trials=9, storage=sys.argv[1])
"""
    place = str(tmp_path / "killed.sqlite")
    died = subprocess.run([sys.executable, "-c", code, place], timeout=120, check=False)
    assert died.returncode == -9
    left = Search({"x": {"low": 0.0, "high": 1.0}}, storage=place).trials
    assert [trial.state for trial in left] == ["complete"] * 4 + ["running"]


def test_threads_may_ask_and_tell_one_search(tmp_path: pathlib.Path) -> None:
    search = Search(SPACE, storage=tmp_path / "threads.sqlite")

    def some() -> None:
        for _ in range(10):
            trial = search.ask()
            assert trial is not None
            search.tell(trial, bowl(trial))

    threads = [threading.Thread(target=some) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [trial.number for trial in search.trials] == list(range(40))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_is_told_to_make_its_own(tmp_path: pathlib.Path) -> None:
    code = """
import os, sys
from toile.tuning import Search
search = Search({"x": {"low": 0.0, "high": 1.0}}, storage=sys.argv[1])
trial = search.ask()
if os.fork() == 0:
    try:
        search.ask()
    except RuntimeError as error:
        assert "another process" in str(error), error
        del trial, search
        sys.exit(7)
    sys.exit(1)
_, status = os.wait()
search.tell(trial, 1.0)
print(os.waitstatus_to_exitcode(status), search.best_value)
"""
    said = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "f.sqlite")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert said.stdout == "7 1.0\n", said.stderr


def test_what_is_queued_comes_first(tmp_path: pathlib.Path) -> None:
    search = Search(SPACE, storage=tmp_path / "q.sqlite")
    assert search.enqueue_trial({"n": 7, "kind": None}) == 0
    trial = search.ask()
    assert trial is not None and (trial["n"], trial["kind"]) == (7, None)
    with pytest.raises(ValueError, match="whole numbers from 1 to 8"):
        search.enqueue_trial({"n": 80})
    with pytest.raises(ValueError, match="it has x, n, kind"):
        search.enqueue_trial({"units": 8})


@pytest.mark.parametrize(
    ("storage", "error", "words"),
    [
        ("mysql://host/db", ValueError, "no databases of `mysql`"),
        ("sqlite://", ValueError, "names no file"),
        ("{folder}", OSError, "{folder}"),
        ("{folder}/missing/s.sqlite", OSError, "missing"),
        ("{folder}/no.sqlite", OSError, "no.sqlite"),
        ("postgresql://nobody@localhost:notaport/x", ValueError, ""),
    ],
)
def test_a_storage_that_is_none_is_said(
    storage: str, error: type[Exception], words: str, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "no.sqlite").write_text("this is no database, but it is long enough to be looked at as one" * 20)
    with pytest.raises(error) as said:
        Search(SPACE, storage=storage.format(folder=tmp_path))
    assert words.format(folder=tmp_path) in str(said.value)


def test_optuna_opens_it_and_goes_on_with_it(tmp_path: pathlib.Path) -> None:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    place = tmp_path / "both.sqlite"

    def objective(trial: Trial) -> float:
        if trial.report(trial["x"], 1) or trial.number == 3:
            raise TrialPruned
        return bowl(trial)

    ours = toile.search(SPACE, objective, n_trials=10, name="both", storage=place)
    study = optuna.load_study(study_name="both", storage=f"sqlite:///{place}")
    assert [trial.params for trial in study.trials] == [trial.params for trial in ours.trials]
    assert study.best_value == ours.best_value
    assert study.trials[3].state == optuna.trial.TrialState.PRUNED
    assert study.trials[3].value == ours.trials[3].values[0] == ours.trials[3]["x"]

    def theirs(trial: "optuna.Trial") -> float:
        n = trial.suggest_int("n", 1, 8)
        kind = trial.suggest_categorical("kind", ["a", "b", None])
        return (trial.suggest_float("x", -5, 5) - 1) ** 2 + (n - 3) ** 2 + (kind != "b")

    study.optimize(theirs, n_trials=5)
    study.enqueue_trial({"x": 1.0, "n": 3, "kind": "b"})
    after = toile.search(SPACE, bowl, n_trials=20, name="both", storage=place)
    assert len(after.trials) == 20 and after.best_value == 0.0
    assert after.trials[15].params == {"x": 1.0, "n": 3, "kind": "b"}


def test_a_study_of_optuna_s_is_gone_on_with(tmp_path: pathlib.Path) -> None:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    place = tmp_path / "theirs.sqlite"
    study = optuna.create_study(study_name="theirs", storage=f"sqlite:///{place}", direction="maximize")
    study.optimize(lambda trial: -((trial.suggest_float("x", -5, 5) - 1) ** 2), n_trials=8)
    space = {"x": {"low": -5.0, "high": 5.0}}
    with pytest.raises(ValueError, match="maximize"):
        Search(space, name="theirs", storage=place)
    found = toile.search(
        space, lambda t: -((t["x"] - 1) ** 2), n_trials=14, direction="maximize", name="theirs", storage=place
    )
    assert len(found.trials) == 14 and found.best_value >= study.best_value
    assert [trial.params for trial in found.trials[:8]] == [trial.params for trial in study.trials[:8]]
