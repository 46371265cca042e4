"""Python's Optuna and toile on one database: each opens, plots and continues what the other made.

    optuna-roundtrip.py EXAMPLE [POSTGRES_URL]

EXAMPLE is the program that `cargo build -p toile-store --example optuna` makes. With an address, every part is done on
that server too, in a database of its own. Needs optuna 5.0.0, optuna-dashboard 0.21.0, plotly, scikit-learn and, for a
server, psycopg2-binary.
"""

from __future__ import annotations

import datetime
import json
import math
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings
from collections import Counter
from pathlib import Path

import optuna

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)
EXAMPLE = sys.argv[1]


class Place:
    """A database under its two names: the example's and SQLAlchemy's."""

    def __init__(self, ours: str, theirs: str, label: str) -> None:
        self.ours, self.theirs, self.label = ours, theirs, label

    def example(self, command: str, study: str, *rest: str) -> str:
        call = [EXAMPLE, command, self.ours, study, *rest]
        done = subprocess.run(call, capture_output=True, text=True)
        assert done.returncode == 0, f"{call}: {done.stderr}"
        return done.stdout

    def list(self, study: str) -> list[dict]:
        return json.loads(self.example("list", study))

    def load(self, name: str, **options) -> optuna.Study:
        return optuna.load_study(study_name=name, storage=self.storage(**options))

    def storage(self, **options) -> optuna.storages.RDBStorage:
        return optuna.storages.RDBStorage(self.theirs, **options)


def number(text: str) -> float:
    return float(text.replace("NaN", "nan"))


def same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


def check_same(study: optuna.Study, rows: list[dict]) -> None:
    """What Optuna reads of each trial is what toile reads."""
    states = {"complete": "COMPLETE", "pruned": "PRUNED", "failed": "FAIL", "waiting": "WAITING", "running": "RUNNING"}
    trials = study.get_trials()
    assert [t.number for t in trials] == list(range(len(rows))) == [r["number"] for r in rows]
    for trial, row in zip(trials, rows):
        assert trial.state.name == states[row["state"]], (trial, row)
        internal = {k: trial.distributions[k].to_internal_repr(v) for k, v in trial.params.items()}
        assert internal == row["params"], (internal, row["params"])
        values = [number(value) for value in row["values"]]
        assert all(same(a, b) for a, b in zip(trial.values or [], values, strict=True)), (trial.values, values)
        steps = {step: number(value) for step, value in row["intermediate"]}
        assert steps.keys() == trial.intermediate_values.keys()
        assert all(same(steps[step], value) for step, value in trial.intermediate_values.items())
        assert dict(row["user"]) == trial.user_attrs
        if trial.datetime_start is not None:
            # Optuna shows local times, and keeps them in UTC.
            assert row["started"] == in_utc(trial.datetime_start), (row["started"], trial.datetime_start)


def in_utc(local: datetime.datetime) -> str:
    return local.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def plot_all(study: optuna.Study) -> int:
    """Every plot of Optuna's that the study's kind allows; how many were drawn."""
    vis = optuna.visualization
    if len(study.directions) == 1:
        plots = [
            lambda: vis.plot_optimization_history(study),
            lambda: vis.plot_intermediate_values(study),
            lambda: vis.plot_slice(study),
            lambda: vis.plot_contour(study, params=list(study.best_trial.params)[:2]),
            lambda: vis.plot_parallel_coordinate(study),
            lambda: vis.plot_param_importances(study),
            lambda: vis.plot_param_importances(study, evaluator=optuna.importance.FanovaImportanceEvaluator(seed=0)),
            lambda: vis.plot_edf(study),
            lambda: vis.plot_rank(study),
            lambda: vis.plot_timeline(study),
        ]
    else:
        plots = [
            lambda: vis.plot_pareto_front(study),
            lambda: vis.plot_hypervolume_history(study, [1e6, -1.0]),
            lambda: vis.plot_timeline(study),
            lambda: vis.plot_slice(study, target=lambda t: t.values[1], target_name="v"),
        ]
    for plot in plots:
        assert plot().to_json()
    return len(plots)


def objective(trial: optuna.Trial) -> float:
    lr = trial.suggest_float("lr", 1e-5, 0.1, log=True)
    dropout = trial.suggest_float("dropout", 0.0, 0.5, step=0.1)
    units = trial.suggest_int("units", 32, 128, step=32)
    batch = trial.suggest_int("batch", 16, 512, log=True)
    optimizer = trial.suggest_categorical("optimizer", ["sgd", "adam", None, True, 3, 0.5, "na\u00efve"])
    for step in range(1, 4):
        trial.report(lr * step, step)
    return lr + dropout / 10 + units / 1000 + batch / 10000 + (optimizer == "adam")


