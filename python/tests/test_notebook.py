"""In a notebook one output is drawn anew, and nothing of it goes to the terminal where the server was started."""

import pathlib
import subprocess
import sys
import warnings

import numpy as np
import pytest

import toile
from toile import callbacks, layers

pytest.importorskip("IPython")

X = np.random.default_rng(3).integers(0, 256, (90, 6, 6)).astype(np.uint8)
Y = np.arange(90) % 3


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> object:
    """A shell of IPython as a notebook's kernel has it."""
    from IPython.core.interactiveshell import InteractiveShell

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shell = InteractiveShell.instance()
    # A kernel's shell has it; one in a terminal has not.
    shell.kernel = object()
    yield shell
    del shell.kernel
    InteractiveShell.clear_instance()


def net() -> toile.Sequential:
    model = toile.Sequential([layers.Flatten(), layers.Dense(3, activation="softmax")])
    model.compile("adam")
    return model


def outputs_of(captured: object) -> dict[str, list]:
    """What was displayed, by the output that it belongs to, in its order."""
    found: dict[str, list] = {}
    for shown in captured._outputs:
        found.setdefault(shown["transient"]["display_id"], []).append(shown)
    return found


@pytest.mark.parametrize("verbose", ["auto", 1])
def test_a_fit_draws_one_output_anew(shell: object, verbose: object) -> None:
    from IPython.utils.capture import capture_output

    with capture_output() as captured:
        history = net().fit(X, Y, epochs=3, verbose=verbose, callbacks=callbacks.EarlyStopping("loss", verbose=1))
    assert captured.stdout == "" and captured.stderr == ""
    (drawn,) = outputs_of(captured).values()
    assert [one["update"] for one in drawn] == [False] + [True] * (len(drawn) - 1)
    assert any("<progress" in one["data"]["text/html"] for one in drawn)
    last = drawn[-1]["data"]
    assert "<progress" not in last["text/html"] and last["text/html"].startswith("<pre>epoch 1/3")
    lines = last["text/plain"].splitlines()
    assert [line.split("  ")[0] for line in lines] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert f"loss {history.history['loss'][-1]:.4f}" in lines[-1]


def test_the_last_lines_of_a_long_training_stay(shell: object) -> None:
    from IPython.utils.capture import capture_output

    with capture_output() as captured:
        net().fit(X, Y, epochs=100)
    (drawn,) = outputs_of(captured).values()
    lines = drawn[-1]["data"]["text/plain"].splitlines()
    assert lines[0] == "… 60 lines before" and lines[1].startswith("epoch 61/100") and len(lines) == 41


def test_plain_lines_and_silence_can_be_asked_for(shell: object) -> None:
    from IPython.utils.capture import capture_output

    with capture_output() as captured:
        net().fit(X, Y, epochs=2, verbose=2)
        net().fit(X, Y, epochs=2, verbose=0)
    assert captured._outputs == [] and len(captured.stdout.splitlines()) == 2


def test_a_training_that_was_stopped_leaves_no_bar(shell: object) -> None:
    from IPython.utils.capture import capture_output

    def breaks(batch: int, logs: dict) -> None:
        if batch == 1:
            raise KeyboardInterrupt

    with capture_output() as captured, pytest.raises(KeyboardInterrupt):
        net().fit(X, Y, callbacks=callbacks.LambdaCallback(on_train_batch_end=breaks))
    (drawn,) = outputs_of(captured).values()
    assert "<progress" not in drawn[-1]["data"]["text/html"]


def test_a_study_shows_its_lines_in_the_cell(
    shell: object, tmp_path: pathlib.Path, capfd: pytest.CaptureFixture
) -> None:
    from IPython.utils.capture import capture_output

    study = toile.Study.from_dict(
        {
            "study": {"name": "Cell", "data": "drawn-garments", "validation_split": 0.9},
            "models": {"<i>": {"layers": [layers.Flatten(), layers.Dense(10, activation="softmax")]}},
            "runs": [{"name": "Only <b>", "model": "<i>", "optimizer": "adam", "epochs": 1, "batch_size": 256}],
        }
    )
    with capture_output() as captured:
        study.run(tmp_path / "out")
        study.run(tmp_path / "out", progress=False)
    (drawn,) = outputs_of(captured).values()
    assert "start   Only <b>" in drawn[-1]["data"]["text/plain"]
    assert "Only &lt;b&gt;" in drawn[-1]["data"]["text/html"] and "<b>" not in drawn[-1]["data"]["text/html"]
    said = capfd.readouterr()
    assert said.out == "" and said.err == ""
    with capture_output(), pytest.raises(toile.StudyError, match="stands above"):
        toile.Study("[study]\nname = 3").run(tmp_path / "wrong")


def test_outside_of_notebooks_nothing_of_ipython_is_imported() -> None:
    code = (
        "import sys, numpy as np, toile; from toile import layers\n"
        "model = toile.Sequential([layers.Dense(2, activation='softmax')]); model.compile()\n"
        "model.fit(np.eye(4, dtype=np.uint8), np.arange(4) % 2, epochs=2)\n"
        "assert 'IPython' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert [line[:9] for line in done.stdout.splitlines()] == ["epoch 1/2", "epoch 2/2"]
