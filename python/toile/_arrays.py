"""Arrays as the engine takes them: examples as uint8 or float32, labels as numbers of classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def examples(x: Any, name: str = "x") -> Array:
    """Images or rows of features, C-contiguous: uint8 is left as it is, floats become float32.

    Raises:
        TypeError: It is no array, or its numbers are neither bytes nor floats.
        ValueError: It has no shape of examples, none at all, masked values, or values that are no finite float32.
    """
    array = _taken(x, name)
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"{name}: expected an array of numbers, found {array.dtype}; `{name}.astype('float32')` if all are numbers"
        )
    if array.ndim < 2 or array.ndim > 4:
        alone = f"; one example alone is `{name}[None]`" if array.ndim == 1 else ""
        raise ValueError(
            f"{name}: expected (examples, features), (examples, height, width) or (examples, height, width, channels), "
            f"found the shape {array.shape}{alone}"
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


def _taken(value: Any, name: str) -> Array:
    """Whatever NumPy makes an array of."""
    if isinstance(value, np.ma.MaskedArray) and np.ma.getmaskarray(value).any():
        raise ValueError(
            f"{name}: found masked values, which have no number; `{name}.filled(0)` puts one in their place"
        )
    try:
        array = np.asarray(value)
    except Exception as error:
        raise TypeError(f"{name}: NumPy makes no array of this {type(value).__name__}: {error}") from error
    if array.ndim == 0 and array.dtype == object:
        raise TypeError(f"{name}: expected an array, found {_kind(value)}")
    return array


def _kind(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def _floats(array: Array, name: str) -> Array:
    with np.errstate(over="ignore"):
        floats = np.ascontiguousarray(array, dtype=np.float32)
    beyond = np.isinf(floats) & np.isfinite(array) if floats.dtype != array.dtype else None
    if beyond is not None and beyond.any():
        place = tuple(int(i) for i in np.argwhere(beyond)[0])
        raise ValueError(f"{name}: {array[place]} at {place} is beyond float32 (3.4e38); scale the features first")
    finite = np.isfinite(floats)
    if not finite.all():
        place = tuple(int(i) for i in np.argwhere(~finite)[0])
        found = "NaN" if np.isnan(floats[place]) else floats[place]
        raise ValueError(
            f"{name}: the value at {place} is {found}, expected a finite number; put one in its place, or leave the example out"
        )
    return floats


def weights(value: Any, name: str) -> Array:
    """A tensor of weights as float32. NaN and infinities are taken: a training may have come to them.

    Raises:
        TypeError: It is no array of real numbers.
        ValueError: A finite value is beyond float32.
    """
    array = _taken(value, name)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name}: expected an array of real numbers, found {array.dtype}")
    with np.errstate(over="ignore"):
        floats = np.ascontiguousarray(array, dtype=np.float32).reshape(array.shape)
    beyond = np.isinf(floats) & np.isfinite(array)
    if beyond.any():
        raise ValueError(f"{name}: {array[beyond].flat[0]} is beyond float32 (3.4e38)")
    return floats


def image_shape(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Height, width and channels of an example of this shape; a row of features is one pixel with a channel for each."""
    if len(shape) == 1:
        return (1, 1, shape[0])
    height, width = shape[:2]
    return (height, width, shape[2] if len(shape) == 3 else 1)


def labels(y: Any, n: int, classes: int, name: str = "y") -> Array:
    """Labels as uint8: numbers from 0, (examples,) or (examples, 1); or one-hot rows, (examples, classes).

    Raises:
        TypeError: They are none, words or objects.
        ValueError: There are not as many as examples, or one is no class of the model.
    """
    array = _taken(y, name)
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
