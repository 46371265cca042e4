"""The nets as plain lists of layers, in no library's words: each peer, and toile's study file, makes its own of them."""

from __future__ import annotations

import dataclasses
from types import ModuleType
from typing import Any

CLASSES = 10


@dataclasses.dataclass(frozen=True)
class Layer:
    """One layer in no library's words: `kind` is conv, pool, flatten, dense or dropout; `size` filters, units or rate."""

    kind: str
    size: float = 0
    activation: str = "linear"
    padding: str = "valid"


def in_keras_words(layers: ModuleType, net: list[Layer], **of_last: str) -> list[Any]:
    """The layers in the words of Keras, which are toile's in Python too: `layers` is the module of either. The last one ends in
    softmax, and has these settings beside."""
    made = {
        "conv": lambda layer: layers.Conv2D(int(layer.size), 3, padding=layer.padding, activation=layer.activation),
        "dense": lambda layer: layers.Dense(int(layer.size), activation=layer.activation),
        "dropout": lambda layer: layers.Dropout(layer.size),
        "pool": lambda layer: layers.MaxPooling2D(2),
        "flatten": lambda layer: layers.Flatten(),
    }
    return [*(made[layer.kind](layer) for layer in net[:-1]), layers.Dense(CLASSES, activation="softmax", **of_last)]


def model(name: str) -> list[Layer]:
    """The layers of a model by name; `64x3` is three hidden sigmoid layers of 64."""
    if name in ("cnn", "cnn_dropout"):
        return _study_cnn(0.5 if name == "cnn_dropout" else 0.0)
    if name == "cnn_small":
        return [
            *_conv(32, "same"),
            Layer("pool"),
            *_conv(64, "same"),
            Layer("pool"),
            Layer("flatten"),
            *_dense([128], "relu"),
            _output(),
        ]
    hidden = {"dense": [32], "deeper": [64, 32, 32]}.get(name) or _width_and_depth(name)
    return [Layer("flatten"), *_dense(hidden, "sigmoid"), _output()]


def _width_and_depth(name: str) -> list[int]:
    width, _, depth = name.partition("x")
    if not (width.isdigit() and depth.isdigit()):
        raise SystemExit(
            f"unknown model {name!r}: dense, deeper, cnn, cnn_dropout, cnn_small, or WIDTHxDEPTH such as 64x3"
        )
    return [int(width)] * int(depth)


def _study_cnn(rate: float) -> list[Layer]:
    convs = [
        *_conv(32),
        *_conv(64),
        Layer("pool"),
        *_conv(64),
        *_conv(128),
        Layer("pool"),
        *_conv(50),
        Layer("pool"),
        Layer("flatten"),
    ]
    drop = [Layer("dropout", rate)] if rate else []
    return [*convs, *_dense([1024], "relu"), *drop, *_dense([128], "relu"), *drop, _output()]


def _conv(filters: int, padding: str = "valid") -> list[Layer]:
    return [Layer("conv", filters, "relu", padding)]


def _dense(units: list[int], activation: str) -> list[Layer]:
    return [Layer("dense", size, activation) for size in units]


def _output() -> Layer:
    return Layer("dense", CLASSES)


def is_convolutional(layers: list[Layer]) -> bool:
    return any(layer.kind == "conv" for layer in layers)


def weight_shapes(layers: list[Layer], image_size: int) -> list[tuple[int, ...]]:
    """The kernels' shapes in order, as Keras has them: (3, 3, channels, filters) and (inputs, units)."""
    shapes: list[tuple[int, ...]] = []
    size, channels, row = image_size, 1, image_size * image_size
    for layer in layers:
        if layer.kind == "conv":
            shapes.append((3, 3, channels, int(layer.size)))
            size, channels = size - (2 if layer.padding == "valid" else 0), int(layer.size)
        elif layer.kind == "pool":
            size //= 2
        elif layer.kind == "flatten":
            row = size * size * channels
        elif layer.kind == "dense":
            shapes.append((row, int(layer.size)))
            row = int(layer.size)
    return shapes