def theirs_opens_ours(place: Place) -> None:
    place.example("make", "joint")
    joint = place.load("joint")
    check_same(joint, place.list("joint"))
    counts = Counter(t.state.name for t in joint.trials)
    assert counts == {"COMPLETE": 17, "PRUNED": 3, "FAIL": 1, "WAITING": 1}, counts
    assert joint.metric_names == ["val_accuracy"]
    ages = [datetime.datetime.now() - t.datetime_complete for t in joint.trials if t.datetime_complete]
    assert all(datetime.timedelta(seconds=-1) < age < datetime.timedelta(minutes=5) for age in ages), ages
    front = place.load("front")
    assert [d.name for d in front.directions] == ["MINIMIZE", "MAXIMIZE"] and front.best_trials
    drawn = plot_all(joint) + plot_all(front)
    if not place.ours.startswith("postgres"):
        runs = place.load("roundtrip")
        assert runs.best_trial.user_attrs["name"] == "Run 5" and "learning_rate" in runs.best_trial.params
        check_same(runs, place.list("roundtrip"))
        drawn += plot_all(runs)
    print(f"{place.label}: Optuna opens three of ours and draws {drawn} plots")


def theirs_continues_ours(place: Place) -> None:
    joint = place.load("joint")
    queued = next(t for t in joint.trials if t.state.name == "WAITING")
    joint.sampler = optuna.samplers.TPESampler(seed=1)
    joint.optimize(objective, n_trials=4)
    taken = joint.trials[queued.number]
    assert taken.state.name == "COMPLETE" and taken.params["lr"] == queued.params["lr"], taken
    assert len(joint.trials) == queued.number + 4
    done = place.example("create", "joint", "3").split()
    assert done == [str(queued.number + 4 + k) for k in range(3)], done
    joint = place.load("joint")
    check_same(joint, place.list("joint"))
    joint.optimize(objective, n_trials=1)
    print(f"{place.label}: Optuna ends our queued trial, and both go on by turns: {len(joint.trials)} trials")


def ours_continues_theirs(place: Place) -> None:
    study = optuna.create_study(
        study_name="theirs", storage=place.storage(heartbeat_interval=60), direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=0, n_startup_trials=4),
        pruner=optuna.pruners.SuccessiveHalvingPruner(),
    )
    study.set_user_attr("nan", float("nan"))

    def prunes(trial: optuna.Trial) -> float:
        value = objective(trial)
        if trial.number % 3 == 2:
            trial.set_user_attr("odd", [math.nan, math.inf, "NaN"])
            raise optuna.TrialPruned
        if trial.number == 4:
            raise ValueError("meant")
        trial.should_prune()
        return math.inf if trial.number == 6 else value

    study.optimize(prunes, n_trials=12, catch=ValueError)
    study.enqueue_trial({"lr": 0.01, "optimizer": "adam"}, user_attrs={"queued": True})
    rows = place.list("theirs")
    assert [r["state"] for r in rows][-2:] == ["complete" if 11 % 3 != 2 else "pruned", "waiting"]
    assert dict(rows[2]["user"]) == {"odd": ["NaN", "Infinity", "NaN"]}
    # Python's NaN in an attribute is a word to us, hence apart.
    for row in rows:
        row["user"] = list(study.trials[row["number"]].user_attrs.items())
    check_same(study, rows)
    assert place.example("claim", "theirs", "toile").split() == ["12"]
    assert place.example("create", "theirs", "2").split() == ["13", "14"]
    study = place.load("theirs")
    assert [t.state.name for t in study.trials[12:]] == ["COMPLETE"] * 3
    assert study.trials[12].user_attrs["queued"] is True
    study.optimize(objective, n_trials=2)
    assert len(study.trials) == 17
    print(f"{place.label}: toile lists and continues a study of Optuna's: {len(study.trials)} trials")


def the_dead(place: Place) -> None:
    """Whose heart has stopped: Optuna fails our trial, toile takes its own over."""
    before = len(place.list("theirs"))
    place.example("begin", "theirs")
    study = place.load("theirs", heartbeat_interval=1, grace_period=1)
    assert study.trials[before].state.name == "RUNNING"
    time.sleep(2.5)
    optuna.storages.fail_stale_trials(study)
    assert study.trials[before].state.name == "FAIL"
    assert place.example("take-over", "theirs", "0").split() == []
    place.example("begin", "theirs")
    time.sleep(0.2)
    assert place.example("take-over", "theirs", "0.1").split() == [str(before + 1)]
    trial = place.load("theirs").trials[before + 1]
    assert trial.state.name == "COMPLETE"
    assert place.list("theirs")[before + 1]["attempt"] == 2
    print(f"{place.label}: Optuna fails our dead trial, toile takes its own over")


