"""Names that layers are given: in the summary, in files, and back."""

import pathlib

import numpy as np
import pytest

import toile
from toile import layers

X = np.random.default_rng(3).integers(0, 256, (60, 8, 8)).astype(np.uint8)
Y = np.arange(60) % 3


def net() -> toile.Sequential:
    model = toile.Sequential(
        [
            layers.Conv2D(2, 3, name="eye"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(4),
            layers.Dense(4, name="dense_1"),
            layers.Dense(4),
            layers.Dense(3, activation="softmax", name="Head of it"),
        ],
        name="Small net",
    )
    model.compile()
    return model


NAMES = ["eye", "max_pooling2d", "flatten", "dense", "dense_1", "dense_2", "Head of it"]


def test_the_summary_shows_them(capsys: pytest.CaptureFixture) -> None:
    model = net()
    model.build((None, 8, 8))
    model.summary()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == 'Model: "Small net"'
    rows = [line.split("│")[1].strip() for line in lines if line.startswith("│")]
    assert [row.rsplit(" (", 1)[0] for row in rows] == NAMES
    assert rows[-1] == "Head of it (Dense)"
    assert len({len(line) for line in lines if line.startswith(("│", "├", "┃"))}) == 1


def test_a_file_keeps_them_and_keras_reads_them(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture) -> None:
    model = net()
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "net.keras")
    again = toile.load_model(tmp_path / "net.keras")
    assert [layer.name for layer in again.layers] == NAMES
    assert np.array_equal(again.predict(X), model.predict(X))
    again.summary()
    assert "Head of it (Dense)" in capsys.readouterr().out
    again.save(tmp_path / "again.keras")
    assert [layer.name for layer in toile.load_model(tmp_path / "again.keras").layers] == NAMES
    keras = pytest.importorskip("keras")
    theirs = keras.models.load_model(tmp_path / "again.keras")
    assert [layer.name for layer in theirs.layers] == ["rescaling", *NAMES]
    assert np.allclose(theirs.predict(X[..., None], verbose=0), model.predict(X), atol=1e-5)
    theirs.save(tmp_path / "theirs.keras")
    assert [layer.name for layer in toile.load_model(tmp_path / "theirs.keras").layers] == NAMES


def test_weights_are_found_whatever_the_layers_are_called(tmp_path: pathlib.Path) -> None:
    named, other = net(), toile.Sequential([layers.Conv2D(2, 3), *net().layers[1:]], seed=4)
    named.build((None, 8, 8))
    other.build((None, 8, 8))
    named.save(tmp_path / "net.weights.h5")
    other.load_weights(tmp_path / "net.weights.h5")
    assert other.weights_sha256 == named.weights_sha256


@pytest.mark.parametrize("name", ["", "a/b", 3])
def test_what_is_no_name_is_said(name: object) -> None:
    with pytest.raises(ValueError, match="Dense: name: expected a word without"):
        layers.Dense(3, name=name)


def test_two_layers_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="a layer is called `a` already"):
        toile.Sequential([layers.Flatten(name="a"), layers.Dense(3, name="a")])
