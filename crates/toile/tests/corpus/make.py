#!/usr/bin/env python3
"""Makes the corpus: what a version of toile leaves behind when it runs the studies of this folder.

    make.py TOILE POSTGRES_URL

TOILE is the program whose files are to be kept, POSTGRES_URL a server that may be filled (`.ci/postgres.sh start`).
The stores of the folder are replaced; README.md says when that is right (almost never). Everything happens in
/tmp/toile-corpus, so that no path of a developer is recorded. Needs Python, `psql` and `pg_dump`."""

import gzip
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
WORK = pathlib.Path("/tmp/toile-corpus")
TOILE = ""


# The data: 400 training and 80 test images of 8x8, one bright quarter per class, with noise.


class Noise:
    """Numerical Recipes' generator."""

    def __init__(self, state):
        self.state = state

    def below(self, bound):
        self.state = (self.state * 1_664_525 + 1_013_904_223) % 2**32
        return (self.state >> 16) % bound


def image(label, noise):
    bright = [i // 8 // 4 * 2 + i % 8 // 4 == label for i in range(64)]
    return bytes(96 + noise.below(160) if b else noise.below(160) for b in bright)


def write_idx(path, shape, data):
    header = bytes([0, 0, 8, len(shape)]) + b"".join(struct.pack(">I", n) for n in shape)
    path.write_bytes(gzip.compress(header + data, mtime=0))


def write_data(folder):
    folder.mkdir(exist_ok=True)
    noise = Noise(1)
    for part, n in [("train", 400), ("t10k", 80)]:
        labels = bytes(noise.below(4) for _ in range(n))
        images = b"".join(image(label, noise) for label in labels)
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", [n, 8, 8], images)
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", [n], labels)
    (folder / "classes.txt").write_text("upper left\nupper right\nlower left\nlower right\n")


# The program.


def command(folder, *arguments):
    environment = {"HOME": str(WORK / "home"), "PATH": os.environ["PATH"]}
    return dict(args=[TOILE, *arguments], cwd=WORK / folder, env=environment)


def toile(folder, *arguments, ends=0):
    done = subprocess.run(**command(folder, *arguments), capture_output=True, text=True)
    assert done.returncode == ends, (arguments, done.returncode, done.stdout, done.stderr)


def start(folder, *arguments):
    quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return subprocess.Popen(**command(folder, *arguments), **quiet)


def stop(process, how, ends):
    process.send_signal(how)
    code = process.wait(60)
    assert code == ends, f"ended with {code} where {ends} was meant"


def ask(store, sql):
    """Rows of a store; none while it is not there. Opened anew each time, so that no log is ever taken over."""
    try:
        connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    except sqlite3.OperationalError:
        return []
    try:
        return connection.execute(sql).fetchall()
    except sqlite3.OperationalError:
        return []
    finally:
        connection.close()


def wait_for(what):
    until = time.time() + 120
    while not what():
        assert time.time() < until, "it does not come"
        time.sleep(0.002)


# What is kept.


def copied(source, target):
    """A copy of a study's folder to go on with."""
    shutil.rmtree(WORK / target, ignore_errors=True)
    shutil.copytree(WORK / source, WORK / target)


def keep(folder, out="out"):
    """Into the corpus: the store with its log, the weights, and results.json as `toile report` writes it (of a study that
    was killed, there was none yet). All else of a study's folder is written anew by a report."""
    source, target = WORK / folder / out, HERE / folder / out
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for path in source.rglob("*"):
        kept = target / path.relative_to(source)
        if path.name in ("store.sqlite", "store.sqlite-wal"):
            packed(path, kept)
        elif path.name == "weights.safetensors":
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, kept)
    copied(f"{folder}/{out}", f"{folder}/to-look-at")
    toile(folder, "report", "to-look-at")
    shutil.copy(WORK / folder / "to-look-at/results.json", target)


def packed(source, target):
    target.with_name(f"{target.name}.gz").write_bytes(gzip.compress(source.read_bytes(), mtime=0))


def text(value):
    return value if isinstance(value, str) else json.dumps(value)


