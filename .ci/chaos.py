#!/usr/bin/env python3
"""Chaos: many workers on one PostgreSQL server, killed, frozen and cut off at random; in the end the study must be
the one that a single undisturbed worker makes.

    .ci/chaos.py TOILE PYTHON_WITH_OPTUNA [--seed N] [--trials N]

Starts a server of its own with `.ci/postgres.sh`. Only the standard library is needed here; PYTHON_WITH_OPTUNA opens the
database afterwards."""

import argparse
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ZONES = ["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "Europe/Berlin"]
LEASE = 4

STUDY = """
[study]
name = "chaos"
data = "drawn-garments"
validation_split = 0.1
seed = 3

[models.small]
layers = [{{ dense = {{ units = 24, activation = "relu" }} }}, {{ dropout = {{ rate = {{ low = 0.0, high = 0.5 }} }} }}, {{ dense = {{ units = 10, activation = "softmax" }} }}]

[models.plain]
layers = [{{ dense = {{ units = 24, activation = "relu" }} }}, {{ dense = {{ units = 10, activation = "softmax" }} }}]

[defaults]
model = "plain"
batch_size = 32
epochs = {epochs}
optimizer = {{ adam = {{ learning_rate = 0.003 }} }}
{declared}
[[searches]]
name = "joint"
model = "small"
optimizer = {{ choices = [
  {{ sgd = {{ learning_rate = {{ low = 1e-3, high = 1.0, log = true }} }} }},
  {{ adam = {{ learning_rate = {{ low = 1e-4, high = 1e-1, log = true }} }} }},
] }}
batch_size = {{ choices = [32, 64, 128] }}
epochs = {epochs}
n_trials = {trials}
lag = 7
sampler = "tpe"
pruner = "median"
"""


def shell(*command, **keywords):
    return subprocess.run([str(part) for part in command], check=True, text=True, capture_output=True, **keywords).stdout


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Server:
    """A PostgreSQL server of our own."""

    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        self.url = f"postgres://toile@127.0.0.1:{port}/postgres"

    def control(self, what):
        print(shell(HERE / "postgres.sh", what, self.folder, self.port).strip())

    def ask(self, sql):
        rows = shell("psql", "-X", "-A", "-t", "-F", "\x1f", "-d", self.url, "-c", sql).splitlines()
        return [row.split("\x1f") for row in rows if row]


class Worker:
    """One `toile worker`, its log in a file."""

    count = 0

    def __init__(self, toile, study, url, folder, with_file):
        Worker.count += 1
        self.name = f"w{Worker.count}"
        self.log = folder / f"{self.name}.log"
        what = [str(study)] if with_file else ["--study", "chaos"]
        command = [toile, "worker", *what, "--storage", url, "--threads", "1", "--lease", str(LEASE)]
        environment = dict(os.environ, TZ=ZONES[Worker.count % len(ZONES)])
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        self.frozen_until = None

    def alive(self):
        return self.process.poll() is None

    def send(self, what):
        if self.alive():
            self.process.send_signal(what)


def trial_rows(query):
    """What must be the same whoever trained it, of the trials of the search: everything but times, workers, attempts."""
    of_search = "trial_id IN (SELECT trial_id FROM trials WHERE study_id = (SELECT study_id FROM studies WHERE study_name = 'joint'))"
    trials = {}
    for trial, number, state, seed, sha in query(
        "SELECT t.trial_id, t.number, t.state, s.seed, s.weights_sha256 FROM trials t"
        f" JOIN toile_training s ON s.trial_id = t.trial_id WHERE t.{of_search} ORDER BY t.number"
    ):
        trials[str(trial)] = {"number": int(number), "state": state, "seed": int(seed), "sha": sha or "", "params": {}, "values": [], "steps": []}
    for trial, name, value in query(f"SELECT trial_id, param_name, param_value FROM trial_params WHERE {of_search} ORDER BY param_name"):
        trials[str(trial)]["params"][name] = float(value)
    for trial, objective, value in query(f"SELECT trial_id, objective, value FROM trial_values WHERE {of_search} ORDER BY objective"):
        trials[str(trial)]["values"].append(float(value))
    for trial, step, value in query(
        f"SELECT trial_id, step, intermediate_value FROM trial_intermediate_values WHERE {of_search} ORDER BY step"
    ):
        trials[str(trial)]["steps"].append([int(step), None if value in ("", None) else float(value)])
    return sorted(trials.values(), key=lambda trial: trial["number"])


def run_rows(query):
    """The same of the declared runs and of the one that the search has chosen."""
    runs = {}
    for trial, run, name, state, seed, sha, accuracy in query(
        "SELECT r.trial_id, r.id, r.name, t.state, s.seed, s.weights_sha256, v.accuracy FROM toile_run r"
        " LEFT JOIN toile_evidence v ON v.trial_id = r.trial_id AND v.part = 'test'"
        " JOIN trials t ON t.trial_id = r.trial_id JOIN toile_training s ON s.trial_id = r.trial_id ORDER BY r.id"
    ):
        runs[str(trial)] = {"id": run, "name": name, "state": state, "seed": int(seed), "sha": sha, "test": float(accuracy), "epochs": []}
    for trial, epoch, loss, accuracy in query("SELECT trial_id, epoch, val_loss, val_accuracy FROM toile_epoch ORDER BY epoch"):
        if str(trial) in runs:
            runs[str(trial)]["epochs"].append([int(epoch), float(loss), float(accuracy)])
    return sorted(runs.values(), key=lambda run: run["id"])


def alone(toile, study, folder):
    """The study as one worker makes it, on SQLite: its trials and its runs."""
    out = folder / "alone"
    shell(toile, "run", study, "--out", out, "--threads", "1")
    database = sqlite3.connect(out / "store.sqlite")
    return trial_rows(database.execute), run_rows(database.execute)


def running(server):
    """Whether a run or trial is under way; not yet, while there are no tables."""
    try:
        return int(server.ask("SELECT count(*) FROM trials WHERE state = 'RUNNING'")[0][0]) > 0
    except (subprocess.CalledProcessError, IndexError):
        return False


TAKEN_OVER = "SELECT count(*) FROM toile_trial WHERE attempt > 1 AND trial_id {} (SELECT trial_id FROM toile_run)"
SEARCHING = "SELECT count(*) FROM trials WHERE state = 'RUNNING' AND trial_id NOT IN (SELECT trial_id FROM toile_run)"


def storm(server, toile, study, folder, chance, trainings):
    """Twenty workers at once on an empty database, then eight, and everything that can go wrong."""
    workers = [Worker(toile, study, server.url, folder, with_file=True) for _ in range(20)]
    began, restarts, struck, done = time.time(), 0, 0.0, {"kill": 0, "freeze": 0, "term": 0, "restart": 0}
    # As soon as trainings are under way, all die at once: whatever the machine's speed, there is something to take over.
    while not running(server):
        assert time.time() - began < 120, "no worker has begun a training"
    for worker in workers:
        worker.send(signal.SIGKILL)
    done["kill"] += len(workers)
    workers = [Worker(toile, study, server.url, folder, with_file=False) for _ in range(8)]
    while True:
        assert time.time() - began < 900, "the storm does not end"
        time.sleep(0.4)
        now = time.time()
        for worker in workers:
            if worker.frozen_until and now > worker.frozen_until:
                worker.send(signal.SIGCONT)
                worker.frozen_until = None
        try:
            finished = int(server.ask("SELECT count(*) FROM trials WHERE state IN ('COMPLETE','PRUNED','FAIL')")[0][0])
            searching, taken_over = (int(server.ask(sql)[0][0]) for sql in (SEARCHING, TAKEN_OVER.format("NOT IN")))
        except (subprocess.CalledProcessError, IndexError):
            continue
        if finished >= trainings:
            break
        for place, worker in enumerate(workers):
            if not worker.alive():
                workers[place] = Worker(toile, study, server.url, folder, with_file=False)
        # The same for the search: all die at once, until one of its trials was taken over.
        if searching and not taken_over and now > struck + 3 * LEASE:
            struck = now
            for worker in workers:
                worker.send(signal.SIGKILL)
            done["kill"] += len(workers)
        what = chance.random()
        victim = chance.choice(workers)
        if what < 0.15:
            victim.send(signal.SIGKILL)
            done["kill"] += 1
        elif what < 0.25 and not victim.frozen_until:
            victim.send(signal.SIGSTOP)
            victim.frozen_until = now + LEASE * 2.5
            done["freeze"] += 1
        elif what < 0.30:
            victim.send(signal.SIGTERM)
            done["term"] += 1
        elif what < 0.33 and restarts < 3:
            restarts += 1
            done["restart"] += 1
            server.control("restart")
    for worker in workers:
        worker.send(signal.SIGCONT)
    for worker in workers:
        try:
            worker.process.wait(60)
        except subprocess.TimeoutExpired:
            sys.exit(f"{worker.name} does not end: {worker.log.read_text()[-2000:]}")
    return done


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("toile", type=pathlib.Path)
    parser.add_argument("python")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=12)
    arguments = parser.parse_args()
    toile = str(arguments.toile.resolve())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="toile-chaos-"))
    folder.chmod(0o755)  # the server's user must be able to enter
    study = folder / "chaos.toml"
    declared = "".join(f'[[runs]]\nname = "run {number}"\nseed = {number}\n' for number in range(arguments.runs))
    study.write_text(STUDY.format(trials=arguments.trials, epochs=arguments.epochs, declared=declared))
    server = Server(folder / "server", free_port())
    ok = False
    try:
        expected, expected_runs = alone(toile, study, folder)
        print(f"alone: {len(expected_runs)} runs, {len(expected)} trials, {sum(t['state'] == 'PRUNED' for t in expected)} pruned")
        assert len(expected_runs) == arguments.runs + 1, "the declared runs, and the chosen one"
        server.control("start")
        done = storm(server, toile, study, folder, random.Random(arguments.seed), arguments.trials + len(expected_runs))
        print("storm:", ", ".join(f"{n} x {what}" for what, n in done.items()))
        found = trial_rows(server.ask)
        numbers = [trial["number"] for trial in found]
        assert numbers == list(range(arguments.trials)), f"numbers with gaps: {numbers}"
        for ours, theirs in zip(expected, found):
            assert ours == theirs, f"trial {ours['number']} differs:\n{json.dumps(ours)}\n{json.dumps(theirs)}"
        found_runs = run_rows(server.ask)
        assert len(found_runs) == len(expected_runs), f"{len(found_runs)} runs"
        for ours, theirs in zip(expected_runs, found_runs):
            assert ours == theirs, f"run {ours['name']} differs:\n{json.dumps(ours)}\n{json.dumps(theirs)}"
        (attempts,) = server.ask("SELECT max(attempt) FROM toile_trial")[0]
        trials, runs = (int(server.ask(TAKEN_OVER.format(which))[0][0]) for which in ("NOT IN", "IN"))
        assert trials > 0 and runs > 0, "too little was taken over: the storm was no storm"
        print(f"{runs} runs and {trials} trials were taken over, one of them {int(attempts) - 1} times; the study is the same, bit for bit")
        fetched = folder / "fetched"
        shell(toile, "report", server.url, "--study", "chaos", "--out", fetched)
        again = sqlite3.connect(fetched / "store.sqlite")
        assert run_rows(again.execute) == expected_runs, "the report's folder holds other runs"
        weights = {hashlib.sha256(file.read_bytes()).hexdigest() for file in fetched.glob("runs/*/weights.safetensors")}
        assert weights == {run["sha"] for run in expected_runs}, "the weights in the folder are others"
        check = HERE / "optuna-opens.py"
        print(shell(arguments.python, check, server.url.replace("postgres://", "postgresql+psycopg2://"), "joint", str(arguments.trials)).strip())
        ok = True
    finally:
        try:
            server.control("stop")
        except subprocess.CalledProcessError as error:
            print(error.stderr)
        if ok:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            for log in sorted(folder.glob("w*.log"))[:30]:
                print(f"--- {log.name}\n{log.read_text()[-1500:]}")


if __name__ == "__main__":
    main()
