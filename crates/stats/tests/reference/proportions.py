"""Proportions: one, two, and two of the same images."""

from __future__ import annotations

import math

from scipy import stats
from statsmodels.stats import contingency_tables, proportion

from book import Book, agreed


def wilson(book: Book) -> None:
    group = book.group("wilson", "Wilson's score interval of hits among n")
    cases = [(8760, 10000, 0.95), (9160, 10000, 0.9), (5298, 6000, 0.95), (0, 10, 0.95), (10, 10, 0.99), (1, 1, 0.95)]
    for hits, n, confidence in [*cases, (1, 3, 0.5), (45, 60, 0.99), (0, 10000, 0.95), (9999, 10000, 0.999)]:
        low, high = proportion.proportion_confint(hits, n, 1 - confidence, "wilson")
        theirs = stats.binomtest(hits, n).proportion_ci(confidence, "wilson")
        out = {"low": agreed(theirs.low, low) if hits else 0.0, "high": agreed(theirs.high, high) if hits < n else 1.0}
        group.case(f"{hits} of {n} at {confidence}", out, hits=hits, n=n, confidence=confidence)
    group.case("no trials", None, hits=0, n=0, confidence=0.95)
    group.case("more hits than trials", None, hits=2, n=1, confidence=0.95)
    group.case("certainty", None, hits=1, n=2, confidence=1.0)


def clopper_pearson(book: Book) -> None:
    group = book.group("clopper_pearson", "The exact binomial interval")
    cases = [(8760, 10000, 0.95), (0, 10, 0.95), (10, 10, 0.95), (3, 7, 0.95), (1, 1, 0.9), (599, 600, 0.99)]
    for hits, n, confidence in cases:
        low, high = proportion.proportion_confint(hits, n, 1 - confidence, "beta")
        theirs = stats.binomtest(hits, n).proportion_ci(confidence, "exact")
        out = {"low": agreed(theirs.low, low) if hits else 0.0, "high": agreed(theirs.high, high) if hits < n else 1.0}
        group.case(f"{hits} of {n} at {confidence}", out, hits=hits, n=n, confidence=confidence)
    group.case("no trials", None, hits=0, n=0, confidence=0.95)


def two_proportions(book: Book) -> None:
    group = book.group("two_proportions", "Independent proportions: unpooled z, and Newcombe's interval at 95 %")
    cases = [
        (8770, 10000, 8670, 10000),
        (8760, 10000, 8750, 10000),
        (7290, 10000, 4488, 6000),
        (9160, 10000, 8810, 10000),
    ]
    for a, n_a, b, n_b in [*cases, (5, 10, 5, 10), (0, 10, 0, 10), (10, 10, 0, 10), (1, 2, 2, 2), (17, 40, 3, 25)]:
        p_a, p_b = a / n_a, b / n_b
        se = math.sqrt(p_a * (1 - p_a) / n_a + p_b * (1 - p_b) / n_b)
        (low_a, high_a), (low_b, high_b) = (
            proportion.proportion_confint(x, n, 0.05, "wilson") for x, n in ((a, n_a), (b, n_b))
        )
        low = p_a - p_b - math.hypot(p_a - low_a, high_b - p_b)
        high = p_a - p_b + math.hypot(high_a - p_a, p_b - low_b)
        theirs = proportion.confint_proportions_2indep(a, n_a, b, n_b, method="newcomb", compare="diff")
        agreed(theirs[0], low, 1e-9)
        agreed(theirs[1], high, 1e-9)
        out = {"difference": p_a - p_b, "se": se, "z": None, "p": None, "low": low, "high": high}
        if se > 0:
            wald = proportion.test_proportions_2indep(a, n_a, b, n_b, method="wald", compare="diff")
            out["z"], out["p"] = agreed(wald.statistic, (p_a - p_b) / se), float(wald.pvalue)
        group.case(f"{a} of {n_a} and {b} of {n_b}", out, hits_a=a, n_a=n_a, hits_b=b, n_b=n_b)
    group.case("no trials", None, hits_a=0, n_a=0, hits_b=1, n_b=2)


def mcnemar(book: Book) -> None:
    group = book.group("mcnemar", "b: only A right, c: only B right; exact and mid-p, difference and standard error")
    cases = [(204, 208, 10000), (250, 150, 10000), (1, 7, 21), (0, 0, 10000), (0, 5, 100), (6, 6, 50), (1, 0, 10)]
    for b, c, n in [*cases, (300, 700, 10000), (4990, 5010, 10000), (0, 60, 60), (1, 1, 2)]:
        both = stats.binom(b + c, 0.5)
        theirs = contingency_tables.mcnemar([[0, b], [c, 0]], exact=True).pvalue if b + c else 1.0
        exact = agreed(theirs, min(1.0, 2 * both.cdf(min(b, c)))) if b + c else 1.0
        mid = 1 - both.pmf(b) / 2 if b == c else 2 * both.cdf(min(b, c)) - both.pmf(min(b, c))
        se = math.sqrt(b + c - (b - c) ** 2 / n) / n
        out = {"exact": exact, "mid_p": mid if b + c else 1.0, "difference": (b - c) / n, "se": se}
        group.case(f"{b} and {c} of {n}", out, b=b, c=c, n=n)
    group.case("no images", None, b=0, c=0, n=0)


def write(book: Book) -> None:
    for part in (wilson, clopper_pearson, two_proportions, mcnemar):
        part(book)
