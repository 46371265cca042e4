"""Studies and judgements from Python."""

import os
import pathlib
import signal
import subprocess
import sys
import time
import tomllib

import pytest

import toile

pytest.importorskip("pandas")

STUDY = {
    "study": {"name": "Two nets", "data": "drawn-garments", "validation_split": 0.9, "seeds": 3},
    "models": {"linear": {"layers": ["flatten", {"dense": {"units": 10, "activation": "softmax"}}]}},
    "defaults": {"model": "linear", "epochs": 1, "batch_size": 256},
    "runs": [{"name": "Adam", "optimizer": "adam"}, {"name": "SGD", "optimizer": {"sgd": {"learning_rate": 0.001}}}],
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> toile.Results:
    return toile.Study.from_dict(STUDY).run(tmp_path_factory.mktemp("study") / "out", progress=False)


def test_results_are_tables(results: toile.Results) -> None:
    assert len(results.frame()) == 6 and len(results.epochs()) == 6
    assert "<table" in results._repr_html_()


def test_a_verdict_is_that_of_the_program(results: toile.Results) -> None:
    assert "better" in str(results.verdict("Adam", "SGD"))
    with pytest.raises(toile.StudyError, match="did you mean"):
        results.verdict("Adam", "SDG")


def test_the_report_is_one_file_and_replaces_none(results: toile.Results, tmp_path: pathlib.Path) -> None:
    path = results.report(tmp_path / "report.html")
    assert path.read_text().startswith("<!DOCTYPE html>") or "<html" in path.read_text()
    with pytest.raises(toile.StudyError, match="is there already"):
        results.report(path)


def test_what_is_wrong_with_a_study_is_said_in_the_program_s_words() -> None:
    wrong = STUDY | {"defaults": {"model": "linear", "epochs": 1, "batchsize": 256}}
    with pytest.raises(toile.StudyError, match="did you mean `batch_size`"):
        toile.Study.from_dict(wrong).plan()
    assert list(pathlib.Path.cwd().glob(".study-*")) == []


def test_a_file_is_a_study(tmp_path: pathlib.Path) -> None:
    (tmp_path / "one.toml").write_text(toile.Study.from_dict(STUDY).text)
    assert "6 runs" in toile.Study.from_file(tmp_path / "one.toml").plan()
    assert "[study]" in toile.Study.built_in("quick").text


def test_results_of_others_are_judged() -> None:
    runs = [
        {"name": name, "seed": seed, "settings": {"optimizer": name}, "test": {"accuracy": base + seed / 1000}}
        for name, base in [("adam", 0.9), ("sgd", 0.8)]
        for seed in range(3)
    ]
    records = {"format": 1, "n_train": 1000, "n_test": 10000, "classes": 10, "runs": runs}
    (pair,) = toile.judge(records)["verdicts"]
    assert (pair["a"], pair["b"], pair["verdict"]) == ("adam", "sgd", "better")
    with pytest.raises(toile.StudyError, match="format"):
        toile.judge({"runs": runs})


def small(folder: pathlib.Path, **others: object) -> dict:
    """A study of an own small data set."""
    numpy = pytest.importorskip("numpy")
    x = numpy.random.default_rng(1).integers(0, 256, (120, 5, 5)).astype(numpy.uint8)
    y = (numpy.arange(120) % 3).astype(numpy.uint8)
    numpy.savez(folder / "data.npz", x_train=x, y_train=y, x_test=x[:30], y_test=y[:30])
    return {
        "study": {"name": "small", "data": folder / "data.npz", "validation_split": numpy.float32(0.25), "seeds": 2},
        "models": {"net": {"layers": ["flatten", {"dense": {"units": 3, "activation": "softmax"}}]}},
        "defaults": {"model": "net", "epochs": 1, "batch_size": 32},
        "runs": ({"name": "one", "optimizer": "adam"},),
        "searches": None,
    } | others


def test_what_classes_say_beyond_their_table_is_in_the_study(tmp_path: pathlib.Path) -> None:
    rate = toile.schedules.CosineDecay(0.1, 20)
    run = {
        "name": "one",
        "optimizer": toile.optimizers.Adam(rate),
        "loss": toile.losses.CategoricalCrossentropy(label_smoothing=0.1),
    }
    study = tomllib.loads(toile.Study.from_dict(small(tmp_path, runs=[run])).text)
    assert study["runs"][0]["schedule"] == {"cosine": {"decay_steps": 20, "alpha": 0.0, "warmup_steps": 0}}
    assert study["runs"][0]["label_smoothing"] == 0.1
    with pytest.raises(toile.StudyError, match="said twice"):
        toile.Study.from_dict(small(tmp_path, runs=[run | {"schedule": "constant"}]))
    model = toile.Sequential([toile.layers.Flatten(), toile.layers.Dense(3, activation="softmax")])
    assert "dense: units = 3" in toile.Study.from_dict(small(tmp_path, models={"net": model})).plan()


@pytest.mark.parametrize("name", ["Größe 💡", "a\"b'c\\", "a\nb", "\x7f\x80\u2028", "--help", "3"])
def test_names_of_any_characters_are_kept(tmp_path: pathlib.Path, name: str) -> None:
    tables = small(tmp_path, runs=[{"name": name, "optimizer": "adam"}])
    tables |= {"models": {name: tables["models"]["net"]}, "defaults": tables["defaults"] | {"model": name}}
    study = toile.Study.from_dict(tables)
    written = tomllib.loads(study.text)
    assert list(written["models"]) == [name] and written["runs"][0]["name"] == name
    results = study.run(tmp_path / "out", only=name, progress=False)
    assert {run["name"] for run in results.json()["runs"]} == {name}


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: toile.Study.from_dict([1]), TypeError, "expected a dictionary, found a list"),
        (lambda: toile.Study.from_dict({"runs": [None]}), toile.StudyError, "expected a table"),
        (lambda: toile.Study.from_dict({"runs": {1, 2}}), toile.StudyError, "expected a table or a list"),
        (lambda: toile.Study.from_dict({"study": {"name": b"x"}}), TypeError, "no bytes"),
        (lambda: toile.Study.from_dict({"study": {"name": "\ud800"}}), toile.StudyError, "no Unicode text"),
        (
            lambda: toile.Study.from_dict({"models": {"a": {"layers": [toile.Input((3,))]}}}),
            toile.StudyError,
            "leave Input((3,)) out",
        ),
        (lambda: toile.Study(3), TypeError, "a study file's text"),
        (lambda: toile.Study.built_in("--help"), toile.StudyError, "no built-in study is named `--help`"),
        (lambda: toile.Results("/nowhere").json(), toile.StudyError, "results.json"),
        (lambda: toile.Results("--help").frame(), toile.StudyError, "no folder `--help`"),
        (lambda: toile.judge([]), TypeError, "found a list"),
        (lambda: toile.judge("--help"), toile.StudyError, "cannot be read"),
        (lambda: toile.datasets.load_data("--help"), toile.StudyError, "unknown data set `--help`"),
    ],
)
def test_what_no_study_can_hold_is_one_clear_sentence(make: object, error: type, words: str) -> None:
    with pytest.raises(error) as said:
        make()
    assert words in str(said.value), str(said.value)


