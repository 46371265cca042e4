"""Makes cases.json in this folder: sweeps of a learning-rate range test, read by plain NumPy.

    pip install numpy
    python make_cases.py

`valley` is fastai's function of that name, as published (fastai 2.7, callback/schedule.py); smoothing, slope and least value
are fastai's `Recorder` and `minimum` and `steep`, with NumPy's `gradient` for the slope.
"""

import json
from pathlib import Path

import numpy as np

PLANNED, BETA = 300, 0.98


def smoothed(losses):
    mean, out = 0.0, []
    for i, loss in enumerate(losses):
        mean = BETA * mean + (1 - BETA) * loss
        out.append(mean / (1 - BETA ** (i + 1)))
    return np.array(out)


def valley(lrs, losses):
    n = len(losses)
    max_start, max_end = 0, 0
    lds = [1] * n
    for i in range(1, n):
        for j in range(0, i):
            if (losses[i] < losses[j]) and (lds[i] < lds[j] + 1):
                lds[i] = lds[j] + 1
            if lds[max_end] < lds[i]:
                max_end = i
                max_start = max_end - lds[max_end]
    sections = (max_end - max_start) / 3
    return lrs[max_start + int(sections) + int(sections / 2)]


def medians(losses):
    return np.array([np.median(losses[max(0, i - 7) : i + 8]) for i in range(len(losses))])


def read(rates, losses):
    begun = PLANNED // 10
    smooth, middle = smoothed(losses), medians(losses)
    start, noise = np.median(losses[:begun]), np.std(losses[:begun], ddof=1)
    bottom = int(middle.argmin())
    fall = start - middle[bottom]
    out = {"start": start, "least": middle[bottom], "smoothed": list(smooth[::50]), "rates": None}
    if fall >= max(0.05 * start, 1.5 * noise) and bottom >= begun:
        later, late = rates[begun:], smooth[begun:]
        above = np.nonzero(middle[:bottom] > start - 0.1 * fall)[0]
        out["rates"] = {
            "steepest": later[np.gradient(late, np.log(later)).argmin()],
            "least_over_ten": later[late.argmin()] / 10,
            "valley": valley(later, late),
            "low": rates[above[-1] + 1 if len(above) else 0],
            "high": rates[bottom],
            "high_is_open": len(losses) == PLANNED and bottom + 7 >= len(losses),
        }
    return out


def cut(losses):
    """Up to the first batch whose smoothed loss is above four times the least before it."""
    smooth = smoothed(losses)
    over = np.nonzero(smooth > 4 * np.minimum.accumulate(smooth))[0]
    return losses[: over[0] + 1] if len(over) else losses


def main():
    rng = np.random.default_rng(1)
    rates = 1e-6 * 1e7 ** (np.arange(PLANNED) / (PLANNED - 1))
    shapes = {
        "smooth": (1e-3, 0.5, 0.0),
        "noisy": (3e-3, 1.0, 0.08),
        "small batches": (1e-2, 0.3, 0.3),
        "explodes": (1e-4, 0.02, 0.05),
        "still falls": (1.0, 1e6, 0.05),
        "flat": (1e9, 1e9, 0.2),
    }
    cases = []
    for name, (at, end, noise) in shapes.items():
        losses = 0.5 + 1.8 / (1 + (rates / at) ** 2) + (rates / end) ** 3 + noise * rng.standard_normal(PLANNED)
        losses = cut(np.round(losses, 5))
        cases.append({"name": name, "losses": losses.tolist(), "out": read(rates[: len(losses)], losses)})
    as_json = lambda value: value.item() if isinstance(value, np.generic) else value
    lines = ",\n".join(json.dumps(case, default=as_json) for case in cases)
    Path(__file__).with_name("cases.json").write_text(f'{{"planned": {PLANNED}, "cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
