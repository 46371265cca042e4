"""Many comparisons, numbers of runs, budgets, learning curves."""

from __future__ import annotations

import math
from itertools import combinations, product

import numpy as np
from scipy import integrate, stats
from statsmodels.stats import multitest

from book import Book, agreed, drawn


def weighted(p: list[float], w: list[float]) -> list[float]:
    """By the closure principle: the largest p of all weighted Bonferroni tests that hold the hypothesis."""
    out = []
    for i in range(len(p)):
        subsets = (s for k in range(1, len(p) + 1) for s in combinations(range(len(p)), k) if i in s)
        out.append(max(min(1.0, min(p[j] * sum(w[k] for k in s) / w[j] for j in s)) for s in subsets))
    return out


def holm(book: Book) -> None:
    group = book.group("holm", "Holm's adjusted p values, in the order given")
    cases = {
        "five": [0.01, 0.04, 0.03, 0.005, 0.5],
        "ties": [0.02, 0.02, 0.02],
        "one": [0.04],
        "ends": [0.0, 1.0, 0.5],
        "a step that is not monotone": [0.01, 0.011, 0.2, 0.012],
        "nine": np.random.default_rng(14).random(9).round(4).tolist(),
    }
    for name, p in cases.items():
        theirs = multitest.multipletests(p, method="holm")[1]
        group.case(
            name, {"adjusted": [agreed(t, o) for t, o in zip(theirs, weighted(p, [1.0] * len(p)), strict=True)]}, p=p
        )
    group.case("none", {"adjusted": []}, p=[])


def weighted_holm(book: Book) -> None:
    group = book.group(
        "weighted_holm", "Holm's procedure with weights; checked by closing all weighted Bonferroni tests"
    )
    cases = {
        "equal weights": ([0.01, 0.04, 0.03], [1.0] * 3),
        "claims and ranking": ([0.004, 0.02, 0.001, 0.03, 0.5, 0.012], [0.25, 0.25, 0.125, 0.125, 0.125, 0.125]),
        "eight of unequal weight": (np.random.default_rng(15).random(8).round(3).tolist(), [1, 2, 3, 4, 5, 6, 7, 8]),
    }
    for name, (p, w) in cases.items():
        adjusted, largest = [0.0] * len(p), 0.0
        order = sorted(range(len(p)), key=lambda i: p[i] / w[i])
        for place, i in enumerate(order):
            largest = max(largest, min(1.0, p[i] * sum(w[j] for j in order[place:]) / w[i]))
            adjusted[i] = largest
        out = [agreed(a, c) for a, c in zip(adjusted, weighted(p, w), strict=True)]
        group.case(name, {"adjusted": out}, p=p, weights=w)


def noether(book: Book) -> None:
    group = book.group(
        "noether", "Runs of each recipe for a one-sided rank-sum test (Noether 1987), pairs for a sign test"
    )
    for gamma, alpha, beta in [
        (0.75, 0.05, 0.05),
        (0.75, 0.05, 0.2),
        (0.9, 0.05, 0.05),
        (0.6, 0.025, 0.2),
        (0.4, 0.05, 0.1),
    ]:
        z = stats.norm.isf(alpha) + stats.norm.isf(beta)
        both, sign = (z / (math.sqrt(6) * (gamma - 0.5))) ** 2, z * z / (4 * (gamma - 0.5) ** 2)
        out = {"rank_sum": both, "rank_sum_runs": math.ceil(both), "sign": sign, "sign_runs": math.ceil(sign)}
        group.case(f"{gamma} at {alpha} and {beta}", out, gamma=gamma, alpha=alpha, beta=beta)
    none = {"rank_sum": None, "rank_sum_runs": None, "sign": None, "sign_runs": None}
    group.case("even", none, gamma=0.5, alpha=0.05, beta=0.05)


def expected_best(book: Book) -> None:
    group = book.group(
        "expected_best", "Expected largest of n of the values: with replacement (Dodge 2019), without (Tang 2020)"
    )
    cases = {
        "four": [0.81, 0.86, 0.85, 0.90],
        "ties": [0.5, 0.7, 0.7, 0.7, 0.2],
        "one": [0.6],
        "all equal": [0.3] * 3,
        "ten": drawn(16, 10),
        "losses": [-0.4, -0.35, -0.9],
    }
    for name, v in cases.items():
        s, size = sorted(v), len(v)
        with_, without = [], []
        for n in range(1, min(size, 6) + 2):
            biased = sum(s[i] * (((i + 1) / size) ** n - (i / size) ** n) for i in range(size))
            if size**n <= 100_000:
                agreed(np.mean([max(way) for way in product(v, repeat=n)]), biased)
            with_.append(biased)
            unbiased = sum(s[i] * math.comb(i, n - 1) / math.comb(size, n) for i in range(size)) if n <= size else None
            without.append(
                unbiased if unbiased is None else agreed(np.mean([max(way) for way in combinations(v, n)]), unbiased)
            )
        out = {"n": list(range(1, len(with_) + 1)), "with_replacement": with_, "without_replacement": without}
        group.case(name, out, values=v)


def expected_maximum_of_noise(book: Book) -> None:
    group = book.group(
        "expected_maximum_of_noise", "The expected largest of k standard normal numbers, and sqrt(2 ln k)"
    )
    for k in (1, 2, 3, 5, 12, 13, 15, 66, 100, 1000):
        normal = stats.norm
        value = integrate.quad(
            lambda x, k=k: x * k * normal.pdf(x) * normal.cdf(x) ** (k - 1),
            -12,
            12,
            epsabs=1e-13,
            epsrel=1e-13,
            limit=400,
        )[0]
        out = {"expected": value if k > 1 else 0.0, "bound": math.sqrt(2 * math.log(k))}
        group.case(f"{k}", out, k=k)


def prechelt(book: Book) -> None:
    group = book.group(
        "prechelt", "Prechelt's generalisation loss, progress, quotient and successive rises at the last strip end"
    )
    epochs = np.arange(1, 26)
    wave = np.random.default_rng(17).normal(0, 0.01, 25)
    curves = {
        "falling": (0.2 + 0.8 * np.exp(-epochs / 4), 0.3 + 0.8 * np.exp(-epochs / 4), 5),
        "rising": (0.05 + np.exp(-epochs / 5), 0.3 + np.exp(-epochs / 3) + 0.01 * np.maximum(0, epochs - 8), 5),
        "noisy, strips of three": (0.1 + np.exp(-epochs / 5), 0.4 + np.exp(-epochs / 3) + wave, 3),
        "flat": (np.full(10, 0.5), np.full(10, 0.6), 5),
    }
    for name, (train, val, k) in curves.items():
        train, val = train.round(6), val.round(6)
        ends = range(k, len(val) + 1, k)
        t = ends[-1]
        gl = 100 * (val[t - 1] / val[:t].min() - 1)
        progress = 1000 * (train[t - k : t].mean() / train[t - k : t].min() - 1)
        rises = [val[e - 1] > val[e - k - 1] for e in ends[1:]]
        up = next((i for i, rise in enumerate(reversed(rises)) if not rise), len(rises))
        out = {"gl": gl, "progress": progress, "pq": gl / progress if progress > 0 else None, "up": up}
        group.case(name, out, train_loss=train, val_loss=val, strip=k)
    none = {"gl": None, "progress": None, "pq": None, "up": None}
    group.case("short", none, train_loss=[0.5, 0.4], val_loss=[0.6, 0.5], strip=5)


def write(book: Book) -> None:
    for part in (holm, weighted_holm, noether, expected_best, expected_maximum_of_noise, prechelt):
        part(book)
