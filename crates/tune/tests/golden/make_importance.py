"""Makes importance.json: PED-ANOVA's numbers by Optuna, for `cargo test -p toile-tune --test all importance::`.

    pip install optuna==5.0.0
    python make_importance.py

Each case is a study of trials drawn at random (values rounded, so that the file is small and values tie), and what
`optuna.importance.get_param_importances` says of it with its defaults. A trial is [state, value, {parameter: internal
value}]; numbers that JSON lacks are written as strings.
"""

import json
import math
import random
import warnings
from pathlib import Path

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution, distribution_to_json
from optuna.trial import TrialState, create_trial

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)
HERE = Path(__file__).parent

RATE = FloatDistribution(1e-5, 1e-1, log=True)
DROPOUT = FloatDistribution(0.0, 0.5)
STEPPED = FloatDistribution(0.1, 0.9, step=0.1)
UNITS = IntDistribution(16, 512, step=16)
LAYERS = IntDistribution(1, 4)
FILTERS = IntDistribution(8, 256, log=True)
WIDE = IntDistribution(0, 1000)
OPTIMIZER = CategoricalDistribution(["sgd", "adam", "nadam"])
BATCH = CategoricalDistribution([32, 64, 128, 256])
ONE = CategoricalDistribution(["relu"])


def when(parent, **demand):
    return {"parent": parent, "is": demand}


FLAT = {"rate": RATE, "dropout": DROPOUT}
DISCRETE = {"units": UNITS, "layers": LAYERS, "filters": FILTERS, "wide": WIDE, "stepped": STEPPED}
MIXED = {"optimizer": OPTIMIZER, "batch": BATCH, "rate": RATE, "activation": ONE,
         "momentum": FloatDistribution(0.9, 0.9)}
BY_OPTIMIZER = {"optimizer": OPTIMIZER, "sgd": (RATE, [when("optimizer", choice=0)]),
                "adam": (FloatDistribution(1e-4, 1e-2, log=True), [when("optimizer", choice=1)]), "dropout": DROPOUT}
BY_DEPTH = {"layers": LAYERS, "units 1": UNITS, "units 2": (UNITS, [when("layers", at_least=2)]),
            "units 3": (UNITS, [when("layers", at_least=3)]), "units 4": (BATCH, [when("layers", at_least=4)])}


def draw(rng, d):
    if isinstance(d, CategoricalDistribution):
        return rng.randrange(len(d.choices))
    if isinstance(d, IntDistribution):
        if d.log:
            return min(max(round(math.exp(rng.uniform(math.log(d.low - 0.5), math.log(d.high + 0.5)))), d.low), d.high)
        return rng.randrange(d.low, d.high + 1, d.step)
    if d.step:
        return round(d.low + d.step * rng.randrange(round((d.high - d.low) / d.step) + 1), 9)
    x = math.exp(rng.uniform(math.log(d.low), math.log(d.high))) if d.log else rng.uniform(d.low, d.high)
    return min(max(float(f"{x:.3g}"), d.low), d.high)


def place(d, x):
    """Where a value lies in its range, from 0 to 1."""
    if isinstance(d, CategoricalDistribution):
        return x / max(1, len(d.choices) - 1)
    f = math.log if d.log else float
    return (f(x) - f(d.low)) / ((f(d.high) - f(d.low)) or 1.0)


def active(conditions, params):
    def holds(c):
        (demand, bound), = c["is"].items()
        value = params.get(c["parent"])
        return value is not None and (value == bound if demand == "choice" else value >= bound)

    return all(holds(c) for c in conditions)


def one_trial(rng, space, case):
    params, loss = {}, rng.gauss(0, case["noise"])
    for weight, (name, entry) in enumerate(space.items()):
        d, conditions = entry if isinstance(entry, tuple) else (entry, [])
        if active(conditions, params):
            params[name] = draw(rng, d)
            loss += (place(d, params[name]) - 0.3) ** 2 / (1 + weight)
    value = round(-loss if case["direction"] == "maximize" else loss, case["digits"])
    odd = rng.random()
    if odd < case["odd"]:
        return rng.choice([("pruned", None), ("failed", None), ("complete", math.inf), ("complete", -math.inf)]), params
    return ("complete", value), params


def play(name, space, **settings):
    case = {"trials": 60, "noise": 0.05, "digits": 3, "odd": 0.0, "direction": "minimize", **settings}
    rng = random.Random(name)
    plain = {name: entry if isinstance(entry, tuple) else (entry, []) for name, entry in space.items()}
    study = optuna.create_study(direction=case["direction"])
    trials = []
    for _ in range(case["trials"]):
        (state, value), params = one_trial(rng, space, case)
        distributions = {key: plain[key][0] for key in params}
        outside = {key: d.to_external_repr(params[key]) for key, d in distributions.items()}
        kind = TrialState.FAIL if state == "failed" else TrialState[state.upper()]
        study.add_trial(create_trial(state=kind, value=value, params=outside, distributions=distributions))
        shown = value if value is None or math.isfinite(value) else "inf" if value > 0 else "-inf"
        trials.append([state, shown, params])
    params = [{"name": key, "distribution": json.loads(distribution_to_json(d)), "when": conditions}
              for key, (d, conditions) in plain.items()]
    return {"name": name, "direction": case["direction"], "space": {"params": params}, "trials": trials,
            "importance": optuna.importance.get_param_importances(study)}


def main():
    cases = [
        play("floats", FLAT),
        play("floats, many", FLAT, trials=400, noise=0.2),
        play("discrete", DISCRETE, direction="maximize", trials=80),
        play("mixed", MIXED, trials=100, noise=0.2),
        play("mixed, ties", MIXED, digits=1),
        play("mixed, all the same", MIXED, digits=-1, trials=30),
        play("rate by optimizer", BY_OPTIMIZER, trials=90),
        play("rate by optimizer, maximized", BY_OPTIMIZER, trials=45, direction="maximize", noise=0.3),
        play("units by depth", BY_DEPTH, trials=100),
        play("units by depth, failures", BY_DEPTH, trials=70, odd=0.3),
        # The best trial alone has "units 4" (names are seeds).
        play("units by depth, rare 111", BY_DEPTH, trials=10, noise=0.4),
        play("four trials", DISCRETE, trials=4),
        play("one trial", MIXED, trials=1),
    ]
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (HERE / "importance.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    for case in cases:
        print(case["name"], {key: round(value, 4) for key, value in case["importance"].items()})


if __name__ == "__main__":
    main()