def lines(folder, out):
    """What must come of a study: a line per run and per trial, numbers as results.json spells them."""
    found = json.loads((WORK / folder / out / "results.json").read_text(), parse_float=str, parse_int=str)
    for run in found["runs"]:
        last = run["final"] or {}
        cells = [run["name"], run["seed"], run["id"], run["state"], str(len(run["epochs"]))]
        cells += [last.get("val_accuracy"), last.get("test_accuracy"), run["weights_sha256"]]
        yield "\t".join(["run", *map(text, cells)])
    for search in found["searches"]:
        for trial in search["trials"]:
            params = " ".join(f"{name}={text(value)}" for name, value in trial["params"].items())
            cells = [search["name"], trial["number"], trial["state"], params, " ".join(map(text, trial["values"]))]
            cells += [str(len(trial["intermediate"])), trial["weights_sha256"]]
            yield "\t".join(["trial", *map(text, cells)])


def expect(folder, out, *arguments, ends=0, study="study.toml", name="expected.txt", fresh=True):
    """Lets a copy go on to its end, holds it against a study that nobody disturbed, and notes what came of it."""
    copied(f"{folder}/{out}", f"{folder}/to-the-end")
    toile(folder, "run", study, "--out", "to-the-end", *arguments, ends=ends)
    found = list(lines(folder, "to-the-end"))
    if fresh:
        shutil.rmtree(WORK / folder / "fresh", ignore_errors=True)
        toile(folder, "run", study, "--out", "fresh", ends=ends)
        assert found == list(lines(folder, "fresh")), f"{folder} is another study when it is disturbed"
    columns = "# run, name, seed, id, state, epochs, val_accuracy, test_accuracy, weights_sha256\n"
    columns += "# trial, search, number, state, params, values, steps reported, weights_sha256\n"
    (HERE / folder / name).write_text(columns + "\n".join(found) + "\n")


# The studies.


def runs():
    toile("runs", "run", "earlier.toml", "--out", "out")
    shutil.copy(WORK / "runs/out/runs/dense-seed-7/weights.safetensors", WORK / "runs/start.safetensors")
    toile("runs", "run", "study.toml", "--out", "out", ends=3)
    keep("runs")
    shutil.copy(WORK / "runs/start.safetensors", HERE / "runs/start.safetensors")
    expect("runs", "out", ends=3)
    expect("runs", "out", study="earlier.toml", name="earlier.expected.txt")


def version_1():
    """The same as the first version of the tables held it: without those of searches."""
    path = WORK / "version-1.sqlite"
    old = sqlite3.connect(path)
    old.execute("ATTACH ? AS new", [str(WORK / "runs/out/store.sqlite")])
    for table in ("toile_study", "toile_run", "toile_epoch", "toile_image", "toile_schema"):
        (sql,) = old.execute("SELECT sql FROM new.sqlite_master WHERE name = ?", [table]).fetchone()
        old.execute(sql)
        condition = " WHERE version = 1" if table == "toile_schema" else ""
        old.execute(f"INSERT INTO {table} SELECT * FROM new.{table}{condition}")
    old.commit()
    old.execute("DETACH new")
    old.close()
    packed(path, HERE / "version-1/store.sqlite")


def broken():
    """A run in which toile itself broke, as its record would be."""
    path = WORK / "broken.sqlite"
    shutil.copy(WORK / "runs/out/store.sqlite", path)
    store = sqlite3.connect(path)
    why = "toile itself broke: index out of bounds: the len is 3 but the index is 3"
    changed = store.execute("UPDATE toile_run SET failure = ? WHERE name = 'Diverges'", [why]).rowcount
    assert changed == 1
    store.commit()
    store.close()
    packed(path, HERE / "broken/store.sqlite")


def interrupted():
    toile("interrupted", "run", "study.toml", "--out", "out", "--only", "Short")
    process = start("interrupted", "run", "study.toml", "--out", "out", "--threads", "1")
    store = WORK / "interrupted/out/store.sqlite"
    epochs = "SELECT count(*) FROM toile_epoch e JOIN toile_run r ON r.id = e.run_id WHERE r.name = 'Long'"
    wait_for(lambda: ask(store, epochs) > [(25,)])
    stop(process, signal.SIGKILL, -signal.SIGKILL)
    keep("interrupted")
    runs = "SELECT name, seed, state FROM toile_run ORDER BY position, seed"
    states = ask(WORK / "interrupted/to-look-at/store.sqlite", runs)
    meant = [("Short", 3, "complete"), ("Long", 3, "running"), ("Waits", 3, "waiting"), ("Waits", 4, "waiting")]
    assert states == [*meant, ("Waits too", 3, "waiting")], states
    expect("interrupted", "out")


