"""Makes tpe.json: studies of Optuna 5.0.0 whose every suggestion the TPE sampler with `numpy_compatible` has to repeat.

    pip install optuna==5.0.0
    python make_tpe.py

With groups Optuna takes a running trial to have also the parameters that it was never asked for (of groups that its
other parameters rule out); here it has not. Two things in Optuna depend on the processor, and are made definite here:
it sorts equal observations with an unstable sort (made stable, in its Parzen estimator only), and of candidates that are
equally good it takes the one that rounding favours (the first of those that are within 1e-10 of the best; this is
frequent where a categorical parameter is proposed alone).

A case: the sampler's settings, the seed, the directions, the space as toile writes it, and its trials as rows of state,
parameters in the order of the space (null: the trial does not have it), values, reports, constraints. The last
`running` trials are asked for before any of them is told. `fixed`: parameters that
Optuna's PartialFixedSampler fixes. `last`: what the last proposal was made of, by parameter.
"""

import json
import math
import warnings
from pathlib import Path

import numpy
import optuna
from optuna.samplers._tpe import parzen_estimator, sampler as tpe

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)


class Stable:
    """NumPy with a stable `argsort`."""

    def __getattr__(self, name):
        return getattr(numpy, name)

    @staticmethod
    def argsort(a, **options):
        return numpy.argsort(a, kind="stable", **options)


def compare(samples, acquisition):
    """Optuna's `_compare`, but for the tie."""
    first = int(numpy.argmax(acquisition >= acquisition.max() - 1e-10))
    return {name: column[first].item() for name, column in samples.items()}


parzen_estimator.np = Stable()
tpe.TPESampler._compare = staticmethod(compare)

Float, Int = optuna.distributions.FloatDistribution, optuna.distributions.IntDistribution
Choice = optuna.distributions.CategoricalDistribution

MIXED = [
    ("lr", Float(1e-5, 1e-1, log=True), []),
    ("dropout", Float(0.0, 0.5, step=0.1), []),
    ("momentum", Float(0.0, 0.99), []),
    ("units", Int(32, 128, step=32), []),
    ("batch", Int(16, 512, log=True), []),
    ("optimizer", Choice(["sgd", "adam", "nadam", "rmsprop"]), []),
]
CONDITIONAL = [
    ("optimizer", Choice(["sgd", "adam", "rmsprop"]), []),
    ("lr", Float(1e-5, 1e-1, log=True), []),
    ("momentum", Float(0.0, 0.99), [("optimizer", {"choice": 0})]),
    ("layers", Int(1, 3), []),
    ("units 1", Int(8, 256, log=True), [("layers", {"at_least": 1.0})]),
    ("units 2", Int(8, 256, log=True), [("layers", {"at_least": 2.0})]),
    ("units 3", Int(8, 256, log=True), [("layers", {"at_least": 3.0})]),
    ("batch", Choice([64]), []),
    ("nesterov", Choice([False, True]), [("optimizer", {"choice": 0}), ("layers", {"at_least": 2.0})]),
]


def holds(condition, internal):
    parent, rule = condition
    value = internal.get(parent)
    if value is None:
        return False
    return value == rule["choice"] if "choice" in rule else value >= rule["at_least"]


def suggest(trial, name, distribution):
    if isinstance(distribution, Choice):
        return trial.suggest_categorical(name, distribution.choices)
    if isinstance(distribution, Float):
        return trial.suggest_float(
            name, distribution.low, distribution.high, step=distribution.step, log=distribution.log
        )
    return trial.suggest_int(name, distribution.low, distribution.high, step=distribution.step, log=distribution.log)


def ask(trial, space):
    internal = {}
    for name, distribution, when in space:
        if all(holds(condition, internal) for condition in when):
            internal[name] = distribution.to_internal_repr(suggest(trial, name, distribution))
    return internal


def fraction(distribution, value):
    if isinstance(distribution, Choice):
        return value / max(len(distribution.choices) - 1, 1)
    low, high = distribution.low, distribution.high
    if distribution.log:
        return math.log(value / low) / math.log(high / low)
    return (value - low) / (high - low)


def losses(space, internal, objectives):
    """Smooth, with a place of its own for each parameter and each objective."""
    known = [(i, fraction(d, internal[n])) for i, (n, d, _) in enumerate(space) if n in internal]
    place = [0.3, 0.75, 0.1]
    return [sum((x - (place[k] + 0.13 * i) % 1.0) ** 2 * (1 + i / 3) for i, x in known) for k in range(objectives)]


