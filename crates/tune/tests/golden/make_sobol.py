"""Makes the table of Sobol's direction numbers and points to hold it against, from SciPy.

    pip install scipy numpy
    python make_sobol.py

`../../src/samplers/sobol_directions.txt`: a line per dimension, from the first 512 of Joe and Kuo's new-joe-kuo-6.21201
(https://web.maths.unsw.edu.au/~fkuo/sobol, BSD licence), which SciPy carries: the polynomial as a binary number, then
the first direction numbers. The first line, of the van der Corput sequence, is not used.
`sobol.txt`: unscrambled points of `scipy.stats.qmc.Sobol`.
"""

from pathlib import Path

import numpy as np
import scipy.stats
from scipy.stats import qmc

HERE = Path(__file__).parent
DIMENSIONS = 512


def directions() -> None:
    table = np.load(Path(scipy.stats.__file__).parent / "_sobol_direction_numbers.npz")
    lines = []
    for polynomial, first in zip(table["poly"][:DIMENSIONS], table["vinit"][:DIMENSIONS]):
        degree = max(int(polynomial).bit_length() - 1, 1)
        assert not first[degree:].any()
        lines.append(" ".join(str(number) for number in [polynomial, *first[:degree]]))
    (HERE / "../../src/samplers/sobol_directions.txt").write_text("\n".join(lines) + "\n")


def points() -> None:
    lines = [f"# scipy {scipy.__version__}: number of the point, dimension, coordinate"]
    for start, count in [(0, 32), (1000, 4), (1_000_000, 2)]:
        sobol = qmc.Sobol(DIMENSIONS, scramble=False, bits=30)
        if start:
            sobol.fast_forward(start)
        for number, point in zip(range(start, start + count), sobol.random(count)):
            for dimension in [*range(24), 63, 200, 255, 256, 400, 511]:
                lines.append(f"{number} {dimension} {float(point[dimension])!r}")
    (HERE / "sobol.txt").write_text("\n".join(lines) + "\n")


directions()
points()