def search_finished():
    shutil.copy(WORK / "runs/start.safetensors", WORK / "search-finished/start.safetensors")
    shutil.copy(WORK / "runs/start.safetensors", HERE / "search-finished/start.safetensors")
    toile("search-finished", "run", "study.toml", "--out", "out", "--threads", "1")
    keep("search-finished")
    expect("search-finished", "out", fresh=False)


TRIALS = "SELECT count(*) FROM trials t JOIN studies s USING (study_id) WHERE s.study_name = '{}' AND t.state {}"
# Of each trial that has begun and not ended: its number, and the epochs that are recorded.
UNDER_WAY = """SELECT t.number, count(e.step) FROM trials t JOIN toile_search s USING (study_id)
    LEFT JOIN toile_trial_epoch e USING (trial_id)
    WHERE s.study = '{}' AND t.state {} GROUP BY t.number ORDER BY t.number"""


def search_half():
    """Stopped when two trials were well under way; then taken over with their checkpoints, gone on with, and killed."""
    waiting, running = (UNDER_WAY.format("corpus-half", f"= '{state}'") for state in ("WAITING", "RUNNING"))
    store = WORK / "search-half/sigint/store.sqlite"
    ended = TRIALS.format("half", "IN ('COMPLETE', 'PRUNED')")
    stopped, killed = [], []

    def are_on(trials):
        return len(trials) == 2 and all(epochs >= 5 for _, epochs in trials)

    def went_on():
        return any(now[1] > then[1] + 2 for then, now in zip(stopped, killed))

    while not (are_on(stopped) and ask(store, "SELECT count(*) FROM toile_checkpoint") == [(2,)]):
        shutil.rmtree(WORK / "search-half/sigint", ignore_errors=True)
        process = start("search-half", "run", "study.toml", "--out", "sigint", "--threads", "2")
        wait_for(lambda: ask(store, ended) >= [(3,)] and are_on(ask(store, running)))
        stop(process, signal.SIGINT, 130)
        stopped = ask(store, waiting)
    print(f"search-half/sigint: number and epochs {stopped}")
    keep("search-half", "sigint")
    expect("search-half", "sigint")
    while not (went_on() and [now[0] for now in killed] == [then[0] for then in stopped]):
        copied("search-half/sigint", "search-half/kill")
        store = WORK / "search-half/kill/store.sqlite"
        process = start("search-half", "run", "study.toml", "--out", "kill", "--threads", "2")
        wait_for(lambda: sum(epochs for _, epochs in ask(store, running)) > sum(epochs for _, epochs in stopped) + 4)
        stop(process, signal.SIGKILL, -signal.SIGKILL)
        keep("search-half", "kill")
        killed = ask(WORK / "search-half/to-look-at/store.sqlite", running)
    print(f"search-half/kill: number and epochs {killed}")
    copied("search-half/kill", "search-half/again")
    toile("search-half", "run", "study.toml", "--out", "again")
    assert list(lines("search-half", "again")) == list(lines("search-half", "to-the-end"))


def search_changed():
    toile("search-changed", "run", "earlier.toml", "--out", "out")
    middle = (WORK / "search-changed/study.toml").read_text()
    middle = middle.replace("n_trials = 16", "n_trials = 11").replace("n_trials = 8", "n_trials = 3")
    (WORK / "search-changed/middle.toml").write_text(middle)
    toile("search-changed", "run", "middle.toml", "--out", "out")
    keep("search-changed")
    store = WORK / "search-changed/out/store.sqlite"
    assert ask(store, "SELECT n_trials FROM toile_search_change") == [(8,)]
    assert ask(store, TRIALS.format("longer~1", "= 'COMPLETE'")) == [(5,)]
    expect("search-changed", "out", fresh=False)


# On a server.


def psql(url, sql):
    options = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql]
    return subprocess.run(["psql", *options], check=True, capture_output=True, text=True).stdout.split()