def case(
    name,
    space=MIXED,
    seed=0,
    directions=("minimize",),
    trials=60,
    running=0,
    pruned=False,
    failed=False,
    constrained=False,
    coarse=False,
    explain=False,
    fixed=None,
    **settings,
):
    all_settings = dict(n_startup_trials=10, n_ei_candidates=24, multivariate=True, group=False, constant_liar=True)
    all_settings |= settings
    sampler = optuna.samplers.TPESampler(seed=seed, **all_settings)
    if sampler._group:
        sampler._get_params = lambda trial, study: trial.params
    if fixed:
        sampler = optuna.samplers.PartialFixedSampler(fixed, sampler)
    study = optuna.create_study(directions=list(directions), sampler=sampler)
    last = {}
    spy(last) if explain else None
    rows = []
    for number in range(trials):
        trial = study.ask()
        internal = ask(trial, space)
        row = {"state": "complete", "reports": [], "constraints": []}
        row["values"] = losses(space, internal, len(directions))
        if coarse:
            row["values"] = [round(value, 1) for value in row["values"]]
        row["values"] = [v if d == "minimize" else -v for v, d in zip(row["values"], directions)]
        if constrained and number % 3 != 0:
            row["constraints"] = [internal["units"] / 64 - 1.5, internal["dropout"] - 0.35]
            for i, value in enumerate(row["constraints"]):
                trial.set_constraint(str(i), value)
        if number >= trials - running:
            row |= {"state": "running", "values": [], "constraints": []}
        elif failed and number % 7 == 4:
            row |= {"state": "failed", "values": []}
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        elif pruned and number % 3 == 1:
            steps = range(number % 5)
            row["reports"] = [[s, None if (number + s) % 8 == 7 else row["values"][0] + 1 / (s + 1)] for s in steps]
            for step, value in row["reports"]:
                trial.report(math.nan if value is None else value, step)
            row |= {"state": "pruned", "values": []}
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        else:
            study.tell(trial, row["values"])
        params = [internal.get(name) for name, _, _ in space]
        rows.append([row["state"], params, row["values"], row["reports"], row["constraints"]])
    result = {
        "name": name,
        "settings": all_settings | {"numpy_compatible": True},
        "seed": seed,
        "directions": list(directions),
        "space": {"params": [param(*entry) for entry in space]},
        "running": running,
        "fixed": {n: d.to_internal_repr(fixed[n]) for n, d, _ in space if n in (fixed or {})},
        "trials": rows,
    }
    return result | ({"last": last} if explain else {})


def param(name, distribution, when):
    return {
        "name": name,
        "distribution": json.loads(optuna.distributions.distribution_to_json(distribution)),
        "when": [{"parent": parent, "is": rule} for parent, rule in when],
    }


SPLIT, ACQUIRE = tpe._split_trials, tpe.TPESampler._compute_acquisition_func


def spy(last):
    """Has Optuna write down what it does, until the next case."""

    def split(study, trials, n_below):
        below, above = SPLIT(study, trials, n_below)
        last["below"], last["above"] = [[trial.number for trial in side] for side in (below, above)]
        return below, above

    def acquire(self, samples, below, above):
        last["l"], last["g"] = kernels(below), kernels(above)
        last["candidates"] = {name: column.tolist() for name, column in samples.items()}
        last["ln_l"], last["ln_g"] = below.log_pdf(samples).tolist(), above.log_pdf(samples).tolist()
        return ACQUIRE(self, samples, below, above)

    tpe._split_trials, tpe.TPESampler._compute_acquisition_func = split, acquire


def kernels(estimator):
    mixture = estimator._mixture_distribution
    axes = {}
    for name, axis in zip(estimator._search_space, mixture.distributions):
        if hasattr(axis, "mu"):
            axes[name] = {"mean": axis.mu.tolist(), "deviation": axis.sigma.tolist()}
        else:
            axes[name] = {"probability": axis.weights.tolist()}
    return {"weights": mixture.weights.tolist(), "axes": axes}


def cases():
    both = ("minimize", "maximize")
    yield case("what a proposal is made of", seed=0, trials=24, explain=True)
    late = dict(seed=3, trials=60, directions=("maximize",), pruned=True)
    yield case("what a late proposal is made of", **late, explain=True)
    for seed in (0, 42, 20_261_122):
        yield case(f"minimize, seed {seed}", seed=seed)
        yield case(f"maximize, seed {seed}", seed=seed, directions=("maximize",))
    yield case("equal values", seed=1, coarse=True)
    yield case("pruned trials", seed=5, pruned=True)
    yield case("pruned trials, maximize", seed=6, pruned=True, directions=("maximize",))
    yield case("pruned and failed trials", seed=7, pruned=True, failed=True)
    yield case("constraints", seed=8, constrained=True)
    yield case("constraints and pruned trials", seed=9, constrained=True, pruned=True)
    yield case("one by one", seed=10, multivariate=False)
    yield case("a conditional space", CONDITIONAL, seed=11)
    yield case("a conditional space, failures", CONDITIONAL, seed=12, failed=True, pruned=True)
    yield case("a conditional space one by one", CONDITIONAL, seed=13, multivariate=False)
    yield case("groups", CONDITIONAL, seed=14, group=True)
    yield case("groups and failures", CONDITIONAL, seed=15, group=True, failed=True)
    yield case("two objectives", seed=16, directions=both)
    yield case("two objectives one by one", seed=17, directions=both, multivariate=False)
    yield case("two objectives, equal values", seed=18, directions=both, coarse=True)
    yield case("two objectives, constraints", seed=19, directions=both, constrained=True)
    yield case("three objectives", seed=20, directions=("minimize", "maximize", "minimize"), trials=80)
    yield case("three objectives, equal values", seed=21, directions=("minimize",) * 3, coarse=True)
    yield case("trials under way", seed=22, trials=40, running=8)
    yield case("trials under way one by one", seed=23, trials=40, running=8, multivariate=False)
    yield case("trials under way, conditional", CONDITIONAL, seed=24, trials=40, running=8)
    yield case("trials under way, groups", CONDITIONAL, seed=25, trials=40, running=8, group=True)
    yield case("trials under way that are not looked at", seed=26, trials=40, running=8, constant_liar=False)
    yield case("some fixed", seed=29, fixed={"optimizer": "adam", "units": 64})
    yield case("some fixed, groups", CONDITIONAL, seed=30, fixed={"layers": 2, "lr": 0.01}, group=True)
    yield case("other numbers", seed=27, n_startup_trials=3, n_ei_candidates=7, trials=40)
    yield case("beyond twenty-five good ones", seed=28, trials=300)


if __name__ == "__main__":
    lines = []
    for made in cases():
        tpe._split_trials, tpe.TPESampler._compute_acquisition_func = SPLIT, ACQUIRE
        lines.append(json.dumps(made, separators=(",", ":")))
    path = Path(__file__).parent / "tpe.json"
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n")
