"""Studies and judgements from Python."""

import pathlib

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
