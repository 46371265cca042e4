"""What strangers bring: study files, data, weights, names, folders. Refused or taken; never a crash, a hang, or gigabytes."""

import gzip
import json
import os
import random
import re
import signal
import struct
import time

from .ground import MEGABYTE, Lost, row
from .texts import HEAD, RUNS, idx

MEMORY = 1500


def refused(said, what):
    if said.code == 0:
        raise Lost(f"taken as if it were right: {what}")
    if "error" not in said.err and "runs failed; the report says why" not in said.err:
        raise Lost(f"code {said.code} without a reason: {said.last()}")


ONE = '\n[[runs]]\nname = "one"\noptimizer = "adam"\nepochs = 1\n'
STUDY_FILES = {
    "empty": b"",
    "NUL": b'[study]\nname = "a\0b"\n',
    "NUL alone": bytes(10_000),
    "mark of byte order": b"\xef\xbb\xbf" + RUNS.encode(),
    "UTF-16": RUNS.encode("utf-16"),
    "Latin-1": b"# caf\xe9\n" + RUNS.encode(),
    "5 MB of comment": b"#" * (5 * MEGABYTE),
    "arrays, 100,000 deep": b"x = " + b"[" * 100_000,
    "tables, 100,000 deep": b"x = " + b"{a=" * 100_000,
    "dotted, 50,000 deep": b".".join([b"a"] * 50_000) + b" = 1",
    "a million runs": HEAD.encode() + ONE.encode().replace(b"epochs = 1", b"epochs = 1\nseeds = 1000000"),
    "18 quintillion runs": HEAD.encode() + ONE.encode().replace(b"epochs = 1", b"epochs = 1\nseeds = 18446744073709551615"),
    "epochs beyond counting": HEAD.encode() + ONE.encode().replace(b"epochs = 1", b"epochs = 9223372036854775807"),
    "epochs below nothing": HEAD.encode() + ONE.encode().replace(b"epochs = 1", b"epochs = -1"),
    "a batch beyond counting": HEAD.replace("32", "9223372036854775807").encode() + ONE.encode(),
    "no batch": HEAD.replace("batch_size = 32", "batch_size = 0").encode() + ONE.encode(),
    "units beyond memory": HEAD.replace("units = 12", "units = 4000000000").encode() + ONE.encode(),
    "units beyond counting": HEAD.replace("units = 12", "units = 9223372036854775807").encode() + ONE.encode(),
    "a rate that is no number": HEAD.encode() + ONE.replace('"adam"', "{ sgd = { learning_rate = nan } }").encode(),
    "an endless rate": HEAD.encode() + ONE.replace('"adam"', "{ sgd = { learning_rate = inf } }").encode(),
    "a rate of 1e308": HEAD.encode() + ONE.replace('"adam"', "{ sgd = { learning_rate = 1e308 } }").encode(),
    "a range of nothing": RUNS.encode()
    + b'[[searches]]\nname = "s"\nbatch_size = { low = 5, high = 5 }\noptimizer = "adam"\nn_trials = 2\n',
    "a range upside down": RUNS.encode()
    + b'[[searches]]\nname = "s"\nbatch_size = { low = 9, high = 5 }\noptimizer = "adam"\nn_trials = 2\n',
    "a range without end": RUNS.encode()
    + b'[[searches]]\nname = "s"\noptimizer = { sgd = { learning_rate = { low = 0.0, high = inf } } }\nn_trials = 2\n',
    "no choices": RUNS.encode() + b'[[searches]]\nname = "s"\nbatch_size = { choices = [] }\noptimizer = "adam"\nn_trials = 2\n',
    "trials beyond counting": RUNS.encode()
    + b'[[searches]]\nname = "s"\nbatch_size = { low = 1, high = 5 }\noptimizer = "adam"\nn_trials = 18446744073709551615\n',
    "a validation of everything": RUNS.replace("validation_split = 0.2", "validation_split = 1.0").encode(),
    "a seed below nothing": RUNS.replace("seed = 3", "seed = -3").encode(),
    "data that are everything": RUNS.replace("./data", "/").encode(),
    "data that are a device": RUNS.replace("./data", "/dev/zero").encode(),
    "layers without end": HEAD.replace("layers = [", "layers = [" + "{ dense = { units = 1 } }, " * 20_000).encode() + ONE.encode(),
    "a name of a megabyte": RUNS.replace("attacked", "n" * MEGABYTE).encode(),
    "not TOML": b"<?xml version='1.0'?><study/>",
    "noise": random.Random(7).randbytes(20_000),
    "two of each": (RUNS + RUNS).encode(),
    "only a letter": b"x",
    "escapes": RUNS.replace("attacked", "\\u001b[2J\\u0007").encode(),
    "turned letters": RUNS.replace("attacked", "\u202egnp.exe").encode(),
}


