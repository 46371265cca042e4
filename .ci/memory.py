#!/usr/bin/env python3
"""Holds the memory that `toile plan` announces against what `toile run` takes: peak <= announcement <= 1.25 x peak.

usage: .ci/memory.py TOILE [--threads 1,2,8] [NAME ...]

Fifteen studies on random images. The peak is the child's largest resident set, as the kernel reports it. `plan` gets
the same `--threads`. Ends with 1 and the list of what broke the bound.
"""

import os
import random
import re
import struct
import subprocess
import sys
import tempfile

UPPER = 1.25
# How far threads get at the same time is chance: a study breaks the bound if it does so every time.
TRIES = 3
UNITS = {"kB": 1e3, "MB": 1e6, "GB": 1e9, "bytes": 1}

HEAD = """
[study]
name = "memory"
data = "./{data}"
validation_split = 0.1
"""


def model(layers: str) -> str:
    return f"[models.net]\nlayers = [{layers}, {{ dense = {{ units = 10, activation = \"softmax\" }} }}]\n"


def dense(units: object) -> str:
    return f'{{ dense = {{ units = {units}, activation = "relu" }} }}'


def conv(filters: int) -> str:
    return f'{{ conv2d = {{ filters = {filters}, kernel_size = [3, 3], activation = "relu" }} }}'


def runs(optimizer: str = "adam", more: str = "", n: int = 1, epochs: int = 2) -> str:
    one = '[[runs]]\nname = "R{i}"\nmodel = "net"\noptimizer = "{o}"\nepochs = {e}\n{more}\n'
    return "".join(one.format(i=i, o=optimizer, more=more, e=epochs) for i in range(n))


def search(layers: str, more: str = "") -> str:
    return model(layers) + (
        '[[searches]]\nname = "joint"\nmodel = "net"\noptimizer = "adam"\nepochs = 3\nn_trials = 8\n' + more
    )


BEST = "callbacks = [{ best_weights = {} }]"
WIDE = dense(4096)
POOL = "{ max_pooling2d = { pool_size = [2, 2] } }"
FLAT = "{ flatten = {} }"
CHOICE = "{ choices = [1024, 4096] }"

# How large the networks of a search turn out is not known before: what is announced is what the largest would take.
ONLY_AT_MOST = {"search-widths"}

# Name, data set, the rest of the study file.
STUDIES = [
    ("small-dense", "small", model(dense(32)) + runs()),
    ("small-dense-large-data", "large", model(dense(32)) + runs()),
    ("dense-4096", "small", model(WIDE) + runs()),
    ("dense-4096-best", "small", model(WIDE) + runs(more=BEST)),
    ("dense-8192-best", "small", model(dense(8192)) + runs(more=BEST)),
    ("nadam-4096", "small", model(WIDE) + runs("nadam")),
    ("sgd-8192", "small", model(dense(8192)) + runs("sgd")),
    ("deep-dense", "small", model(", ".join([dense(1024)] * 4)) + runs("sgd")),
    ("whole-batch", "small", model(dense(1024)) + runs(more="batch_size = 2700")),
    ("conv", "small", model(f"{conv(16)}, {conv(32)}, {POOL}, {FLAT}, {dense(64)}") + runs(epochs=1)),
    ("normalised", "small", model(f"{conv(8)}, {{ batch_normalization = {{}} }}, {POOL}, {FLAT}") + runs()),
    ("four-wide-runs", "small", model(WIDE) + runs(n=4)),
    ("many-small-runs", "small", model(dense(16)) + runs(n=12)),
    ("search-wide", "small", search(WIDE + ", { dropout = { rate = { low = 0.1, high = 0.5 } } }")),
    ("search-widths", "small", search(dense(CHOICE), BEST)),
]


def write_data(folder: str, train: int) -> None:
    """In small pieces: a child's peak is never told as less than what this process had when it began."""
    chance = random.Random(1)
    os.makedirs(folder)
    for part, n in (("train", train), ("t10k", train // 6)):
        with open(f"{folder}/{part}-images-idx3-ubyte", "wb") as file:
            file.write(struct.pack(">4I", 2051, n, 28, 28))
            for _ in range(0, n, 100):
                file.write(chance.randbytes(100 * 784))
        with open(f"{folder}/{part}-labels-idx1-ubyte", "wb") as file:
            file.write(struct.pack(">2I", 2049, n) + bytes(i % 10 for i in range(n)))


def announced(toile: str, file: str, threads: int) -> float:
    arguments = [toile, "plan", file, "--no-timing", "--threads", str(threads)]
    text = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
    found = re.findall(r"memory: at most about ([0-9.,]+) (kB|MB|GB|bytes)", text)
    if not found:
        sys.exit(f"nothing is announced for {file}:\n{text}")
    return max(float(number.replace(",", "")) * UNITS[unit] for number, unit in found)


def peak(toile: str, file: str, threads: int, out: str) -> float:
    arguments = [toile, "run", file, "--out", out, "--threads", str(threads)]
    child = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{' '.join(arguments)} ended with {child.returncode}")
    return usage.ru_maxrss * 1024


def main() -> None:
    arguments = sys.argv[1:]
    threads = [1, 2, 8]
    if "--threads" in arguments:
        place = arguments.index("--threads")
        threads = [int(n) for n in arguments[place + 1].split(",")]
        del arguments[place : place + 2]
    toile = os.path.abspath(arguments[0])
    wanted = arguments[1:]
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["XDG_CACHE_HOME"] = f"{folder}/cache"
        os.environ.pop("TOILE_STORAGE", None)
        write_data("small", 3000)
        write_data("large", 60000)
        for name, data, text in STUDIES:
            if wanted and name not in wanted:
                continue
            with open(f"{name}.toml", "w") as file:
                file.write(HEAD.format(data=data) + text)
            for n in threads:
                said = announced(toile, f"{name}.toml", n)
                for attempt in range(TRIES):
                    took = peak(toile, f"{name}.toml", n, f"out-{name}-{n}-{attempt}")
                    holds = took <= said and (said <= UPPER * took or name in ONLY_AT_MOST)
                    if holds:
                        break
                line = f"{name}, {n} threads: announced {said / 1e6:.0f} MB, peak {took / 1e6:.0f} MB, {said / took:.2f}"
                print(line + ("" if holds else "  <-- out of bounds"), flush=True)
                if not holds:
                    wrong.append(line)
    if wrong:
        sys.exit(f"{len(wrong)} out of bounds: at least the peak, and at most {UPPER} times it, is to be announced")


if __name__ == "__main__":
    main()
