"""Makes normal.txt: the normal distribution with 60 digits.

    pip install mpmath
    python make_normal.py
"""

from pathlib import Path

import mpmath
from mpmath import mpf

mpmath.mp.dps = 60


def cdf(x: float) -> mpf:
    return mpmath.erfc(-mpf(x) / mpmath.sqrt(2)) / 2


def mass(a: float, b: float) -> mpf:
    return cdf(-mpf(a)) - cdf(-mpf(b)) if a > 0 else cdf(b) - cdf(a)


def quantile(q: float, a: float, b: float) -> mpf:
    """By halving, in the tail that has the digits."""
    if a > 0:
        return -quantile_of(1 - mpf(q), -b, -a)
    return quantile_of(mpf(q), a, b)


def quantile_of(q: mpf, a: float, b: float) -> mpf:
    target = cdf(a) + q * mass(a, b)
    low, high = mpf(a), mpf(b)
    for _ in range(180):
        middle = (low + high) / 2
        low, high = (middle, high) if cdf(middle) < target else (low, middle)
    return low


lines = [f"# mpmath {mpmath.__version__}"]


def line(name: str, *numbers: float) -> None:
    lines.append(" ".join([name, *(repr(float(number)) for number in numbers)]))


TAIL = [-1e6, -300.0, -38.0, -20.5, -19.5, -12.0, -7.0, -3.0, -1.5, -1.0]
for x in [*TAIL, -0.5, -0.01, 0.0, 0.3, 1.2, 2.5, 5.9, 6.1, 9.0, 30.0]:
    line("ln_cdf", x, mpmath.log(cdf(x)))
for a in [-40.0, -9.0, -2.0, -0.3, 0.0, 0.4, 3.0, 11.0, 25.0]:
    for width in [0.5, 1.0, 4.0, 60.0]:
        line("ln_mass", a, a + width, mpmath.log(mass(a, a + width)))
        for q in [1e-9, 0.2, 0.5, 0.97]:
            line("quantile", q, a, a + width, quantile(q, a, a + width))
for z in [-24.0, -5.0, -1.0, -0.2, 0.0, 0.7, 2.0, 8.0, 60.0]:
    for h in [1e-9, 1e-4, 0.003, 0.01, 0.049]:
        if abs(z) * h < 0.25:
            # The ends are exact where the width is; doubles would not be.
            line("ln_mass_of_slice", z, h, mpmath.log(mass(mpf(z) - mpf(h) / 2, mpf(z) + mpf(h) / 2)))
(Path(__file__).parent / "normal.txt").write_text("\n".join(lines) + "\n")
