#!/usr/bin/env python3
"""Chaos: many workers on one PostgreSQL server, killed, frozen and cut off at random; in the end the study must be
the one that a single undisturbed worker makes.

    .ci/chaos.py TOILE PYTHON_WITH_OPTUNA [--seed N] [--trials N]

Starts a server of its own with `.ci/postgres.sh`. Only the standard library is needed here; PYTHON_WITH_OPTUNA opens the
database afterwards."""

import argparse
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
    """What must be the same whoever trained it: everything but times, workers and attempts."""
    trials = {}
    for trial, number, state, seed, sha in query(
        "SELECT t.trial_id, t.number, t.state, s.seed, s.weights_sha256 FROM trials t"
        " JOIN toile_trial s ON s.trial_id = t.trial_id ORDER BY t.number"
    ):
        trials[str(trial)] = {"number": int(number), "state": state, "seed": int(seed), "sha": sha or "", "params": {}, "values": [], "steps": []}
    for trial, name, value in query("SELECT trial_id, param_name, param_value FROM trial_params ORDER BY param_name"):
        trials[str(trial)]["params"][name] = float(value)
    for trial, objective, value in query("SELECT trial_id, objective, value FROM trial_values ORDER BY objective"):
        trials[str(trial)]["values"].append(float(value))
    for trial, step, value in query(
        "SELECT trial_id, step, intermediate_value FROM trial_intermediate_values ORDER BY step"
    ):
        trials[str(trial)]["steps"].append([int(step), None if value in ("", None) else float(value)])
    return sorted(trials.values(), key=lambda trial: trial["number"])


def alone(toile, study, folder):
    """The study as one worker makes it, on SQLite."""
    out = folder / "alone"
    shell(toile, "run", study, "--out", out, "--threads", "1")
    database = sqlite3.connect(out / "store.sqlite")
    (study_id,) = database.execute("SELECT study_id FROM studies WHERE study_name = 'joint'").fetchone()
    def query(sql):
        table = "t.study_id" if " t " in sql else None
        if table:
            return database.execute(sql.replace("ORDER", f"WHERE t.study_id = {study_id} ORDER"))
        inner = f"WHERE trial_id IN (SELECT trial_id FROM trials WHERE study_id = {study_id}) ORDER"
        return database.execute(sql.replace("ORDER", inner))
    return trial_rows(query)


def running(server):
    """Whether a trial is under way; not yet, while there are no tables."""
    try:
        return int(server.ask("SELECT count(*) FROM trials WHERE state = 'RUNNING'")[0][0]) > 0
    except (subprocess.CalledProcessError, IndexError):
        return False


def storm(server, toile, study, folder, chance, trials):
    """Twenty workers at once on an empty database, then eight, and everything that can go wrong."""
    workers = [Worker(toile, study, server.url, folder, with_file=True) for _ in range(20)]
    began, restarts, done = time.time(), 0, {"kill": 0, "freeze": 0, "term": 0, "restart": 0}
    # As soon as trials are under way, all die at once: whatever the machine's speed, there is something to take over.
    while not running(server):
        assert time.time() - began < 120, "no worker has begun a trial"
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
        except (subprocess.CalledProcessError, IndexError):
            continue
        if finished >= trials:
            break
        for place, worker in enumerate(workers):
            if not worker.alive():
                workers[place] = Worker(toile, study, server.url, folder, with_file=False)
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
    parser.add_argument("--epochs", type=int, default=12)
    arguments = parser.parse_args()
    toile = str(arguments.toile.resolve())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="toile-chaos-"))
    folder.chmod(0o755)  # the server's user must be able to enter
    study = folder / "chaos.toml"
    study.write_text(STUDY.format(trials=arguments.trials, epochs=arguments.epochs))
    server = Server(folder / "server", free_port())
    ok = False
    try:
        expected = alone(toile, study, folder)
        print(f"alone: {len(expected)} trials, {sum(t['state'] == 'PRUNED' for t in expected)} pruned")
        server.control("start")
        done = storm(server, toile, study, folder, random.Random(arguments.seed), arguments.trials)
        print("storm:", ", ".join(f"{n} x {what}" for what, n in done.items()))
        found = trial_rows(server.ask)
        numbers = [trial["number"] for trial in found]
        assert numbers == list(range(arguments.trials)), f"numbers with gaps: {numbers}"
        for ours, theirs in zip(expected, found):
            assert ours == theirs, f"trial {ours['number']} differs:\n{json.dumps(ours)}\n{json.dumps(theirs)}"
        (attempts,) = server.ask("SELECT max(attempt) FROM toile_trial")[0]
        taken = server.ask("SELECT count(*) FROM toile_trial WHERE attempt > 1")[0][0]
        assert int(taken) > 0, "nothing was taken over: the storm was no storm"
        print(f"{taken} trials were taken over, one of them {int(attempts) - 1} times; the study is the same, bit for bit")
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
