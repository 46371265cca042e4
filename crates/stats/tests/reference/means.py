"""Means over seeds: intervals, tests, margins, effects."""

from __future__ import annotations

import math

import numpy as np
from scipy import special, stats
from statsmodels.stats import weightstats

from book import BELOW, CLOSE, ONE_BAD, SEEDS, Book, agreed, drawn


def t_interval(book: Book) -> None:
    group = book.group("t_interval", "Student's interval of the mean")
    samples = {
        "five": SEEDS,
        "two": SEEDS[:2],
        "one bad": ONE_BAD,
        "thirty": drawn(1, 30),
        "large numbers": [1e6, 1e6 + 1, 1e6 + 3],
    }
    for name, x in samples.items():
        for confidence in (0.9, 0.95, 0.999):
            low, high = stats.t.interval(confidence, len(x) - 1, np.mean(x), stats.sem(x))
            ours = weightstats.DescrStatsW(x).tconfint_mean(1 - confidence)
            out = {"low": agreed(ours[0], low), "high": agreed(ours[1], high)}
            group.case(f"{name} at {confidence}", out, x=x, confidence=confidence)
    group.case("all equal", {"low": 0.1, "high": 0.1}, x=[0.1, 0.1, 0.1], confidence=0.95)
    group.case("one number", None, x=[0.5], confidence=0.95)
    group.case("none", None, x=[], confidence=0.95)


def prediction_interval(book: Book) -> None:
    group = book.group(
        "prediction_interval",
        "One more run: mean +- t sd sqrt(1 + 1/n), widened by half a unit of the published number; p_rounded after the "
        "half unit was taken off the distance",
    )
    cases = {
        "inside": (SEEDS, 0.877, 0.0005),
        "rounding decides": ([0.8350, 0.8344, 0.8357, 0.8347, 0.8352], 0.833, 0.0005),
        "far out": ([0.157, 0.160, 0.155, 0.159, 0.1585], 0.189, 0.0005),
        "two seeds": (SEEDS[:2], 0.872, 0.0005),
        "within the rounding": (SEEDS, 0.875, 0.0005),
        "not rounded": (drawn(2, 10), 0.88, 0.0),
    }
    for name, (x, published, half) in cases.items():
        scale = np.std(x, ddof=1) * math.sqrt(1 + 1 / len(x))
        t = stats.t(len(x) - 1)
        distance = published - np.mean(x)
        reach = t.ppf(0.975) * scale + half
        beyond = max(abs(distance) - half, 0.0)
        out = {
            "low": np.mean(x) - reach,
            "high": np.mean(x) + reach,
            "z": distance / scale,
            "p": 2 * t.sf(abs(distance) / scale),
            "p_rounded": 2 * t.sf(beyond / scale),
        }
        group.case(name, out, x=x, published=published, rounded=half, confidence=0.95)
    out = {"low": 0.4995, "high": 0.5005, "z": None, "p": None, "p_rounded": None}
    group.case("all equal", out, x=[0.5] * 3, published=0.51, rounded=0.0005, confidence=0.95)
    group.case("one seed", None, x=[0.5], published=0.51, rounded=0.0005, confidence=0.95)


def bca(book: Book) -> None:
    group = book.group("bca", "The BCa interval of the mean from the given resamples; equal means count half below")
    cases = {
        "three": ([0.71, 0.74, 0.72], 99),
        "five": (SEEDS, 199),
        # In multiples of 2^-13, whose sums are exact: whether a mean equals another must not hang on the order of a sum.
        "one bad": ((np.array(ONE_BAD) * 8192).round() / 8192, 149),
        "six": (drawn(3, 6), 120),
    }
    for seed, (name, (x, count)) in enumerate(cases.items()):
        index = np.random.default_rng(seed).integers(0, len(x), (count, len(x)))
        theirs = stats.bootstrap(
            (np.array(x),), np.mean, n_resamples=count, method="BCa", vectorized=True, rng=np.random.default_rng(seed)
        ).confidence_interval
        means = np.array(x)[index].mean(axis=1)
        centre = np.mean(x)
        z0 = stats.norm.ppf((np.sum(means < centre) + np.sum(means <= centre)) / (2 * count))
        jackknife = np.array([np.delete(x, i).mean() for i in range(len(x))])
        u = jackknife.mean() - jackknife
        a = np.sum(u**3) / (6 * np.sum(u**2) ** 1.5)
        shifted = z0 + stats.norm.ppf([0.025, 0.975])
        low, high = np.quantile(means, stats.norm.cdf(z0 + shifted / (1 - a * shifted)))
        out = {"z0": z0, "acceleration": a, "low": agreed(theirs.low, low), "high": agreed(theirs.high, high)}
        group.case(name, out, x=x, resamples=index, confidence=0.95)
    out = {"z0": None, "acceleration": None, "low": 0.1, "high": 0.1}
    group.case("all equal", out, x=[0.1] * 3, resamples=[[0, 1, 2], [0, 0, 1]], confidence=0.95)
    group.case("one number", None, x=[0.5], resamples=[[0], [0]], confidence=0.95)