@row("studies", "hostile study files (NUL, depth 100,000, 1e6 runs, huge numbers, …), plan and run each", sample=20, full=[*STUDY_FILES])
def studies(ground, chance, name):
    with ground.place(None) as place:
        place.path("study.toml").write_bytes(STUDY_FILES[name])
        is_long = name in ("a million runs", "epochs beyond counting", "trials beyond counting")
        for command in (["plan", "study.toml"], ["run", "study.toml", "--out", "o"]):
            child = place.start(*command, memory=MEMORY)
            if is_long:
                stop_what_is_right(child)
            said = child.end(30, signals=(signal.SIGTERM,) if is_long else ())
            if said.code > 0 and "error" not in said.err and said.code not in (3, 130):
                raise Lost(f"code {said.code} without a reason: {said.last()}")
            no_escapes(said)


def stop_what_is_right(child, seconds=2):
    """A study that is only long may begin; it stops when it is asked to."""
    until = time.time() + seconds
    while child.alive() and time.time() < until:
        time.sleep(0.01)
    child.send(signal.SIGTERM)


def no_escapes(said):
    found = re.search(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u202a-\u202e\u2066-\u2069]", said.out + said.err)
    if found:
        raise Lost(f"a control character reaches the terminal: {found.group()!r}")


IDX_FILES = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]
IDX_BITS = [(name, bit) for name in IDX_FILES for bit in range(128 if "images" in name else 64)]


@row("idx-bits", "IDX: each bit of the headers", sample=20, full=IDX_BITS)
def idx_bits(ground, chance, attempt):
    name, bit = attempt
    with ground.place(RUNS) as place:
        file = place.path("data") / name
        bytes_ = bytearray(file.read_bytes())
        bytes_[bit // 8] ^= 1 << bit % 8
        file.write_bytes(bytes_)
        refused(place.run(memory=MEMORY), f"bit {bit} of the header of {name}")


@row("idx-cuts", "IDX cut", sample=6, full=47)
def idx_cuts(ground, chance, index):
    with ground.place(RUNS) as place:
        file = place.path("data") / IDX_FILES[index % 4]
        at = chance.randrange(file.stat().st_size)
        file.write_bytes(file.read_bytes()[:at])
        refused(place.run(memory=MEMORY), f"{file.name} cut at {at}")


GZIP = [("bit", n) for n in range(60)] + [("cut", n) for n in range(26)]


@row("gzip", "gzip: bits, cuts", sample=12, full=GZIP)
def damaged_gzip(ground, chance, attempt):
    """Harmless bits (the time, the system) give the same; all others are refused."""
    what, n = attempt
    with ground.place(RUNS) as place:
        plain = place.path("data/train-images-idx3-ubyte")
        packed = bytearray(gzip.compress(plain.read_bytes(), mtime=0))
        plain.unlink()
        if what == "bit":
            at = n if n < 80 else chance.randrange(len(packed) * 8)
            packed[at // 8] ^= 1 << at % 8
        else:
            packed = packed[: chance.randrange(len(packed))]
        plain.with_name(plain.name + ".gz").write_bytes(packed)
        said = place.run(memory=MEMORY)
        place.same() if said.code == 0 and what == "bit" else refused(said, f"gzip, {what} {n}")


def random_idx(place, dimensions, content=b""):
    place.path("data/train-images-idx3-ubyte").write_bytes(idx(dimensions, content))


def replaced(place, make):
    file = place.path("data/train-labels-idx1-ubyte")
    file.unlink()
    make(file)


def huge_images(place):
    """16 MB an image, and a first layer of gigabytes."""
    for part in ("train", "t10k"):
        folder = place.path("data")
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx([8, 4096, 4096], b""))
        os.truncate(folder / f"{part}-images-idx3-ubyte", 16 + 8 * 4096 * 4096)
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx([8], bytes(range(4)) * 2))


def bomb(place, levels):
    """400 MB of zeros, packed; and the packed packed again."""
    packed = place.ground.remember("bomb", lambda: gzip.compress(bytes(400 * MEGABYTE), compresslevel=1))
    plain = place.path("data/train-images-idx3-ubyte")
    plain.unlink()
    plain.with_name(plain.name + ".gz").write_bytes(packed if levels == 1 else gzip.compress(packed))


def label(value):
    return lambda place: place.path("data/train-labels-idx1-ubyte").write_bytes(idx([300], bytes([value]) * 300))


