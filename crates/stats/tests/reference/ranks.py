"""Ranks, signs and permutations."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import numpy as np
from scipy import optimize, stats
from statsmodels.stats import proportion

from book import BELOW, CLOSE, SEEDS, Book, agreed, drawn


def signs(n: int) -> np.ndarray:
    return np.array(list(product([1.0, -1.0], repeat=n)))


def paired_permutation(book: Book) -> None:
    group = book.group(
        "paired_permutation", "All changes of sign of the paired differences: the share with a mean as large"
    )
    cases: dict[str, list[float]] = {
        "five, one against": [0.004, 0.002, 0.003, -0.001, 0.005],
        "five, all for": [0.004, 0.002, 0.003, 0.001, 0.005],
        "eight with a zero": [0.004, -0.002, 0.003, -0.001, 0.005, 0.0, 0.002, 0.001],
        "twelve": [1, 2, -3, 4, 5, -6, 7, 8, 9, -10, 11, 12],
        "fifteen": drawn(7, 15, 0.001, 0.002),
        "all zero": [0.0, 0.0, 0.0],
        "all equal": [0.1] * 5,
        "one pair": [0.01],
    }
    for name, d in cases.items():
        means = np.abs((signs(len(d)) * d).mean(axis=1))
        p = float(np.mean(means >= abs(np.mean(d)) - 1e-12))
        if len(set(d)) > 1:
            theirs = stats.permutation_test(
                (d,),
                lambda x, axis: x.mean(axis=axis),
                permutation_type="samples",
                n_resamples=np.inf,
                vectorized=True,
            )
            p = agreed(theirs.pvalue, p)
        group.case(name, {"mean": np.mean(d), "p": p}, differences=d)
    group.case("none", None, differences=[])


def permutation(book: Book) -> None:
    group = book.group(
        "permutation", "All ways to choose which numbers are A's: the share with a difference of means as large"
    )
    cases = {
        "five and five": (SEEDS, BELOW),
        "close": (SEEDS, CLOSE),
        "three and four": ([0.71, 0.74, 0.72], [0.715, 0.70, 0.705, 0.69]),
        "one and three": ([5.0], [1.0, 2.0, 3.0]),
        "all tied": ([0.1, 0.1], [0.1, 0.1, 0.1]),
    }
    for name, (a, b) in cases.items():
        both = np.array(a + b)
        ways = [list(way) for way in combinations(range(len(both)), len(a))]
        difference = [both[way].mean() - np.delete(both, way).mean() for way in ways]
        observed = np.mean(a) - np.mean(b)
        p = float(np.mean(np.abs(difference) >= abs(observed) - 1e-12))
        if len(set(a + b)) > 1 and len(a) == len(b):
            # SciPy doubles the smaller tail, which is the same where the samples are of one size. In whole numbers, because
            # it takes means that are equal but for their rounding for different ones.
            whole = [((np.array(x) - 0.87) * 10_000).round() for x in (a, b)]
            theirs = stats.permutation_test(
                whole,
                lambda x, y, axis: x.mean(axis=axis) - y.mean(axis=axis),
                n_resamples=np.inf,
                vectorized=True,
            )
            p = agreed(theirs.pvalue, p)
        group.case(name, {"difference": observed, "p": p, "arrangements": len(ways)}, a=a, b=b)
    group.case("an empty side", None, a=[], b=[1.0])


def wilcoxon(book: Book) -> None:
    group = book.group("wilcoxon", "Signed ranks without zeros, ties share their mean rank, exact by all signs")
    cases: dict[str, list[float]] = {
        "no ties": [0.4, 0.2, 0.3, -0.1, 0.5],
        "ten": [0.4, 0.2, 0.35, -0.1, 0.5, -0.15, 0.6, 0.7, 0.25, -0.3],
        "ties": [1, 1, 2, -1, 2, 3, -2],
        "zeros and ties": [0, 1, 1, -1, 2, 0, 3],
        "even": [1, -1, 2, -2],
        "all equal": [1, 1, 1, 1, 1],
        "one pair": [1],
        "sixteen": drawn(8, 16, 0.001, 0.002),
        "all zero": [0, 0, 0],
    }
    for name, d in cases.items():
        x = np.array([v for v in d if v != 0], float)
        rank = stats.rankdata(np.abs(x))
        plus, total = float(rank[x > 0].sum()), float(rank.sum())
        sums = (rank * (signs(len(x)) > 0)).sum(axis=1) if len(x) else np.array([0.0])
        p = float(np.mean(np.minimum(sums, total - sums) <= min(plus, total - plus) + 1e-9))
        if len(x) > 1 and len(set(np.abs(x))) == len(x):
            p = agreed(stats.wilcoxon(x, method="exact").pvalue, p)
        group.case(name, {"w_plus": plus, "w_minus": total - plus, "n": len(x), "p": p}, differences=d)
    # Too many signs to go through: SciPy's exact distribution alone.
    d = drawn(9, 45, 0.001, 0.003)
    theirs = stats.wilcoxon(d, method="exact")
    rank = stats.rankdata(np.abs(d))
    plus = float(rank[np.array(d) > 0].sum())
    group.case("forty-five", {"w_plus": plus, "w_minus": rank.sum() - plus, "n": 45, "p": theirs.pvalue}, differences=d)
    group.case("none", None, differences=[])


def probability_better(book: Book) -> None:
    group = book.group("probability_better", "P(A > B), ties half, with Newcombe's interval (2006, method 5)")
    cases: dict[str, tuple[list[Any], list[Any]]] = {
        "close": (SEEDS, CLOSE),
        "apart": (SEEDS, BELOW),
        "below": (BELOW, SEEDS),
        "one overlap": ([0.71, 0.74, 0.72], [0.715, 0.70, 0.705, 0.69]),
        "all tied": ([0.5, 0.5], [0.5, 0.5]),
        "one each": ([0.6], [0.5]),
        "with ties": ([1, 2, 3, 3], [2, 3, 4]),
        "twenty and thirty": (drawn(10, 20), drawn(11, 30, 0.871, 0.004)),
    }
    for name, (a, b) in cases.items():
        m, n, z = len(a), len(b), stats.norm.ppf(0.975)
        pairs = [float(x > y) + 0.5 * float(x == y) for x in a for y in b]
        estimate = agreed(stats.mannwhitneyu(a, b).statistic, sum(pairs)) / (m * n)
        more = (m + n) / 2 - 1

        def excess(t: float) -> float:
            spread = 1 + more * (1 - t) / (2 - t) + more * t / (1 + t)
            return (estimate - t) ** 2 - z * z * t * (1 - t) * spread / (m * n)

        tight = {"xtol": 1e-15, "rtol": 1e-14}
        low = 0.0 if estimate == 0 else optimize.brentq(excess, 1e-15, min(estimate, 1 - 1e-9), **tight)
        high = 1.0 if estimate == 1 else optimize.brentq(excess, max(estimate, 1e-9), 1 - 1e-15, **tight)
        group.case(name, {"estimate": estimate, "low": low, "high": high}, a=a, b=b, confidence=0.95)
    group.case("an empty side", None, a=[], b=[1.0], confidence=0.95)


def probability_better_paired(book: Book) -> None:
    group = book.group(
        "probability_better_paired", "The share of seeds at which A is above B, ties half, with Wilson's interval"
    )
    cases: dict[str, tuple[list[Any], list[Any]]] = {
        "three of five": (SEEDS, [0.8744, 0.8775, 0.8722, 0.8771, 0.8731]),
        "all": ([2, 3, 4], [1, 2, 3]),
        "none": ([1, 2, 3], [2, 3, 4]),
        "one tie": ([1, 2, 3, 4], [1, 1, 4, 5]),
        "one seed": ([1], [0]),
    }
    for name, (a, b) in cases.items():
        wins = sum(float(x > y) + 0.5 * float(x == y) for x, y in zip(a, b, strict=True))
        low, high = proportion.proportion_confint(wins, len(a), 0.05, "wilson")
        out = {"estimate": wins / len(a), "low": low if wins else 0.0, "high": high if wins < len(a) else 1.0}
        group.case(name, out, a=a, b=b, confidence=0.95)
    group.case("none at all", None, a=[], b=[], confidence=0.95)


def spearman(book: Book) -> None:
    group = book.group("spearman", "Spearman's rank correlation, mean ranks for ties")
    cases: dict[str, tuple[list[Any], list[Any]]] = {
        "monotone but one": ([1, 2, 3, 4], [10, 20, 40, 30]),
        "ties": ([1, 2, 2, 3, 5], [2, 1, 4, 4, 5]),
        "reversed": ([1, 2, 3], [3, 2, 1]),
        "fifty": (drawn(12, 50), drawn(13, 50)),
    }
    for name, (x, y) in cases.items():
        formula = np.corrcoef(stats.rankdata(x), stats.rankdata(y))[0, 1]
        group.case(name, {"rho": agreed(stats.spearmanr(x, y).statistic, formula)}, x=x, y=y)
    group.case("constant", {"rho": None}, x=[1, 1, 1], y=[1, 2, 3])
    group.case("one pair", {"rho": None}, x=[1], y=[1])


def write(book: Book) -> None:
    for part in (paired_permutation, permutation, wilcoxon, probability_better, probability_better_paired, spearman):
        part(book)