def welch(book: Book) -> None:
    group = book.group("welch", "Welch's t: statistic, degrees of freedom, p, interval of mean(a) - mean(b)")
    cases = {
        "five and five": (SEEDS, BELOW),
        "close": (SEEDS, CLOSE),
        "unequal spread and number": ([0.71, 0.74, 0.69, 0.72], [0.8224, 0.8231, 0.8219]),
        "two and two": ([1.0, 2.0], [1.5, 1.6]),
        "one side does not vary": (SEEDS, [0.87, 0.87, 0.87]),
        "twenty and thirty": (drawn(4, 20), drawn(5, 30, 0.872, 0.006)),
    }
    for name, (a, b) in cases.items():
        theirs = stats.ttest_ind(a, b, equal_var=False)
        t, p, df = weightstats.ttest_ind(a, b, usevar="unequal")
        interval = theirs.confidence_interval(0.95)
        out = {
            "difference": np.mean(a) - np.mean(b),
            "t": agreed(theirs.statistic, t),
            "df": agreed(theirs.df, df),
            "p": agreed(theirs.pvalue, p),
            "low": interval.low,
            "high": interval.high,
        }
        group.case(name, out, a=a, b=b, confidence=0.95)
    for name, a, b in [("neither varies", [0.75] * 3, [0.5] * 2), ("all the same", [0.1] * 3, [0.1] * 7)]:
        d = a[0] - b[0]
        out = {"difference": d, "t": None, "df": None, "p": float(d == 0), "low": d, "high": d}
        group.case(name, out, a=a, b=b, confidence=0.95)
    group.case("one number", None, a=[0.5], b=[0.4, 0.6], confidence=0.95)


def tost_paired(book: Book) -> None:
    group = book.group("tost_paired", "Two one-sided t tests of paired differences against a margin; the 90 % interval")
    shifted = [v - 0.004 for v in CLOSE]
    for name, a, b, epsilon in [
        ("equivalent", SEEDS, CLOSE, 0.005),
        ("margin too small", SEEDS, CLOSE, 0.0005),
        ("shifted", SEEDS, shifted, 0.005),
        ("outside", SEEDS, BELOW, 0.005),
    ]:
        p, lower, upper = weightstats.ttost_paired(np.array(a), np.array(b), -epsilon, epsilon)
        d = np.array(a) - np.array(b)
        above = stats.ttest_1samp(d, -epsilon, alternative="greater").pvalue
        below = stats.ttest_1samp(d, epsilon, alternative="less").pvalue
        low, high = stats.t.interval(0.9, len(d) - 1, d.mean(), stats.sem(d))
        out = {
            "difference": d.mean(),
            "p_above_minus_epsilon": agreed(above, lower[1]),
            "p_below_epsilon": agreed(below, upper[1]),
            "p": agreed(p, max(above, below)),
            "low": low,
            "high": high,
        }
        group.case(name, out, a=a, b=b, epsilon=epsilon)
    for name, a, b in [
        ("no spread, inside", [0.5, 0.25], [0.5, 0.25]),
        ("no spread, outside", [0.5, 0.75], [0.25, 0.5]),
    ]:
        d = a[0] - b[0]
        below = 0.0 if d < 0.005 else 1.0
        out = {"difference": d, "p_above_minus_epsilon": 0.0, "p_below_epsilon": below, "p": below, "low": d, "high": d}
        group.case(name, out, a=a, b=b, epsilon=0.005)
    group.case("one pair", None, a=[0.5], b=[0.5], epsilon=0.005)