def server(url):
    database = "toile_corpus"
    ours = f"{url.rsplit('/', 1)[0]}/{database}"
    while True:
        psql(url, f"DROP DATABASE IF EXISTS {database}")
        psql(url, f"CREATE DATABASE {database}")
        shutil.rmtree(WORK / "server/finished", ignore_errors=True)
        workers = [start("server", "worker", "finished.toml", "--storage", ours, "--threads", "1") for _ in range(2)]
        assert [worker.wait(60) for worker in workers] == [0, 0]
        toile("server", "run", "finished.toml", "--storage", ours, "--out", "finished")
        if server_half(ours):
            break
    # A dead worker's last heartbeat is long ago, whatever the clock of the machine says that tests this.
    psql(ours, "UPDATE toile_trial SET heartbeat = 1e9 WHERE heartbeat IS NOT NULL")
    dump = ["pg_dump", "--no-owner", "--no-privileges", "--inserts", "--rows-per-insert=200", "-d", ours]
    dump = subprocess.run(dump, check=True, capture_output=True, text=True).stdout
    # Commands of some versions of `psql` that others do not know.
    dump = "\n".join(line for line in dump.split("\n") if not line.startswith("\\"))
    (HERE / "server/dump.sql.gz").write_bytes(gzip.compress(dump.encode(), mtime=0))
    keep("server", "finished")
    shutil.rmtree(HERE / "server/checkpoints", ignore_errors=True)
    shutil.copytree(WORK / "server/checkpoints", HERE / "server/checkpoints")
    # The same studies without a server are the same.
    for name in ("finished", "half"):
        alone = f"{name}-alone"
        shutil.rmtree(WORK / "server" / alone, ignore_errors=True)
        toile("server", "run", f"{name}.toml", "--out", alone)
        arguments = ["--storage", ours, "--checkpoints", "checkpoints"]
        (WORK / "server" / name).mkdir(exist_ok=True)
        expect("server", name, *arguments, study=f"{name}.toml", name=f"{name}.expected.txt")
        assert list(lines("server", alone)) == list(lines("server", "to-the-end"))
    psql(url, f"DROP DATABASE {database}")


def server_half(url):
    """Three workers, two of which are asked to stop and one is killed; whether they were all in the midst of a trial."""
    shutil.rmtree(WORK / "server/checkpoints", ignore_errors=True)
    (WORK / "server/checkpoints").mkdir()
    arguments = ["worker", "half.toml", "--storage", url, "--threads", "1"]
    in_database = start("server", *arguments)
    in_folder = start("server", *arguments, "--checkpoints", "checkpoints")
    killed = start("server", *arguments)

    def under_way(state):
        rows = psql(url, UNDER_WAY.format("corpus-server-half", f"= '{state}'"))
        return [tuple(map(int, row.split("|"))) for row in rows]

    def half_way():
        running = under_way("RUNNING")
        return len(running) == 3 and running[0][0] > 2 and all(epochs >= 3 for _, epochs in running)

    wait_for(lambda: half_way() or killed.poll() is not None)
    if killed.poll() is None:
        stop(killed, signal.SIGKILL, -signal.SIGKILL)
    in_database.send_signal(signal.SIGTERM)
    in_folder.send_signal(signal.SIGTERM)
    in_database.wait(60), in_folder.wait(60)
    waiting, running = under_way("WAITING"), under_way("RUNNING")
    checkpoints = int(psql(url, "SELECT count(*) FROM toile_checkpoint")[0])
    files = len(list((WORK / "server/checkpoints").iterdir()))
    print(f"server: waiting {waiting}, running {running}, {checkpoints} checkpoints, {files} of them a file")
    are_on = all(epochs >= 3 for _, epochs in waiting)
    return (len(waiting), len(running), checkpoints, files, are_on) == (2, 1, 2, 1, True)


def main():
    global TOILE
    TOILE, url = str(pathlib.Path(sys.argv[1]).resolve()), sys.argv[2]
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir()
    write_data(HERE / "data")
    for folder in ("version-1", "broken"):
        (HERE / folder).mkdir(exist_ok=True)
    for folder in ("data", "runs", "interrupted", "search-finished", "search-half", "search-changed", "server"):
        kept = shutil.ignore_patterns("out", "finished", "sigint", "kill", "checkpoints", "*.gz" if folder != "data" else "-")
        shutil.copytree(HERE / folder, WORK / folder, ignore=kept)
    runs()
    version_1()
    broken()
    interrupted()
    search_finished()
    search_half()
    search_changed()
    server(url)


if __name__ == "__main__":
    main()
