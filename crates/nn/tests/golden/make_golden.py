"""Makes the golden files of this folder from Keras 3, for `cargo test -p toile-nn --test all golden::`.

    pip install keras jax numpy
    python make_golden.py                 # all
    python make_golden.py --case adam     # one (may be repeated)
    python make_golden.py --spread        # prints how far Keras' float32 is from its float64

Made with the JAX backend. `KERAS_BACKEND=tensorflow` gives the same float32 values within 1e-6 (measured); its float64
is not quite one, because TensorFlow takes Python numbers such as Adam's betas through float32.
The loss is taken from logits: Keras on TensorFlow does that behind a softmax layer, on JAX and torch one says so with
`from_logits=True` after a linear layer. Each trajectory runs twice, in float32 (the values to meet) and in float64
(`exact`: what both should have been), each in a process of its own, because precision is global in JAX.
"""

import argparse
import json
import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).parent
EVALUATED = (100_000, 24)  # examples that are never trained on: the first, and how many


def train(case):
    """Runs Keras' own `fit` and `evaluate`; gives arrays in the current precision."""
    import keras
    import numpy as np

    import formulas
    import networks

    def data(first, n):
        place = (first, n, case["input"], case["classes"])
        if case["inputs"] == "floats":
            x = formulas.features(*place).astype(keras.backend.floatx())
        else:
            x = formulas.images(*place).astype(keras.backend.floatx()) / 255
        y = np.eye(case["classes"], dtype=keras.backend.floatx())[formulas.labels(first, n, case["classes"])]
        return x, y

    def compiled(optimizer):
        net, named = networks.model(case)
        top_5 = keras.metrics.TopKCategoricalAccuracy(5, name="top_5_accuracy")
        net.compile(optimizer, loss=networks.loss(case), metrics=["accuracy", top_5])
        return net, named

    weights = case["class_weight"]
    settings = {
        "batch_size": case["batch_size"], "shuffle": False, "verbose": 0,
        "class_weight": dict(enumerate(weights)) if weights else None,
    }
    last = case["steps"][-1]
    per_epoch = -(-case["examples"] // case["batch_size"])
    x, y = data(0, case["examples"] if last > 1 else case["batch_size"])
    steps = []
    net, named = compiled(networks.optimizer(case))
    start = {name: variable.numpy() for name, variable in named.items()}

    def keep(step, logs):
        if step in case["steps"] and step not in [s["step"] for s in steps]:
            if hasattr(net, "jax_state_sync"):
                net.jax_state_sync()
            now = {name: variable.numpy().copy() for name, variable in named.items()}
            numbers = {name: float(logs[name]) for name in ("loss", "accuracy", "top_5_accuracy")}
            steps.append({"step": step, **numbers, "weights": now})

    watch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: keep(1, logs),
        on_epoch_end=lambda epoch, logs: keep((epoch + 1) * per_epoch, logs))
    net.fit(x, y, epochs=max(1, last // per_epoch), callbacks=[watch], **settings)
    assert [s["step"] for s in steps] == case["steps"]

    x, y = data(*EVALUATED)
    loss, accuracy, _ = net.evaluate(x, y, verbose=0)
    logits = np.asarray(net.predict(x, verbose=0), dtype=np.float64)
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    evaluation = {
        "loss": loss, "accuracy": accuracy, "predictions": logits.argmax(axis=1).tolist(),
        "confidences": (odds.max(axis=1) / odds.sum(axis=1)).tolist(),
    }
    gradient = None
    if case["gradient"] and keras.backend.floatx() == "float64":
        net, named = compiled(keras.optimizers.SGD(1.0))
        x, y = data(0, case["batch_size"])
        net.fit(x, y, epochs=1, **settings)
        trained = {id(v) for v in net.trainable_variables}
        gradient = {k: start[k] - v.numpy() for k, v in named.items() if id(v) in trained}
    return {"steps": steps, "evaluation": evaluation, "gradient": gradient}


def in_process(names, precision, folder):
    """Trains in a fresh process of the given precision and reads the results back."""
    out = Path(folder) / f"{precision}.pickle"
    environment = os.environ | {
        "KERAS_BACKEND": os.environ.get("KERAS_BACKEND", "jax"), "JAX_PLATFORMS": "cpu",
        "JAX_ENABLE_X64": str(int(precision == "float64")),
    }
    subprocess.run([sys.executable, __file__, "--into", precision, out, *names], env=environment, check=True)
    return pickle.loads(out.read_bytes())


def trained_here(precision, out, *names):
    import keras

    import cases

    keras.config.set_floatx(precision)
    if precision == "float64":
        # But for TensorFlow, Keras cuts every promoted type to 32 bits, even when `floatx` is float64.
        from keras.src.backend.common import dtypes

        dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    results = {}
    for name in names:
        results[name] = train(cases.complete(name))
        print(name, file=sys.stderr, flush=True)
    Path(out).write_bytes(pickle.dumps(results))


def short(values, digits):
    """Numbers with just enough digits: float32's shortest, or ten."""
    import numpy as np

    if digits is None:
        return [float(str(np.float32(v))) for v in np.ravel(values)]
    return [float(f"{v:.{digits}g}") for v in np.ravel(values)]


def sampled(tensors, digits=None):
    import formulas

    return {name: short(w.ravel()[formulas.places(w.size)], digits) for name, w in tensors.items()}


def document(case, single, double):
    """What goes into the file of a trajectory."""
    import numpy as np

    out = {k: v for k, v in case.items() if v not in (None, False)}
    out["checkpoints"] = [
        {
            "step": s["step"], "loss": float(s["loss"]), "accuracy": float(s["accuracy"]),
            **({"top_5_accuracy": s["top_5_accuracy"]} if case["classes"] > 5 else {}),
            "norms": {k: float(f"{np.linalg.norm(w.astype(float)):.8g}") for k, w in s["weights"].items()},
            "weights": sampled(s["weights"]),
        }
        for s in single["steps"]
    ]
    evaluation = single["evaluation"]
    out["evaluation"] = evaluation | {"confidences": short(evaluation["confidences"], None)}
    out["exact"] = sampled(double["steps"][-1]["weights"], 10)
    if double["gradient"]:
        out["gradient"] = sampled(double["gradient"], 10)
    return out


def spread(single, double):
    """The largest distance of Keras' float32 weights from its float64 weights, per checkpoint."""
    import numpy as np

    pairs = zip(single["steps"], double["steps"])
    far = [max(np.abs(a["weights"][k] - b["weights"][k]).max() for k in a["weights"]) for a, b in pairs]
    return "  ".join(f"{s['step']}: {d:.1e}" for s, d in zip(single["steps"], far))


def write(folder, name, content):
    text = json.dumps(content, separators=(",", ":"))
    for key in ("checkpoints", "evaluation", "exact", "gradient"):
        text = text.replace(f',"{key}":', f',\n"{key}":')
    text = text.replace(',{"step":', ',\n{"step":')
    (folder / f"{name}.json").write_text(text + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", action="append", help="only this one (may be repeated)")
    parser.add_argument("--spread", action="store_true", help="print how far float32 is from float64")
    parser.add_argument("--out", type=Path, default=HERE, help="where the files go; this folder if not given")
    parser.add_argument("--into", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.into:
        return trained_here(*arguments.into)

    import cases
    import rules

    names = arguments.case or [*cases.CASES, *rules.RULES]
    trajectories = [n for n in names if n in cases.CASES]
    for name in names:
        if name in rules.RULES:
            write(arguments.out, name, rules.RULES[name]())
    if trajectories:
        with tempfile.TemporaryDirectory() as folder:
            single = in_process(trajectories, "float32", folder)
            double = in_process(trajectories, "float64", folder)
        for name in trajectories:
            write(arguments.out, name, document(cases.complete(name), single[name], double[name]))
            if arguments.spread:
                print(f"{name:40} {spread(single[name], double[name])}")


if __name__ == "__main__":
    main()
