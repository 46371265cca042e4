"""Layers: Keras' classes and arguments. A layer is a description; `Sequential` holds the weights.

Images are arrays of (examples, height, width, channels), or (examples, height, width) where they are gray; rows of
features are (examples, features).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from toile import _checks
from toile._setting import Setting, given
from toile.regularizers import strength

Size = int | Sequence[int]

_OTHER_NAMES = {"swish": "silu"}


def _activation(value: Any) -> Any:
    """The name of an activation; None is linear."""
    if value is None:
        return "linear"
    return _OTHER_NAMES.get(value, value) if isinstance(value, str) else value


class Layer(Setting):
    """A layer of a network."""

    def __init__(self, name: str | None, others: dict[str, Any], **arguments: Any) -> None:
        if "activation" in arguments:
            arguments["activation"] = _activation(arguments["activation"])
        if "kernel_regularizer" in arguments:
            arguments["l2"] = strength(type(self).__name__, arguments.pop("kernel_regularizer"))
        super().__init__(others, **arguments)
        if name is not None and (not isinstance(name, str) or not name or "/" in name):
            raise ValueError(f"{type(self).__name__}: name: expected a word without `/`, found {name!r}")
        self.name = name

    def _table(self) -> Any:
        return {self._key: self._arguments} if self._arguments else self._key

    def _kind(self) -> str:
        """What it is called if it was given no name."""
        return getattr(self, "_key", "layer")


class Input:
    """The shape of an example, without the number of examples: (28, 28), (32, 32, 3) or (features,)."""

    def __init__(self, shape: Sequence[int], *, name: str | None = None) -> None:
        self.shape = _checks.shape("Input", shape)
        self.name = name

    def __repr__(self) -> str:
        return f"Input({self.shape!r})"


InputLayer = Input


class Rescaling:
    """Division by 255, as the first layer of networks that take bytes.

    toile divides bytes by 255 in any case. With this layer a model refuses floats, which somebody has already divided.
    """

    def __init__(self, scale: float, offset: float = 0.0, *, name: str | None = None) -> None:
        numbers = isinstance(scale, int | float) and isinstance(offset, int | float)
        if not numbers or not abs(scale * 255 - 1) <= 1e-6 or offset != 0:
            raise ValueError(
                f"Rescaling: toile has scale=1/255 and offset=0 alone, found scale={scale!r}, offset={offset!r}; "
                "scale the array itself: float32 is taken as it is"
            )
        self.name = name


class Dense(Layer):
    """Every output sees every input: activation(x W + b)."""

    _key = "dense"

    def __init__(
        self,
        units: int,
        activation: str | None = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        *,
        name: str | None = None,
        **others: Any,
    ) -> None:
        super().__init__(**given(locals()))


class Conv2D(Layer):
    """The same small kernel at every place of the image (cross-correlation), channels last."""

    _key = "conv2d"

    def __init__(
        self,
        filters: int,
        kernel_size: Size,
        strides: Size = (1, 1),
        padding: str = "valid",
        activation: str | None = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        *,
        name: str | None = None,
        **others: Any,
    ) -> None:
        super().__init__(**given(locals()))


class DepthwiseConv2D(Layer):
    """Small kernels for each channel by itself."""

    _key = "depthwise_conv2d"

    def __init__(
        self,
        kernel_size: Size,
        strides: Size = (1, 1),
        padding: str = "valid",
        depth_multiplier: int = 1,
        activation: str | None = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        *,
        name: str | None = None,
        **others: Any,
    ) -> None:
        super().__init__(**given(locals()))


class SeparableConv2D(Layer):
    """A depthwise convolution, then one of 1 × 1 over all channels."""

    _key = "separable_conv2d"

    def __init__(
        self,
        filters: int,
        kernel_size: Size,
        strides: Size = (1, 1),
        padding: str = "valid",
        depth_multiplier: int = 1,
        activation: str | None = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        *,
        name: str | None = None,
        **others: Any,
    ) -> None:
        super().__init__(**given(locals()))


class _Pooling2D(Layer):
    def __init__(
        self,
        pool_size: Size = (2, 2),
        strides: Size | None = None,
        padding: str = "valid",
        *,
        name: str | None = None,
        **others: Any,
    ) -> None:
        super().__init__(**given(locals()))


class MaxPooling2D(_Pooling2D):
    """The largest value of each window."""

    _key = "max_pooling2d"


class AveragePooling2D(_Pooling2D):
    """The mean of each window, over the pixels that exist."""

    _key = "average_pooling2d"


class GlobalAveragePooling2D(Layer):
    """The mean of each channel over the whole image."""

    _key = "global_average_pooling2d"

    def __init__(self, *, name: str | None = None, **others: Any) -> None:
        super().__init__(name, others)


class Flatten(Layer):
    """The image as one row."""

    _key = "flatten"

    def __init__(self, *, name: str | None = None, **others: Any) -> None:
        super().__init__(name, others)


class Dropout(Layer):
    """Random zeros while training; the seed is the model's."""

    _key = "dropout"

    def __init__(self, rate: float, *, name: str | None = None, **others: Any) -> None:
        super().__init__(name, others, rate=rate)


class BatchNormalization(Layer):
    """Each channel with mean 0 and variance 1 over the batch."""

    _key = "batch_normalization"

    def __init__(
        self, *, momentum: float = 0.99, epsilon: float = 0.001, name: str | None = None, **others: Any
    ) -> None:
        super().__init__(**given(locals()))


class Activation(Layer):
    """An activation as a layer of its own."""

    _key = "activation"

    def __init__(self, activation: str, *, name: str | None = None, **others: Any) -> None:
        super().__init__(**given(locals()))

    def _table(self) -> Any:
        return {"activation": self._arguments["activation"]}


class ReLU(Activation):
    """max(x, 0)"""

    def __init__(self, *, name: str | None = None, **others: Any) -> None:
        super().__init__("relu", name=name, **others)


class Softmax(Activation):
    """eˣ / Σ eˣ over the classes."""

    def __init__(self, *, name: str | None = None, **others: Any) -> None:
        super().__init__("softmax", name=name, **others)


MaxPool2D = MaxPooling2D
AvgPool2D = AveragePooling2D
Convolution2D = Conv2D
