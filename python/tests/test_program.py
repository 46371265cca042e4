"""The program that the wheel installs: `toile` and `python -m toile` are one program, and it behaves as the one of Cargo does.

`TOILE_PROGRAM` names the program that Cargo built; without it the tests that compare with it say that they were skipped.
"""

import importlib.metadata
import os
import pathlib
import random
import signal
import struct
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator

import pytest

import toile

INSTALLED = [str(pathlib.Path(sysconfig.get_path("scripts")) / "toile")]
MODULE = [sys.executable, "-m", "toile"]
BOTH = pytest.mark.parametrize("program", [INSTALLED, MODULE], ids=["toile", "python -m toile"])

STUDY = """
[study]
name = "small"
data = "./data"
validation_split = 0.2

[models.small]
layers = ["flatten", { dense = { units = 64, activation = "relu" } }, { dense = { units = 4, activation = "softmax" } }]

[[runs]]
name = "Adam"
model = "small"
optimizer = "adam"
batch_size = 1
epochs = 5000
"""


def run(program: list, *args: str, folder: pathlib.Path | None = None) -> subprocess.CompletedProcess:
    return subprocess.run([*program, *args], cwd=folder, capture_output=True, text=True, timeout=300, check=False)


def said(program: list, *args: str) -> tuple[int, str, str]:
    done = run(program, *args)
    return done.returncode, done.stdout, done.stderr


def test_one_version_for_the_module_the_package_and_the_program() -> None:
    assert toile.__version__ == importlib.metadata.version("toile-lab")
    assert run(INSTALLED, "--version").stdout.startswith(f"toile {toile.__version__} (")


def test_the_module_alone_imports_nothing_heavy() -> None:
    code = "import sys, toile; print([name for name in ('numpy', 'pandas', 'sklearn') if name in sys.modules])"
    assert run([sys.executable, "-c", code]).stdout == "[]\n"


@pytest.mark.parametrize(
    "args",
    [
        ["--version"],
        ["--help"],
        ["run", "--help"],
        ["list"],
        ["schema"],
        ["completions", "bash"],
        ["man"],
        ["plan", "drawn-garments", "--no-timing", "--threads", "2"],
        # Errors: a study that is not there, arguments that cannot be understood.
        ["plan", "no-such-study"],
        ["run", "--threads", "0"],
        ["fly"],
        # A name that is no text, as a file of Linux may have.
        ["plan", "\udcff.toml"],
    ],
    ids=" ".join,
)
def test_both_say_what_the_program_of_cargo_says(args: list) -> None:
    # The name may hold a byte that cannot be printed: answers are compared as bytes.
    answers = [
        subprocess.run([*program, *args], capture_output=True, timeout=300, check=False)
        for program in (
            INSTALLED,
            MODULE,
            [os.environ["TOILE_PROGRAM"]] if "TOILE_PROGRAM" in os.environ else INSTALLED,
        )
    ]
    answers = [(answer.returncode, answer.stdout, answer.stderr) for answer in answers]
    assert answers[0] == answers[1]
    # Of two builds one may know its commit where the other does not.
    if args != ["--version"]:
        assert answers[0] == answers[2]


@BOTH
def test_exit_codes_are_those_of_the_program(program: list) -> None:
    assert said(program, "list")[0] == 0
    assert said(program, "plan", "no-such-study")[0] == 1
    assert said(program, "fly")[0] == 2


@BOTH
def test_a_reader_that_has_seen_enough_is_no_error(program: list) -> None:
    child = subprocess.Popen([*program, "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    child.stdout.close()
    assert (child.stderr.read(), child.wait(60)) == (b"", 0)


def images(folder: pathlib.Path) -> None:
    """Small images of four classes as IDX files: noise, and a corner that is brighter."""
    folder.mkdir()
    noise = random.Random(1)
    for part, n in (("train", 400), ("t10k", 80)):
        labels = bytes(noise.randrange(4) for _ in range(n))
        pixels = bytes(
            noise.randrange(160) + 95 * (i // 32 * 2 + i % 8 // 4 == label) for label in labels for i in range(64)
        )
        head = bytes((0, 0, 8, 3)) + struct.pack(">III", n, 8, 8)
        (folder / f"{part}-images-idx3-ubyte").write_bytes(head + pixels)
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(bytes((0, 0, 8, 1)) + struct.pack(">I", n) + labels)


@pytest.fixture
def start(tmp_path: pathlib.Path) -> Iterator[Callable[[list], subprocess.Popen]]:
    """Begins a study that would train for minutes, and returns when its run has started, as its own line says."""
    children = []

    def begin(program: list) -> subprocess.Popen:
        images(tmp_path / "data")
        (tmp_path / "study.toml").write_text(STUDY)
        command = [*program, "run", "study.toml", "--out", "out"]
        child = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        children.append(child)
        words: list = []
        while not words or not words[-1].startswith("start"):
            words.append(child.stderr.readline())
            assert words[-1], f"the run does not start: {words}"
        return child

    yield begin
    for child in children:
        child.kill()
        child.wait()


@BOTH
@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_ctrl_c_ends_a_study_in_order(
    program: list, which: signal.Signals, start: Callable, tmp_path: pathlib.Path
) -> None:
    child = start(program)
    child.send_signal(which)
    _, words = child.communicate(timeout=60)
    assert child.returncode == 130, words
    assert "stopping after the current batch" in words
    # In order: the report was still written, and there is no traceback of Python.
    assert (tmp_path / "out/report.html").is_file()
    assert "Traceback" not in words


@BOTH
def test_a_second_ctrl_c_ends_it_at_once(program: list, start: Callable) -> None:
    child = start(program)
    child.send_signal(signal.SIGINT)
    # The first is answered before the second is sent: two at once may count as one.
    line = child.stderr.readline()
    while "stopping after" not in line:
        assert line, "no answer to Ctrl-C"
        line = child.stderr.readline()
    child.send_signal(signal.SIGINT)
    assert child.wait(60) == 130


@BOTH
def test_ctrl_c_ends_what_has_no_handler(program: list) -> None:
    child = subprocess.Popen([*program, "bench", "quick"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    # The first line comes after some seconds of measuring: it has begun long before.
    time.sleep(1.5)
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=60)
    assert child.returncode == -signal.SIGINT
