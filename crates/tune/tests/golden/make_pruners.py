"""Makes pruners.json: what Optuna's pruners decide, for `cargo test -p toile-tune --test all pruners::`.

    pip install optuna==5.0.0 scipy==1.17.1
    python make_pruners.py

Each case is a study told step by step, with several trials running at once: curves are random but fixed, rounded so
that values tie, with NaN and infinities among them, steps left out, trials that fail, trials that go on although they
were told to stop. After each report Optuna is asked whether the trial should be pruned. An event is one of

    [number, step, value, pruned]                  a report, and the decision after it
    [number, state, value, rungs, constraints]     the trial's end, with the values with which it completed rungs

where `fresh` is true, each question goes to a pruner object that has just been made, as in a worker that has just been
started: Optuna's objects keep what `auto` was when they first looked. Numbers that JSON lacks are written as strings.
"""

import json
import math
import random
import warnings
from pathlib import Path

import optuna
from optuna import pruners
from optuna.trial import TrialState

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)
HERE = Path(__file__).parent


def build(spec):
    """Optuna's pruner for our spelling of it."""
    (kind, settings), = spec.items()
    settings = dict(settings)
    if kind == "median":
        return pruners.MedianPruner(**settings)
    if kind == "percentile":
        return pruners.PercentilePruner(**settings)
    if kind == "successive_halving":
        settings.setdefault("min_resource", "auto")
        return pruners.SuccessiveHalvingPruner(**settings)
    if kind == "hyperband":
        settings.setdefault("max_resource", "auto")
        return pruners.HyperbandPruner(**settings)
    if kind == "patient":
        inner = settings.pop("pruner", None)
        return pruners.PatientPruner(inner and build(inner), **settings)
    if kind == "threshold":
        return pruners.ThresholdPruner(**settings)
    return pruners.WilcoxonPruner(**settings)


def plain(value):
    """A number as JSON can hold it."""
    if value is None or math.isfinite(value):
        return value
    return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"


