"""Writes cma.json, nsga2.json and gp.json: what the reference implementations answer.

Needs: pip install optuna==5.0.0 cmaes==0.13.1 scipy torch numpy
Usage: OMP_NUM_THREADS=1 python make_samplers.py
"""

import json
import math
import warnings
from pathlib import Path

import cmaes
import numpy as np
import optuna
import torch
from optuna._gp import acqf, gp, prior, search_space
from optuna.samplers.nsgaii import _elite_population_selection_strategy as elite
from optuna.study import StudyDirection

HERE = Path(__file__).parent


def write(name, value):
    (HERE / name).write_text(json.dumps(value) + "\n")


def cma_case(n, popsize=None):
    """Twenty generations of `cmaes` on a turned ellipsoid in the unit cube, each with the state after it."""
    rng = np.random.RandomState(n)
    turn = np.linalg.qr(rng.randn(n, n))[0]
    bounds = np.array([[0.0, 1.0]] * n)
    cma = cmaes.CMA(np.full(n, 0.5), 1 / 6, bounds, 10 * n, seed=n, population_size=popsize)
    generations = []
    for _ in range(20):
        xs = [cma.ask() for _ in range(cma.population_size)]
        fs = [float(np.sum((turn @ (x - 0.3)) ** 2 * 10.0 ** np.linspace(0, 3, n))) for x in xs]
        cma.tell([(x.copy(), f) for x, f in zip(xs, fs)])
        generations.append(
            {"x": [x.tolist() for x in xs], "f": fs, "mean": cma._mean.tolist(), "sigma": float(cma._sigma)}
        )
        if len(generations) % 5 == 0:
            generations[-1]["c"] = cma._C.tolist()
    return {"n": n, "population_size": popsize, "generations": generations}


def nsga2_case(seed, n, objectives, ties, constrained):
    rng = np.random.RandomState(seed)
    values = rng.rand(n, objectives)
    if ties:
        values = np.round(values * 4) / 4
    violations = np.where(rng.rand(n, 2) < 0.5, rng.rand(n, 2) - 0.2, -1.0) if constrained else np.zeros((n, 0))
    directions = [StudyDirection.MAXIMIZE if i == 1 else StudyDirection.MINIMIZE for i in range(objectives)]
    trials = [
        optuna.trial.FrozenTrial(
            number=i, trial_id=i, state=optuna.trial.TrialState.COMPLETE, value=None, values=v.tolist(),
            datetime_start=None, datetime_complete=None, params={}, distributions={}, user_attrs={},
            system_attrs={f"constraints:{k}": float(x) for k, x in enumerate(c)}, intermediate_values={},
        )
        for i, (v, c) in enumerate(zip(values, violations))
    ]
    fronts = elite._rank_population(trials, directions, is_constrained=constrained)
    ranks, crowding = [0] * n, [0.0] * n
    for rank, front in enumerate(fronts):
        distances = elite._calc_crowding_distance(list(front))
        for trial in front:
            ranks[trial.number], crowding[trial.number] = rank, distances[trial.number]
    crowding = ["inf" if math.isinf(c) else c for c in crowding]
    return {"values": values.tolist(), "violations": violations.tolist(), "ranks": ranks, "crowding": crowding}


def gp_case(seed, n, dims, categories):
    """Loss and gradient at a point, the fitted parameters, and log-EI with its gradient at other points."""
    rng = np.random.RandomState(seed)
    x = rng.rand(n, dims)
    is_categorical = np.zeros(dims, dtype=bool)
    if categories:
        is_categorical[-1] = True
        x[:, -1] = np.floor(x[:, -1] * categories)
    y = np.sin(5 * x[:, 0]) + x[:, -1] ** 2 + 0.05 * rng.randn(n)
    y = (y - y.mean()) / y.std()
    to = torch.from_numpy
    raw = rng.randn(dims + 2) * 0.7 + np.array([0.0] * dims + [0.0, -3.0])
    tensor = to(raw).requires_grad_(True)
    scales, noise = torch.exp(tensor), torch.exp(tensor[dims + 1]) + prior.DEFAULT_MINIMUM_NOISE_VAR
    model = gp.GPRegressor(to(is_categorical), to(x), to(y), scales[:dims], scales[dims], noise)
    loss = -model.marginal_log_likelihood() - prior.default_log_prior(model)
    loss.backward()
    fitted = gp.fit_kernel_params(x, y, is_categorical, prior.default_log_prior, 1e-6, False)
    best = -fitted.marginal_log_likelihood() - prior.default_log_prior(fitted)
    fixed = gp.GPRegressor(to(is_categorical), to(x), to(y), scales[:dims].detach(), scales[dims].detach(), noise.detach())
    fixed._cache_matrix()
    space = search_space.SearchSpace({f"x{i}": optuna.distributions.FloatDistribution(0, 1) for i in range(dims)})
    running = rng.rand(2, dims)
    running[:, is_categorical] = 0.0
    at = rng.rand(12, dims)
    at[:, is_categorical] = np.floor(at[:, is_categorical] * max(categories, 1))
    at[0] = x[0]

    def look(regressor, threshold):
        point = to(at.copy()).requires_grad_(True)
        mean, var = regressor.posterior(point)
        value = acqf.LogEI(regressor, space, threshold).eval_acqf(point)
        value.sum().backward()
        gradient = point.grad.numpy()
        gradient[:, is_categorical] = 0.0
        # Far below the threshold PyTorch differentiates the branch not taken: 0 times infinity.
        gradient = [None if np.isnan(g).any() else g.tolist() for g in gradient]
        return {
            "threshold": threshold, "mean": mean.tolist(), "var": var.tolist(),
            "log_ei": value.tolist(), "gradient": gradient,
        }

    looks = [look(fixed, t) for t in (float(y.max()), float(y.max()) + 30.0)]
    fixed.append_running_data(to(running), fixed.posterior(to(running))[0])
    looks.append(look(fixed, float(y.max())))
    return {
        "x": x.tolist(), "y": y.tolist(), "categorical": is_categorical.tolist(), "raw": raw.tolist(),
        "loss": loss.item(), "gradient": tensor.grad.tolist(), "best_loss": best.item(),
        "running": running.tolist(), "at": at.tolist(), "looks": looks,
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    write("cma.json", [cma_case(2), cma_case(5), cma_case(10), cma_case(5, 11)])
    shapes = [(1, 30, 2, False, False), (2, 40, 3, False, False), (3, 40, 2, True, False), (4, 40, 2, False, True), (5, 30, 1, True, True)]
    write("nsga2.json", [nsga2_case(*shape) for shape in shapes])
    write("gp.json", [gp_case(1, 12, 1, 0), gp_case(2, 30, 3, 0), gp_case(3, 25, 3, 3)])