DATA = {
    "dimensions beyond memory": lambda place: random_idx(place, [4_000_000_000, 4_000_000_000, 4_000_000_000]),
    "images of 65535 x 65535": lambda place: random_idx(place, [300, 65535, 65535]),
    "images of 4096 x 4096": huge_images,
    "images of nothing": lambda place: random_idx(place, [300, 0, 0]),
    "no image": lambda place: random_idx(place, [0, 8, 8]),
    "one image too few": lambda place: random_idx(place, [299, 8, 8], bytes(299 * 64)),
    "images of another size": lambda place: random_idx(place, [300, 9, 9], bytes(300 * 81)),
    "a byte too many": lambda place: random_idx(place, [300, 8, 8], bytes(300 * 64 + 1)),
    "labels of 255": label(255),
    "a pipe": lambda place: replaced(place, os.mkfifo),
    "a folder": lambda place: replaced(place, os.mkdir),
    "a link to a device": lambda place: replaced(place, lambda file: file.symlink_to("/dev/zero")),
    "a link to itself": lambda place: replaced(place, lambda file: file.symlink_to(file)),
    "nothing": lambda place: replaced(place, lambda file: None),
    "a gzip bomb": lambda place: bomb(place, 1),
    "a bomb within a bomb": lambda place: bomb(place, 2),
    "20 GB that are not there": lambda place: os.truncate(place.path("data/train-images-idx3-ubyte"), 20 << 30),
}


@row("data", "data files that are too large, too small, pipes, folders, devices, bombs", sample=17, full=[*DATA])
def data(ground, chance, name):
    with ground.place(RUNS) as place:
        DATA[name](place)
        refused(place.run(memory=MEMORY), name)


def with_weights(place):
    """A study that begins with weights, and the weights of an undisturbed run."""
    source = place.ground.finished(RUNS) / "runs/adam-seed-3/weights.safetensors"
    place.path("study.toml").write_text(HEAD + ONE + 'initial_weights = "w.safetensors"\n')
    return source.read_bytes()


@row("weights", "initial weights: bits of the header, cuts", sample=16, full=323)
def weights(ground, chance, index):
    with ground.place(RUNS) as place:
        whole = bytearray(with_weights(place))
        header = 8 + struct.unpack("<Q", whole[:8])[0]
        if index % 5 == 4:
            at = chance.randrange(len(whole))
            place.path("w.safetensors").write_bytes(whole[:at])
            return refused(place.run(memory=MEMORY), f"weights cut at {at}")
        bit = chance.randrange(header * 8) if index % 2 else chance.randrange(64)
        whole[bit // 8] ^= 1 << bit % 8
        place.path("w.safetensors").write_bytes(whole)
        said = place.run(memory=MEMORY)
        if said.code not in (0, 3) or bit < 64:
            refused(said, f"bit {bit} of the header of the weights")


def header_of(text, size=None, content=b""):
    return lambda file: file.write_bytes(struct.pack("<Q", len(text) if size is None else size) + text + content)


def sparse(file):
    file.write_bytes(b"\x08")
    os.truncate(file, 20 << 30)


MANY = json.dumps({f"t{n}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for n in range(20_000)}).encode()
WEIGHTS = {
    "pipe": os.mkfifo,
    "folder": os.mkdir,
    "link to zeros": lambda file: file.symlink_to("/dev/zero"),
    "link to chance": lambda file: file.symlink_to("/dev/urandom"),
    "link to itself": lambda file: file.symlink_to(file),
    "20 GB that are not there": sparse,
    "nothing": lambda file: None,
    "empty": lambda file: file.write_bytes(b""),
    "a header beyond counting": header_of(b"{}", size=2**64 - 1),
    "a header beyond memory": header_of(b"{}", size=2**40),
    "no tensor": header_of(b"{}"),
    "a header that is deep": header_of(b"[" * 100_000),
    "many tensors": header_of(MANY),
    "a shape beyond counting": header_of(
        json.dumps({"dense/kernel": {"dtype": "F32", "shape": [2**63, 2**63], "data_offsets": [0, 4]}}).encode(), content=bytes(4)
    ),
    "offsets upside down": header_of(
        json.dumps({"dense/kernel": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}}).encode(), content=bytes(4)
    ),
    "offsets beyond the file": header_of(
        json.dumps({"dense/kernel": {"dtype": "F32", "shape": [1], "data_offsets": [2**62, 2**62 + 4]}}).encode()
    ),
    "another type": header_of(
        json.dumps({"dense/kernel": {"dtype": "Q3", "shape": [1], "data_offsets": [0, 4]}}).encode(), content=bytes(4)
    ),
}


@row("odd-weights", "initial weights that are pipes, devices, bombs", sample=17, full=[*WEIGHTS])
def odd_weights(ground, chance, name):
    with ground.place(RUNS) as place:
        with_weights(place)
        WEIGHTS[name](place.path("w.safetensors"))
        refused(place.run(memory=MEMORY), name)