def curve(rng, case):
    """Steps and values of one trial, all that it would report if nobody stopped it."""
    quality, fall, speed = rng.random(), rng.uniform(0.2, 1.5), rng.uniform(1, 6)
    noise = rng.choice([0.0, 0.05, 0.2])
    rise = case["rise"] * rng.random()
    length = case["steps"] if case["equal"] else rng.randint(max(1, case["steps"] // 3), case["steps"])
    told = []
    for i in range(length):
        if rng.random() < case["missing"] and not (case["equal"] and i == length - 1):
            continue
        value = quality + fall * math.exp(-i / speed) + rise * i + rng.gauss(0, noise)
        value = round(-value if case["direction"] == "maximize" else value, case["digits"])
        if rng.random() < case["outliers"]:
            value += 20 if case["direction"] == "maximize" else -20
        if rng.random() < case["odd"]:
            value = rng.choice([math.nan, math.nan, math.inf, -math.inf])
        told.append((case["first"] + i * case["stride"], value))
    if case["odd"] and rng.random() < 0.08:
        told = [(step, math.nan) for step, _ in told]
    if case["shuffled"] and len(told) > 2 and rng.random() < 0.3:
        i = rng.randrange(len(told) - 1)
        told[i], told[i + 1] = told[i + 1], told[i]
    return told


def end(study, trial, state, told, rng, case):
    value = None
    if state == TrialState.COMPLETE:
        known = [v for _, v in told if not math.isnan(v)]
        mean = sum(known) / len(known) if known else 0.0
        # The number in the last digits: no two trials tie for the best, where Optuna takes the one that ended first.
        value = (mean if math.isfinite(mean) else known[-1]) + trial.number * 1e-9
    constraints = []
    if case["constrained"]:
        constraints = [rng.choice([-1.0, 0.0, 0.5])]
        trial.set_constraint("c", constraints[0])
    study.tell(trial, value, state=state)
    attrs = study._storage.get_trial_system_attrs(trial._trial_id)
    rungs = [attrs[f"completed_rung_{k}"] for k in range(sum(key.startswith("completed_rung_") for key in attrs))]
    spelled = "failed" if state == TrialState.FAIL else state.name.lower()
    return [trial.number, spelled, plain(value), [plain(v) for v in rungs], constraints]


def play(name, case):
    rng = random.Random(name)
    study = optuna.create_study(study_name=case["search"], direction=case["direction"])
    study.pruner = build(case["pruner"])
    running, events, asked = [], [], 0
    while asked < case["trials"] or running:
        if asked < case["trials"] and len(running) < case["parallel"] and (not running or rng.random() < 0.5):
            running.append((study.ask(), curve(rng, case), []))
            asked += 1
            continue
        place = rng.randrange(len(running))
        trial, left, told = running[place]
        state = TrialState.FAIL if rng.random() < 0.01 else None
        if not left:
            state = TrialState.COMPLETE
        if state is None:
            step, value = left.pop(0)
            told.append((step, value))
            trial.report(value, step)
            if case["fresh"]:
                study.pruner = build(case["pruner"])
            pruned = bool(trial.should_prune())
            events.append([trial.number, step, plain(value), int(pruned)])
            if pruned and rng.random() < case["obeys"]:
                state = TrialState.PRUNED
        if state is not None:
            events.append(end(study, trial, state, told, rng, case))
            running.pop(place)
    return {"name": name, "search": case["search"], "direction": case["direction"], "pruner": case["pruner"],
            "fresh": case["fresh"], "events": events}


USUAL = {"search": "joint", "trials": 18, "steps": 12, "first": 1, "stride": 1, "parallel": 3, "missing": 0.1,
         "odd": 0.05, "digits": 1, "obeys": 0.7, "equal": False, "fresh": False, "shuffled": True, "constrained": False,
         "rise": 0.0, "outliers": 0.0}
FEW = {"n_startup_trials": 2}
PRUNERS = [
    ("median", {"median": {}}, {}),
    ("median, first step 0", {"median": {**FEW}}, {"first": 0}),
    ("median, exact ties", {"median": {**FEW}}, {"digits": 0, "odd": 0, "parallel": 1}),
    ("median, warm-up and interval", {"median": {**FEW, "n_warmup_steps": 3, "interval_steps": 4}}, {"missing": 0.3}),
    ("median, four at least", {"median": {"n_startup_trials": 0, "n_min_trials": 4}}, {"missing": 0.4}),
    ("percentile 25", {"percentile": {"percentile": 25.0, **FEW}}, {"odd": 0.15}),
    ("percentile 70", {"percentile": {"percentile": 70.0, "n_startup_trials": 0, "interval_steps": 2}}, {"digits": 3}),
    ("percentile 0", {"percentile": {"percentile": 0.0, **FEW}}, {"odd": 0.1}),
    ("percentile 100", {"percentile": {"percentile": 100.0, **FEW}}, {}),
    ("halving", {"successive_halving": {"min_resource": 1}}, {}),
    ("halving by 2", {"successive_halving": {"min_resource": 1, "reduction_factor": 2}}, {"steps": 17}),
    ("halving from 3", {"successive_halving": {"min_resource": 3, "reduction_factor": 3}}, {"first": 0, "steps": 30}),
    ("halving, late", {"successive_halving": {"min_resource": 1, "reduction_factor": 2, "min_early_stopping_rate": 2}},
     {"steps": 17}),
    ("halving, bootstrap", {"successive_halving": {"min_resource": 2, "reduction_factor": 2, "bootstrap_count": 3}}, {}),
    ("halving, auto", {"successive_halving": {"reduction_factor": 2}}, {"equal": True}),
    ("halving, auto, lengths differ", {"successive_halving": {"reduction_factor": 2}},
     {"fresh": True, "stride": 37, "steps": 14}),
    ("hyperband of 27", {"hyperband": {"max_resource": 27}}, {"steps": 27, "trials": 24, "missing": 0.3}),
    ("hyperband of 50", {"hyperband": {"max_resource": 50, "min_resource": 2, "reduction_factor": 4}},
     {"stride": 3, "steps": 17, "trials": 24, "search": "größer: 日本"}),
    ("hyperband of 243", {"hyperband": {"max_resource": 243}}, {"stride": 20, "steps": 12, "trials": 24}),
    ("hyperband, bootstrap", {"hyperband": {"max_resource": 9, "bootstrap_count": 2}}, {"steps": 9, "trials": 24}),
    ("hyperband, too little", {"hyperband": {"max_resource": 3, "min_resource": 9}}, {"trials": 6}),
    ("hyperband, auto", {"hyperband": {}}, {"equal": True, "trials": 24}),
    ("hyperband, auto, lengths differ", {"hyperband": {"reduction_factor": 2}}, {"fresh": True, "trials": 24}),
    ("patience", {"patient": {"patience": 2}}, {"digits": 2, "rise": 0.2}),
    ("patience 0", {"patient": {"patience": 0, "min_delta": 0.1}}, {"odd": 0.2}),
    ("patience, delta", {"patient": {"patience": 1, "min_delta": 0.2}}, {"rise": 0.4}),
    ("patient median", {"patient": {"pruner": {"median": {**FEW}}, "patience": 1}}, {"digits": 2, "rise": 0.3}),
    ("patient halving", {"patient": {"pruner": {"successive_halving": {"min_resource": 1, "reduction_factor": 2}},
                                     "patience": 1}}, {"digits": 2, "steps": 16, "rise": 0.3}),
    ("threshold above", {"threshold": {"upper": 1.5}}, {"odd": 0.15}),
    ("threshold below", {"threshold": {"lower": -0.9}}, {"odd": 0.15}),
    ("threshold, both", {"threshold": {"lower": -1.0, "upper": 1.0, "n_warmup_steps": 4, "interval_steps": 3}}, {}),
    ("wilcoxon", {"wilcoxon": {}}, {"odd": 0.005, "digits": 3, "missing": 0.0, "shuffled": False}),
    ("wilcoxon, ties", {"wilcoxon": {"p_threshold": 0.2, "n_startup_steps": 0}},
     {"odd": 0, "steps": 20, "shuffled": False}),
    ("wilcoxon, zeros", {"wilcoxon": {"p_threshold": 0.3}},
     {"odd": 0, "steps": 18, "digits": 0, "shuffled": False, "trials": 24}),
    ("wilcoxon, outliers", {"wilcoxon": {"p_threshold": 0.3}},
     {"odd": 0, "steps": 15, "shuffled": False, "outliers": 0.05}),
    ("wilcoxon, from the first", {"wilcoxon": {"p_threshold": 0.9, "n_startup_steps": 0}}, {"odd": 0, "shuffled": False}),
    ("wilcoxon, long", {"wilcoxon": {"p_threshold": 0.05}},
     {"odd": 0, "steps": 60, "shuffled": False, "trials": 10, "obeys": 0.02, "missing": 0.02}),
    ("wilcoxon, constrained", {"wilcoxon": {"p_threshold": 0.25, "n_startup_steps": 4}},
     {"odd": 0, "constrained": True, "digits": 2, "shuffled": False, "trials": 24}),
]


def main():
    cases = []
    for name, pruner, settings in PRUNERS:
        for direction in ("minimize", "maximize"):
            case = {**USUAL, **settings, "pruner": pruner, "direction": direction}
            cases.append(play(f"{name}, {direction}", case))
    lines = ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases)
    (HERE / "pruners.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    looks = [event for case in cases for event in case["events"] if len(event) == 4]
    print(f"{len(cases)} cases, {len(looks)} decisions, {sum(event[3] for event in looks)} to prune")
    for case in cases:
        looks = [event for event in case["events"] if len(event) == 4]
        print(f"  {case['name']}: {sum(event[3] for event in looks)} of {len(looks)}")


if __name__ == "__main__":
    main()
