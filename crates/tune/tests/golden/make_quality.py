"""Writes quality.json: how good Optuna's samplers are on well-known functions.

Needs: pip install optuna==5.0.0 cmaes==0.13.1 scipy torch numpy
Usage: OMP_NUM_THREADS=1 python make_quality.py

For each sampler and function the best value (or the hypervolume) of 20 searches, sorted: seeds 0 to 19.
"""

import json
import logging
import math
import sys
import warnings
from pathlib import Path

import optuna
from optuna.samplers import CmaEsSampler, GPSampler, NSGAIISampler, RandomSampler

HERE = Path(__file__).parent
SEEDS = range(20)
A = [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
P = [
    [1312, 1696, 5569, 124, 8283, 5886],
    [2329, 4135, 8307, 3736, 1004, 9991],
    [2348, 1451, 3522, 2883, 3047, 6650],
    [4047, 8828, 8732, 5743, 1091, 381],
]


def floats(trial, n, low, high):
    return [trial.suggest_float(f"x{i}", low, high) for i in range(n)]


def sphere(trial):
    return sum(x * x for x in floats(trial, 5, -5, 5))


def branin(trial):
    x, y = trial.suggest_float("x0", -5, 10), trial.suggest_float("x1", 0, 15)
    b, c, t = 5.1 / (4 * math.pi**2), 5 / math.pi, 1 / (8 * math.pi)
    return (y - b * x * x + c * x - 6) ** 2 + 10 * (1 - t) * math.cos(x) + 10


def hartmann6(trial):
    x = floats(trial, 6, 0, 1)
    rows = zip([1, 1.2, 3, 3.2], A, P)
    return -sum(a * math.exp(-sum(w * (u - p / 1e4) ** 2 for u, w, p in zip(x, row, at))) for a, row, at in rows)


def rosenbrock(trial):
    x = floats(trial, 4, -2, 2)
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in zip(x, x[1:]))


def mixed(trial):
    """Shaped like the tuning of a network: a logarithm, steps, integers, names."""
    lr = trial.suggest_float("lr", 1e-5, 1, log=True)
    units = trial.suggest_int("units", 16, 512, step=16)
    layers = trial.suggest_int("layers", 1, 5)
    kind = ["sgd", "adam", "rmsprop"].index(trial.suggest_categorical("optimizer", ["sgd", "adam", "rmsprop"]))
    best, cost = [-1.0, -3.0, -2.5][kind], [0.2, 0.0, 0.1][kind]
    return (math.log10(lr) - best) ** 2 + ((units - 256) / 256) ** 2 + 0.1 * (layers - 3) ** 2 + cost


def zdt1(trial):
    x = floats(trial, 6, 0, 1)
    g = 1 + 9 * sum(x[1:]) / 5
    return x[0], g * (1 - math.sqrt(x[0] / g))


def hypervolume(points, ref=(1.1, 11.0)):
    area, height = 0.0, ref[1]
    for x, y in sorted(points):
        if x < ref[0] and y < height:
            area += (ref[0] - x) * (height - y)
            height = y
    return area


PLAN = {
    "cma_es": (lambda s: CmaEsSampler(seed=s, warn_independent_sampling=False), 100, [sphere, branin, hartmann6, rosenbrock, mixed]),
    "nsga2": (lambda s: NSGAIISampler(seed=s, population_size=20), 200, [zdt1]),
    "random": (lambda s: RandomSampler(seed=s), 100, [sphere, branin, hartmann6, rosenbrock, mixed]),
    "random2": (lambda s: RandomSampler(seed=s), 200, [zdt1]),
    "gp": (lambda s: GPSampler(seed=s), 50, [sphere, branin, hartmann6, rosenbrock, mixed]),
}


def search(make, n_trials, function, seed):
    directions = ["minimize"] * (2 if function is zdt1 else 1)
    study = optuna.create_study(sampler=make(seed), directions=directions)
    study.optimize(function, n_trials=n_trials)
    if function is zdt1:
        return hypervolume([t.values for t in study.trials])
    return study.best_value


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(logging.ERROR)
    out = {}
    for name, (make, n_trials, functions) in PLAN.items():
        for function in functions:
            best = sorted(search(make, n_trials, function, seed) for seed in SEEDS)
            out.setdefault(name, {"n_trials": n_trials})[function.__name__] = best
            print(name, function.__name__, best[5], best[10], best[14], file=sys.stderr, flush=True)
            (HERE / "quality.json").write_text(json.dumps(out, indent=1) + "\n")