def python_worker(theirs: str, results, start) -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.load_study(study_name="contest", storage=theirs)
    start.wait()
    while True:
        try:
            trial_id = study._pop_waiting_trial_id()
        except Exception as error:  # A locked file: Optuna's own default is to give up after five seconds.
            results.put(("error", repr(error)))
            continue
        if trial_id is None:
            return
        trial = optuna.trial.Trial(study, trial_id)
        results.put(("python", trial.number))
        try:
            study.tell(trial.number, 0.5, skip_if_finished=True)
        except Exception as error:
            results.put(("error", repr(error)))


def contest(place: Place) -> None:
    optuna.create_study(study_name="contest", storage=place.theirs, direction="maximize")
    study = place.load("contest")
    for k in range(60):
        study.enqueue_trial({"lr": 0.01})
    results = multiprocessing.Queue()
    start = multiprocessing.Barrier(5)
    workers = [multiprocessing.Process(target=python_worker, args=(place.theirs, results, start)) for _ in range(4)]
    for worker in workers:
        worker.start()
    start.wait()
    call = [EXAMPLE, "claim", place.ours, "contest"]
    ours = [subprocess.Popen([*call, f"w{k}", "150"], stdout=subprocess.PIPE, text=True) for k in range(4)]
    claimed: list[int] = []
    lost = 0
    for process in ours:
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        claimed += [int(line) for line in out.split("\n") if line.isdigit()]
        lost += out.count("lost")
    for worker in workers:
        worker.join(120)
    python: list[int] = []
    errors = 0
    while not results.empty():
        kind, value = results.get()
        if kind == "python":
            python.append(value)
        else:
            errors += 1
    assert len(set(claimed)) == len(claimed), "toile claimed a trial twice"
    assert all(t.state.name == "COMPLETE" for t in place.load("contest").trials)
    assert len(place.load("contest").trials) == 60
    assert sorted(python + claimed) == list(range(60)) and lost == 0, (sorted(python), sorted(claimed), lost)
    assert python and claimed, "this was no contest"
    print(
        f"{place.label}: of 60 queued trials toile ended {len(claimed)} and Optuna {len(python)}, each once; "
        f"{errors} errors in Python"
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def dashboard(place: Place) -> None:
    port = free_port()
    call = [str(Path(sys.executable).with_name("optuna-dashboard")), place.theirs, "--port", str(port)]
    server = subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def get(path: str):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
            return json.load(answer)

    try:
        for _ in range(100):
            try:
                studies = get("/api/studies")["study_summaries"]
                break
            except OSError:
                time.sleep(0.2)
        names = {study["study_name"]: study["study_id"] for study in studies}
        drawn = 0
        for name, study_id in names.items():
            detail = get(f"/api/studies/{study_id}")
            rows = place.list(name)
            assert len(detail["trials"]) == len(rows), name
            if name in ("joint", "roundtrip"):
                get(f"/api/studies/{study_id}/param_importances?evaluator=ped_anova")
                for plot in ["contour", "slice", "parallel_coordinate", "rank", "edf", "timeline"]:
                    get(f"/api/studies/{study_id}/plot/{plot}")
                    drawn += 1
        print(f"{place.label}: the dashboard lists {len(names)} studies and draws {drawn} plots")
    finally:
        server.terminate()
        server.wait()


def all_parts(place: Place) -> None:
    theirs_opens_ours(place)
    theirs_continues_ours(place)
    ours_continues_theirs(place)
    the_dead(place)
    contest(place)
    dashboard(place)


def main() -> None:
    os.environ["TZ"] = "America/New_York"  # Far from UTC, for times to go wrong by hours if they do.
    time.tzset()
    with tempfile.TemporaryDirectory() as folder:
        all_parts(Place(folder, f"sqlite:///{folder}/store.sqlite", "SQLite"))
    if len(sys.argv) > 2:
        import psycopg2

        name = f"toile_roundtrip_{os.getpid()}"
        admin = psycopg2.connect(sys.argv[2])
        admin.autocommit = True
        admin.cursor().execute(f"CREATE DATABASE {name}")
        url = sys.argv[2].rsplit("/", 1)[0] + f"/{name}"
        try:
            all_parts(Place(url, url.replace("postgres://", "postgresql+psycopg2://"), "PostgreSQL"))
        finally:
            admin.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")


if __name__ == "__main__":
    main()