def tost_unpaired(book: Book) -> None:
    group = book.group("tost_unpaired", "The same of two independent samples, by Welch's standard error")
    for name, a, b, epsilon in [
        ("equivalent", SEEDS, CLOSE, 0.005),
        ("margin too small", SEEDS, CLOSE, 0.001),
        ("unequal numbers", SEEDS, [0.8735, 0.8775, 0.875], 0.005),
        ("outside", SEEDS, BELOW, 0.005),
    ]:
        p, lower, upper = weightstats.ttost_ind(np.array(a), np.array(b), -epsilon, epsilon, usevar="unequal")
        d = np.mean(a) - np.mean(b)
        parts = [np.var(x, ddof=1) / len(x) for x in (a, b)]
        se, df = math.sqrt(sum(parts)), lower[2]
        above, below = stats.t.sf((d + epsilon) / se, df), stats.t.cdf((d - epsilon) / se, df)
        half = stats.t.ppf(0.95, df) * se
        out = {
            "difference": d,
            "df": df,
            "p_above_minus_epsilon": agreed(lower[1], above),
            "p_below_epsilon": agreed(upper[1], below),
            "p": agreed(p, max(above, below)),
            "low": d - half,
            "high": d + half,
        }
        group.case(name, out, a=a, b=b, epsilon=epsilon)


def effect_size(book: Book) -> None:
    group = book.group("effect_size", "Cohen's d, Hedges' g with the exact factor, d_z of the paired differences")
    cases = {
        "close": (SEEDS, CLOSE),
        "large": (SEEDS, BELOW),
        "unequal numbers": (SEEDS, [0.87, 0.871, 0.869]),
        "one and two": ([0.5], [0.25, 0.375]),
    }
    for name, (a, b) in cases.items():
        m = len(a) + len(b) - 2
        squares = sum(np.var(x, ddof=0) * len(x) for x in (a, b))
        d = (np.mean(a) - np.mean(b)) / math.sqrt(squares / m)
        d = (
            agreed(stats.ttest_ind(a, b).statistic * math.sqrt(1 / len(a) + 1 / len(b)), d, 1e-10)
            if min(len(a), len(b)) > 1
            else d
        )
        factor = math.exp(special.gammaln(m / 2) - special.gammaln((m - 1) / 2)) / math.sqrt(m / 2) if m > 1 else 0.0
        pairs = np.array(a) - np.array(b) if len(a) == len(b) else None
        out = {"d": d, "g": d * factor, "d_z": None if pairs is None else pairs.mean() / pairs.std(ddof=1)}
        group.case(name, out, a=a, b=b)
    none = {"d": None, "g": None, "d_z": None}
    group.case("no spread", none, a=[0.5, 0.5], b=[0.25, 0.25])
    group.case("one each", none, a=[0.5], b=[0.25])


def splits(book: Book) -> None:
    group = book.group(
        "splits",
        "Paired t test with another split for each seed: variance times 1/S + n_validation/n_train (Nadeau and Bengio "
        "2003), S - 1 degrees of freedom",
    )
    for name, d, n_validation, n_train in [
        ("five splits", [0.004, 0.002, 0.003, -0.001, 0.005], 6000, 54000),
        ("two splits", [0.004, 0.002], 12000, 48000),
        ("ten splits", drawn(6, 10, 0.002, 0.002), 100, 900),
    ]:
        part = np.var(d, ddof=1) * (1 / len(d) + n_validation / n_train)
        t = stats.t(len(d) - 1)
        half = t.ppf(0.975) * math.sqrt(part)
        # Without the correction it is the common paired t test.
        agreed(stats.ttest_1samp(d, 0).statistic, np.mean(d) / math.sqrt(np.var(d, ddof=1) / len(d)))
        out = {
            "difference": np.mean(d),
            "seed_part": part,
            "df": len(d) - 1,
            "p": 2 * t.sf(abs(np.mean(d)) / math.sqrt(part)),
            "low": np.mean(d) - half,
            "high": np.mean(d) + half,
        }
        group.case(name, out, differences=d, n_validation=n_validation, n_train=n_train)
    group.case("one split", None, differences=[0.1], n_validation=1, n_train=9)


def write(book: Book) -> None:
    for part in (t_interval, prediction_interval, bca, welch, tost_paired, tost_unpaired, effect_size, splits):
        part(book)
