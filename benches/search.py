#!/usr/bin/env python3
"""toile's search beside Optuna's, on real training: the best validation accuracy after 20, 40 and 60 trials, over 20
repeated searches of each.

    benches/search.py TOILE OBJECTIVE [--searches 20] [--trials 60] > search.json

TOILE is the program, OBJECTIVE the example `objective` of crates/lab (`cargo build --release --examples -p
toile-lab`). Optuna trains by it too, so that both search the same objective with the same bits. Run with a Python that has
Optuna, and with TOILE_DATA_DIR set."""

import argparse
import concurrent.futures
import json
import pathlib
import subprocess
import sys
import tempfile

import optuna

HEAD = """
[study]
name = "search-bench"
data = "fashion-mnist"
validation_split = 0.1
train_evaluation = 0.01

[models.dense]
layers = [{ dense = { units = 32, activation = "sigmoid" } }, { dense = { units = 10, activation = "softmax" } }]
"""

SEARCH = """
[[searches]]
name = "search {seed}"
model = "dense"
epochs = 5
seed = {seed}
n_trials = {trials}
batch_size = {{ choices = [32, 64, 128, 256] }}
optimizer = {{ choices = [
  {{ sgd = {{ learning_rate = {{ low = 1e-3, high = 1.0, log = true }} }} }},
  {{ adam = {{ learning_rate = {{ low = 1e-5, high = 1e-1, log = true }} }} }},
  {{ nadam = {{ learning_rate = {{ low = 1e-5, high = 1e-1, log = true }} }} }},
  {{ rmsprop = {{ learning_rate = {{ low = 1e-5, high = 1e-1, log = true }} }} }},
] }}
{more}
"""


def running_best(values):
    best, out = float("-inf"), []
    for value in values:
        best = max(best, value if value == value else best)
        out.append(best)
    return out


def with_optuna(objective, study_file, seed, trials):
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    process = subprocess.Popen([objective, study_file, f"search {seed}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))

    def value_of(trial):
        optimizer = trial.suggest_categorical("optimizer", ["sgd", "adam", "nadam", "rmsprop"])
        low, high = (1e-3, 1.0) if optimizer == "sgd" else (1e-5, 1e-1)
        rate = trial.suggest_float(f"optimizer.{optimizer}.learning_rate", low, high, log=True)
        batch = trial.suggest_categorical("batch_size", [32, 64, 128, 256])
        params = {"optimizer": optimizer, f"optimizer.{optimizer}.learning_rate": rate, "batch_size": batch}
        process.stdin.write(json.dumps({"params": params, "seed": seed}) + "\n")
        process.stdin.flush()
        value = json.loads(process.stdout.readline())["value"]
        return float("nan") if value is None else value

    study.optimize(value_of, n_trials=trials)
    process.stdin.close()
    process.wait()
    return running_best([trial.value if trial.value is not None else float("nan") for trial in study.trials])


def with_toile(toile, study_file, searches, out):
    subprocess.run([toile, "run", study_file, "--out", out], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    results = json.loads((out / "results.json").read_text())
    nan = float("nan")
    return [running_best([t["value"] if t["state"] == "complete" else nan for t in s["trials"]]) for s in results["searches"]]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("toile")
    parser.add_argument("objective")
    parser.add_argument("--searches", type=int, default=20)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--more", default="", help="further lines of each search: sampler = \"random\", lag = 0")
    parser.add_argument("--without-optuna", action="store_true")
    arguments = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="toile-search-"))
    study_file = folder / "study.toml"
    blocks = [SEARCH.format(seed=seed, trials=arguments.trials, more=arguments.more) for seed in range(arguments.searches)]
    study_file.write_text(HEAD + "".join(blocks))
    result = {"trials": arguments.trials, "more": arguments.more}
    print("toile …", file=sys.stderr)
    result["toile"] = with_toile(arguments.toile, study_file, arguments.searches, folder / "out")
    if not arguments.without_optuna:
        print("Optuna …", file=sys.stderr)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            work = [pool.submit(with_optuna, arguments.objective, study_file, seed, arguments.trials) for seed in range(arguments.searches)]
            result["optuna"] = [one.result() for one in work]
    json.dump(result, sys.stdout)
    for who in ("toile", "optuna"):
        for n in (20, 40, 60):
            if who in result and n <= arguments.trials:
                best = [run[n - 1] for run in result[who]]
                mean = sum(best) / len(best)
                error = (sum((b - mean) ** 2 for b in best) / (len(best) - 1) / len(best)) ** 0.5
                print(f"{who:7} {n} trials: best {mean:.5f} ± {1.96 * error:.5f}", file=sys.stderr)


if __name__ == "__main__":
    main()
