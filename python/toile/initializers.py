"""How weights start: Keras' names and classes."""

from __future__ import annotations

from typing import Any

from toile._setting import Setting


class Initializer(Setting):
    """How a tensor of weights is filled before training. The seed is the model's."""

    def __init__(self, seed: int | None = None, **others: Any) -> None:
        if seed is not None:
            raise TypeError(
                f"{type(self).__name__} takes no seed of its own in toile: `Sequential(seed=…)` decides all weights"
            )
        super().__init__(others)

    def _table(self) -> Any:
        return self._key


class GlorotUniform(Initializer):
    """Uniform on ±√(6 / (fan_in + fan_out))."""

    _key = "glorot_uniform"


class GlorotNormal(Initializer):
    """Normal cut at two standard deviations, variance 2 / (fan_in + fan_out)."""

    _key = "glorot_normal"


class HeUniform(Initializer):
    """Uniform on ±√(6 / fan_in)."""

    _key = "he_uniform"


class HeNormal(Initializer):
    """Normal cut at two standard deviations, variance 2 / fan_in."""

    _key = "he_normal"


class Zeros(Initializer):
    """All 0."""

    _key = "zeros"


class Ones(Initializer):
    """All 1."""

    _key = "ones"


class Constant(Setting):
    """All this value."""

    _key = "constant"

    def __init__(self, value: float = 0.0, **others: Any) -> None:
        super().__init__(others, value=value)

    def _table(self) -> Any:
        return {"constant": self._arguments["value"]}
