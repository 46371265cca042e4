"""Arrays as the engine takes them: examples as uint8 or float32, labels as numbers of classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def examples(x: Any, name: str = "x") -> Array:
    """Images or rows of features, C-contiguous: uint8 is left as it is, floats become float32.

    Raises:
        TypeError: Its numbers are neither bytes nor floats.
        ValueError: It has no shape of examples, none at all, or values beyond float32.
    """
    array = np.asarray(x)
    if array.dtype == object or array.dtype.kind in "USVmM":
        raise TypeError(f"{name}: expected an array of numbers, found {array.dtype}")
    if array.ndim < 2 or array.ndim > 4:
        raise ValueError(
            f"{name}: expected (examples, features), (examples, height, width) or (examples, height, width, channels), "
            f"found the shape {array.shape}"
        )
    if 0 in array.shape:
        raise ValueError(f"{name}: expected at least one example and one value each, found the shape {array.shape}")
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if array.dtype.kind == "f":
        return _floats(array, name)
    if array.dtype == bool:
        return np.ascontiguousarray(array, dtype=np.float32)
    raise TypeError(
        f"{name}: found {array.dtype}, which may be pixels or plain numbers: `{name}.astype('uint8')` are pixels of 0 to 255, which toile "
        f"divides by 255; `{name}.astype('float32')` is taken as it is"
    )


def _floats(array: Array, name: str) -> Array:
    with np.errstate(over="ignore"):
        floats = np.ascontiguousarray(array, dtype=np.float32)
    beyond = np.isinf(floats) & np.isfinite(array) if floats.dtype != array.dtype else None
    if beyond is not None and beyond.any():
        place = tuple(int(i) for i in np.argwhere(beyond)[0])
        raise ValueError(f"{name}: {array[place]} at {place} is beyond float32 (3.4e38); scale the features first")
    return floats


def image_shape(array: Array) -> tuple[int, int, int]:
    """Height, width and channels of an example; a row of features is one pixel with a channel for each."""
    if array.ndim == 2:
        return (1, 1, array.shape[1])
    height, width = array.shape[1:3]
    return (height, width, array.shape[3] if array.ndim == 4 else 1)


def labels(y: Any, n: int, classes: int, name: str = "y") -> Array:
    """Labels as uint8: numbers from 0, (examples,) or (examples, 1); or one-hot rows, (examples, classes).

    Raises:
        TypeError: They are words or objects.
        ValueError: There are not as many as examples, or one is no class of the model.
    """
    array = np.asarray(y)
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"{name}: expected numbers of classes, found {array.dtype}; "
            "`numpy.unique(y, return_inverse=True)` gives the classes and their numbers"
        )
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim not in (1, 2):
        raise ValueError(f"{name}: expected (examples,) or (examples, classes), found the shape {array.shape}")
    if len(array) != n:
        raise ValueError(f"{name}: found {len(array)} labels for {n} examples")
    if array.ndim == 2:
        array = _from_one_hot(array, classes, name)
    if array.dtype.kind == "f":
        odd = ~(np.isfinite(array) & (np.floor(array) == array))
        if odd.any():
            place = int(np.argmax(odd))
            raise ValueError(f"{name}: {array[place]} at {place} is no whole number, expected 0 to {classes - 1}")
    outside = (array < 0) | (array >= classes)
    if outside.any():
        place = int(np.argmax(outside))
        least = array.min()
        more = (
            f"; labels begin with {least}: `{name} - {least}` begins with 0"
            if least > 0 and array.max() - least < classes
            else ""
        )
        raise ValueError(
            f"{name}: the label {array[place]} at {place} is no class of the model, expected 0 to {classes - 1}{more}"
        )
    return np.ascontiguousarray(array, dtype=np.uint8)


def _from_one_hot(array: Array, classes: int, name: str) -> Array:
    if array.shape[1] != classes:
        raise ValueError(f"{name}: one-hot rows have {array.shape[1]} columns, and the model has {classes} classes")
    is_hot = ((array == 0) | (array == 1)).all(axis=1) & (array.sum(axis=1) == 1)
    if not is_hot.all():
        place = int(np.argmin(is_hot))
        raise ValueError(
            f"{name}: row {place} is not one-hot: {array[place].tolist()}; toile learns one class per example"
        )
    return np.argmax(array, axis=1)
