"""Seeds and images: the crossed comparison, what would decide it, races, rankings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import optimize, stats

from book import Book, agreed


def runs(rng: np.random.Generator, seeds: int, base: np.ndarray, own: float, noise: float) -> np.ndarray:
    """Right or wrong of each run and image: harder images are wrong more often, each recipe has its own hard ones."""
    score = base + own * rng.standard_normal(len(base)) + noise * rng.standard_normal((seeds, len(base)))
    return (score < 0.9).astype(int)


def variances(y: np.ndarray) -> tuple[float, float]:
    """V and R of a table runs x images, by the analysis of variance of both ways."""
    seeds, images = y.shape
    rest = y - y.mean(axis=1, keepdims=True) - y.mean(axis=0, keepdims=True) + y.mean()
    between = float(np.var(y.sum(axis=1), ddof=1)) / images**2
    residual = float(np.sum(rest**2)) / ((seeds - 1) * (images - 1))
    return between, residual if residual > 1e-15 else 0.0


def judged(d: float, seed: float, image: float, df: float | None, epsilon: float) -> dict[str, Any]:
    """Interval and both p values of a difference with a seed part and an image part."""
    if seed + image == 0:
        return {"low": d, "high": d, "p": float(d == 0), "p_equivalent": float(abs(d) >= epsilon)}

    def reach(tail: float) -> float:
        t = stats.t.isf(tail, df) if seed > 0 else 0.0
        return math.sqrt(t * t * seed + stats.norm.isf(tail) ** 2 * image)

    def tail(size: float) -> float:
        if size == 0:
            return 0.5
        top = math.log(0.5) - 1e-15
        found = math.exp(optimize.brentq(lambda v: reach(math.exp(v)) - abs(size), -600, top, xtol=1e-14, rtol=1e-14))
        return found if size > 0 else 1 - found

    p = min(1.0, 2 * tail(abs(d)))
    if image == 0:
        agreed(2 * stats.t.sf(abs(d) / math.sqrt(seed), df), p, 1e-9)
    return {"low": d - reach(0.025), "high": d + reach(0.025), "p": p, "p_equivalent": tail(epsilon - abs(d))}


def compared(a: np.ndarray, b: np.ndarray, epsilon: float) -> dict[str, Any]:
    images = a.shape[1]
    (v_a, r_a), (v_b, r_b) = variances(a), variances(b)
    part_a, part_b = max(v_a, r_a / images) / len(a), max(v_b, r_b / images) / len(b)
    over = float(np.var(a.mean(axis=0) - b.mean(axis=0), ddof=1))
    seed, image = part_a + part_b, max(0.0, (over - r_a / len(a) - r_b / len(b)) / images)
    df = seed**2 / (part_a**2 / (len(a) - 1) + part_b**2 / (len(b) - 1)) if seed > 0 else None
    d = float(a.mean() - b.mean())
    parts = {"v_a": v_a, "v_b": v_b, "r_a": r_a, "r_b": r_b, "seed_part": seed, "image_part": image}
    return {"difference": d, **parts, "se": math.sqrt(seed + image), "df": df, **judged(d, seed, image, df, epsilon)}


def crossed(book: Book) -> None:
    group = book.group("crossed", "Two recipes over seeds and images; each run a string of 0 (wrong) and 1 (right)")
    rng = np.random.default_rng(23)
    base, small = rng.standard_normal(60), rng.standard_normal(24)
    one = runs(rng, 1, small, 0, 0)
    a, shifted = runs(rng, 5, base, 0.3, 0.3), runs(rng, 5, base, 0.3, 0.3)
    shifted[2] &= rng.integers(0, 2, 60)
    tables = {
        "three and three": (runs(rng, 3, base, 0.3, 0.4), runs(rng, 3, base, 0.3, 0.4), 0.1),
        "five and three": (runs(rng, 5, base, 0.2, 0.3), runs(rng, 3, base - 0.4, 0.2, 0.3), 0.1),
        "two and two": (runs(rng, 2, small, 0.3, 0.5), runs(rng, 2, small, 0.3, 0.5), 0.1),
        "a run that moves as a whole": (a, shifted, 0.05),
        "recipes that err on other images": (runs(rng, 4, base, 1.5, 0.1), runs(rng, 4, base, 1.5, 0.1), 0.2),
        "far apart": (runs(rng, 5, base - 1.5, 0.2, 0.2), runs(rng, 5, base + 0.5, 0.2, 0.2), 0.1),
        "copies": (np.tile(one, (3, 1)), np.tile(one, (3, 1)), 0.1),
        "copies against other copies": (np.tile(one, (3, 1)), np.tile(1 - one, (3, 1)), 0.1),
        "all right and all right": (np.ones((3, 8), int), np.ones((3, 8), int), 0.1),
        "all right and all wrong": (np.ones((3, 8), int), np.zeros((3, 8), int), 0.1),
    }
    for name, (x, y, epsilon) in tables.items():
        text = [["".join(map(str, run)) for run in table] for table in (x, y)]
        group.case(name, compared(x, y, epsilon), a=text[0], b=text[1], epsilon=epsilon)


def crossed_losses(book: Book) -> None:
    group = book.group("crossed_losses", "The same of losses per image")
    rng = np.random.default_rng(24)
    hard = rng.gamma(0.5, 1.0, 30)
    for name, seeds, shift in [("alike", 3, 0.0), ("apart", 4, 0.2)]:
        a = (hard + rng.gamma(1.0, 0.1, (seeds, 30))).round(5)
        b = (hard * rng.uniform(0.8, 1.2, 30) + shift + rng.gamma(1.0, 0.1, (seeds + 1, 30))).round(5)
        group.case(name, compared(a, b, 0.1), a=a, b=b, epsilon=0.1)


def crossed_accuracies(book: Book) -> None:
    group = book.group(
        "crossed_accuracies", "Accuracies only: image part (p_a (1 - p_a) + p_b (1 - p_b)) / n, an upper bound"
    )
    cases = {
        "five and three": ([0.8751, 0.8763, 0.8739, 0.8770, 0.8748], [0.8644, 0.8652, 0.8631]),
        "equal runs": ([0.9, 0.9, 0.9], [0.88, 0.88, 0.88]),
    }
    for name, (a, b) in cases.items():
        parts = [float(np.var(x, ddof=1)) / len(x) if len(set(x)) > 1 else 0.0 for x in (a, b)]
        seed = sum(parts)
        image = sum(np.mean(x) * (1 - np.mean(x)) for x in (a, b)) / 10_000
        df = seed**2 / sum(p * p / (len(x) - 1) for p, x in zip(parts, (a, b), strict=True)) if seed > 0 else None
        if df is not None:
            agreed(stats.ttest_ind(a, b, equal_var=False).df, df)
        d = float(np.mean(a) - np.mean(b))
        out = {"difference": d, "seed_part": seed, "image_part": image, "df": df, **judged(d, seed, image, df, 0.005)}
        group.case(name, out, a=a, b=b, images=10_000, epsilon=0.005)


def spending(book: Book) -> None:
    group = book.group("spending", "The share of alpha for each look, in proportion to the seeds added")
    for looks in ([3, 5, 10, 20], [3, 5, 8], [5], [4, 6]):
        shares = 0.05 * np.diff([0, *looks]) / looks[-1]
        group.case(f"{looks}", {"alphas": shares}, looks=looks, alpha=0.05)


def more_seeds(book: Book) -> None:
    group = book.group(
        "more_seeds",
        "The least number of seeds at which a verdict is as likely as not, its probabilities and the likelier word",
    )
    cases = {
        "small difference": (0.0024, 3, 1.7e-6, 2e-6, 0.05, 0.005, 20),
        "negative difference": (-0.0024, 3, 1.7e-6, 2e-6, 0.05, 0.005, 20),
        "large, many comparisons": (0.0068, 3, 1.7e-6, 2e-6, 0.05 / 15, 0.005, 20),
        "in between": (0.0026, 5, 1.0e-6, 2e-6, 0.05, 0.005, 20),
        "runs that move": (0.006, 3, 4.3e-5, 2e-6, 0.05, 0.005, 20),
        "hopeless": (0.003, 5, 2.6e-5, 4e-6, 0.05 / 66, 0.005, 20),
        "a long way": (0.004, 3, 1.0e-5, 2e-6, 0.05, 0.005, 100),
    }
    for name, (d, now, seed, image, level, epsilon, most) in cases.items():
        out: dict[str, Any] = {"seeds": None, "better": None, "equivalent": None, "word": None}
        for s in range(now + 1, most + 1):
            variance = seed * now
            later = stats.norm(d, math.sqrt(variance * (1 / now - 1 / s)))
            t, z = stats.t(2 * (s - 1)), stats.norm
            far, near = (math.sqrt(t.isf(q) ** 2 * variance / s + z.isf(q) ** 2 * image) for q in (level / 2, level))
            better, room = later.cdf(-far) + later.sf(far), epsilon - near
            alike = later.cdf(room) - later.cdf(-room) if room > 0 else 0.0
            if better + alike >= 0.5:
                out = {
                    "seeds": s,
                    "better": better,
                    "equivalent": alike,
                    "word": "better" if better > alike else "equivalent",
                }
                break
        given = {"difference": d, "seeds_now": now, "seed_part": seed, "image_part": image}
        group.case(name, out, **given, level=level, epsilon=epsilon, at_most=most)


def ranking(book: Book) -> None:
    group = book.group("ranking", "Groups between lines, and better pairs inside a group, by ranks")
    cases: dict[str, tuple[int, list[tuple[int, int]]]] = {
        "only the ends differ": (3, [(0, 2)]),
        "two groups": (4, [(0, 2), (0, 3), (1, 2), (1, 3)]),
        "one pair is missing": (4, [(0, 2), (0, 3), (1, 3)]),
        "all apart": (3, [(0, 1), (0, 2), (1, 2)]),
        "none": (4, []),
        "the leader apart, the rest a chain": (4, [(0, 1), (0, 2), (0, 3), (1, 3)]),
        "the last apart": (3, [(0, 2), (1, 2)]),
        "one": (1, []),
    }
    for name, (count, better) in cases.items():
        lines = [c for c in range(1, count) if all((i, j) in better for i in range(c) for j in range(c, count))]
        groups = [list(range(i, j)) for i, j in zip([0, *lines], [*lines, count], strict=True)]
        within = [pair for pair in better if any(set(pair) <= set(g) for g in groups)]
        group.case(name, {"groups": groups, "within": within}, count=count, better=better)


def write(book: Book) -> None:
    for part in (crossed, crossed_losses, crossed_accuracies, spending, more_seeds, ranking):
        part(book)
