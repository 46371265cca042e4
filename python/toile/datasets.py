"""Data sets as arrays: those that toile knows by name, and own pictures in any form that it reads."""

from __future__ import annotations

import os
import pathlib
import tempfile

import numpy as np

from toile.study import _program

Pair = tuple[np.ndarray, np.ndarray]


def load_data(name: str | os.PathLike[str], *, data_dir: str | os.PathLike[str] | None = None) -> tuple[Pair, Pair]:
    """`(x_train, y_train), (x_test, y_test)`: uint8 pixels, and numbers of classes.

    Args:
        name: `fashion-mnist`, `drawn-garments` and others of `toile data list`; or the path of own data with a test part.
        data_dir: Where data are looked for first; `TOILE_DATA_DIR` otherwise.

    Raises:
        toile.StudyError: The data are not there, or not as they should be.
    """
    with tempfile.TemporaryDirectory() as place:
        file = pathlib.Path(place) / "data.npz"
        words = ["data", "convert", "--to=npz", f"--out={file}"]
        words += [f"--data-dir={data_dir}"] if data_dir is not None else []
        _program([*words, "--", str(name)])
        with np.load(file) as arrays:
            x_train, y_train, x_test, y_test = (arrays[key] for key in ("x_train", "y_train", "x_test", "y_test"))
    return (x_train, y_train), (x_test, y_test)
