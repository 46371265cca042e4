"""Makes budget.json, for `cargo test -p toile-tune --test all budget::`.

    pip install optuna==5.0.0
    python make_budget.py

`expected`: the best of n values, by going through all ways to draw them, in fractions. The rest is Optuna's: the front of
`best_trials`, the hypervolume, the curves behind the plots of the optimisation history and of the distribution function.
"""

import itertools
import json
import random
from fractions import Fraction
from pathlib import Path

import numpy as np
import optuna
from optuna._hypervolume import compute_hypervolume
from optuna.trial import TrialState, create_trial
from optuna.visualization._edf import _get_edf_info
from optuna.visualization._optimization_history import _get_optimization_history_info_list

optuna.logging.set_verbosity(optuna.logging.ERROR)
HERE = Path(__file__).parent


def quantile(bests, q):
    """The smallest value, from the worst on, at or below which a share q of the draws lies."""
    return bests[min(-(-q.numerator * len(bests) // q.denominator), len(bests)) - 1]


def expected(values, direction):
    best, worst_first = (max, sorted) if direction == "maximize" else (min, lambda x: sorted(x, reverse=True))
    exact, curve = [Fraction(v) for v in values], []
    for n in range(1, len(values) + 1):
        drawn = worst_first(best(draw) for draw in itertools.product(exact, repeat=n))
        subsets = [best(draw) for draw in itertools.combinations(exact, n)]
        ends = sorted(float(quantile(drawn, q)) for q in (Fraction(25, 1000), Fraction(975, 1000)))
        curve.append([float(sum(drawn) / len(drawn)), float(sum(subsets) / len(subsets)), *ends])
    return {"values": values, "direction": direction, "curve": curve}


def front(rng, objectives, count, digits):
    directions = [rng.choice(["minimize", "maximize"]) for _ in range(objectives)]
    study = optuna.create_study(directions=directions)
    points = [[round(rng.random(), digits) for _ in directions] for _ in range(count)]
    for point in points:
        study.add_trial(create_trial(values=point, params={}, distributions={}))
    case = {"directions": directions, "points": points, "front": [t.number for t in study.best_trials]}
    if objectives == 2:
        signs = np.array([1.0 if d == "minimize" else -1.0 for d in directions])
        reference = [0.9 if d == "minimize" else 0.1 for d in directions]
        # Optuna wants points that are not beyond the reference point.
        losses = np.array([p for p in np.array(points) * signs if (p <= np.array(reference) * signs).all()])
        case |= {"reference": reference, "hypervolume": float(compute_hypervolume(losses, np.array(reference) * signs))}
    return case


def history(rng, direction):
    study = optuna.create_study(direction=direction)
    trials = []
    for _ in range(40):
        state = rng.choice([TrialState.COMPLETE] * 5 + [TrialState.PRUNED, TrialState.FAIL])
        value = round(rng.random(), 2) if state == TrialState.COMPLETE else None
        constraint = rng.choice([-1.0, 0.0, 0.0, 1.0])
        study.add_trial(create_trial(state=state, value=value, params={}, distributions={},
                                     system_attrs={"constraints": [constraint]}))
        trials.append([{"FAIL": "failed"}.get(state.name, state.name.lower()), value, constraint])
    info = _get_optimization_history_info_list(study, None, "value", False)[0]
    best = [None if not np.isfinite(v) else float(v) for v in info.best_values_info.values]
    edf = _get_edf_info(study)
    points = [[float(x), float(y)] for x, y in zip(edf.x_values, edf.lines[0].y_values)]
    return {"direction": direction, "trials": trials, "best": best, "distribution": points}


def main():
    rng = random.Random("budget")
    cases = {
        "expected": [expected(values, direction) for direction in ("minimize", "maximize")
                     for values in ([0.5], [0.3, 0.1], [0.25, 0.5, 0.125, 0.5, 0.75], [0.9, 0.8, 0.7, 0.1, 0.2, 0.3])],
        "fronts": [front(rng, objectives, count, digits) for objectives in (1, 2, 3) for count in (1, 30)
                   for digits in (1, 3)],
        "histories": [history(rng, direction) for direction in ("minimize", "maximize")],
    }
    (HERE / "budget.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n", encoding="utf-8")
    print({key: len(value) for key, value in cases.items()})


if __name__ == "__main__":
    main()