def test_names_that_look_like_options_are_names(results: toile.Results, tmp_path: pathlib.Path) -> None:
    with pytest.raises(toile.StudyError, match="no run `--json`"):
        results.verdict("--json", "Adam")
    with pytest.raises(toile.StudyError, match="there is no folder"):
        results.report(tmp_path / "none" / "report.html")


@pytest.mark.parametrize("whom", ["process", "terminal"])
def test_a_run_that_ctrl_c_stopped_goes_on_to_the_same_results(tmp_path: pathlib.Path, whom: str) -> None:
    """A terminal sends Ctrl-C to all processes of its group."""
    tables = small(tmp_path, defaults={"model": "net", "epochs": 200, "batch_size": 8})
    tables["study"]["seeds"] = 20
    code = f"""
import sys, toile
toile.Study(sys.stdin.read(), folder={str(tmp_path)!r}).run({str(tmp_path / "out")!r}, progress=False)
"""
    text = toile.Study.from_dict(tables).text
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    process.stdin.write(text)
    process.stdin.close()
    while process.poll() is None and not list((tmp_path / "out").glob("runs/*")):
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT) if whom == "terminal" else process.send_signal(signal.SIGINT)
    # A fast processor may have been done before.
    assert "KeyboardInterrupt" in process.stderr.read() or process.wait(60) == 0
    assert list(tmp_path.glob(".study-*")) == []
    # The program ended in good order: what was trained is in its results.
    assert 0 < len(toile.Results(tmp_path / "out").json()["runs"]) <= 20
    assert list((tmp_path / "out").glob("*-wal")) == []
    again = toile.Study(text, folder=tmp_path).run(tmp_path / "out", progress=False).json()["runs"]
    whole = toile.Study(text, folder=tmp_path).run(tmp_path / "whole", progress=False).json()["runs"]
    assert [run["weights_sha256"] for run in again] == [run["weights_sha256"] for run in whole]
    assert len(again) == 20


def test_a_terminal_s_ctrl_c_reaches_the_program_once(tmp_path: pathlib.Path) -> None:
    """A second one would end the program without its report."""
    program = tmp_path / "program"
    program.write_text(
        f"""#!{sys.executable}
import pathlib, signal, sys, time
heard = []
signal.signal(signal.SIGINT, lambda *_: heard.append(1))
place = pathlib.Path({str(tmp_path)!r})
(place / "ready").touch()
while not heard:
    time.sleep(0.01)
time.sleep(1.0)
(place / "heard").write_text(str(len(heard)))
sys.exit(130)
"""
    )
    program.chmod(0o755)
    # Where tests run in the background, Ctrl-C is ignored from the start.
    code = (
        "import signal, toile.study; signal.signal(signal.SIGINT, signal.default_int_handler);"
        f"toile.study.sys.executable = {str(program)!r}; toile.study._program(['run'])"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL, start_new_session=True)
    while not (tmp_path / "ready").exists():
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) != 0
    assert (tmp_path / "heard").read_text() == "1"
