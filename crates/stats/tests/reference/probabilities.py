"""Probabilities and classes: calibration, scores, temperature, confusion."""

from __future__ import annotations

import math
import warnings

import numpy as np
from scipy import optimize, special
from sklearn import calibration, metrics

from book import Book, agreed


def gaps(parts: list[np.ndarray], confidence: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """The weighted mean and the largest gap between accuracy and confidence of the parts."""
    gap = [abs(right[p].mean() - confidence[p].mean()) for p in parts]
    return sum(len(p) / len(right) * g for p, g in zip(parts, gap, strict=True)), max(gap)


def calibration_error(book: Book) -> None:
    group = book.group(
        "calibration_error",
        "Expected and largest calibration error. Equal width: bin ceil(c M), the first for 0. Equal mass: in the order of "
        "confidence, sizes differ by at most one, larger parts first",
    )
    rng = np.random.default_rng(18)
    drawn = np.round(0.1 + 0.9 * rng.beta(5, 2, 200), 6)
    hits = (rng.random(200) < drawn - 0.08).astype(int)
    cases = {
        "two hundred": (drawn, hits, 15),
        "two hundred in ten bins": (drawn, hits, 10),
        "on the edges": (np.array([0.0, 0.25, 0.5, 0.75, 1.0]), np.array([0, 1, 0, 1, 1]), 4),
        "sure and right": (np.ones(4), np.ones(4, int), 15),
        "sure and wrong": (np.ones(3), np.zeros(3, int), 15),
        "one image": (np.array([0.7]), np.array([1]), 15),
        "fewer images than bins": (np.array([0.31, 0.52, 0.93]), np.array([0, 1, 1]), 15),
    }
    for name, (c, right, bins) in cases.items():
        which = np.clip(np.ceil(c * bins).astype(int) - 1, 0, bins - 1)
        width = [np.flatnonzero(which == b) for b in range(bins) if np.any(which == b)]
        mass = [p for p in np.array_split(np.argsort(c, kind="stable"), bins) if len(p)]
        (w, w_most), (m, m_most) = gaps(width, c, right), gaps(mass, c, right)
        if len(c) > 100:
            accuracy, mean = calibration.calibration_curve(right, c, n_bins=bins, strategy="uniform")
            agreed(sum(len(p) / len(c) * abs(a - q) for p, a, q in zip(width, accuracy, mean, strict=True)), w)
        out = {"equal_width": w, "equal_width_largest": w_most, "equal_mass": m, "equal_mass_largest": m_most}
        group.case(name, out, confidence=c, right=right, bins=bins)


def brier_and_nll(book: Book) -> None:
    group = book.group("brier_and_nll", "Multi-class Brier score from 0 to 2, mean negative log-likelihood in nats")
    rows = [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4], [0.05, 0.05, 0.9]]
    drawn = np.random.default_rng(19).dirichlet(np.ones(10), 30).round(6)
    cases = {
        "four images": (rows, [0, 1, 0, 2]),
        "all wrong": (rows, [2, 0, 1, 0]),
        "perfect": ([[1.0, 0.0], [0.0, 1.0]], [0, 1]),
        "certainly wrong": ([[1.0, 0.0], [0.5, 0.5]], [1, 0]),
        "uniform over ten": ([[0.1] * 10] * 2, [3, 9]),
        "thirty of ten classes": ((drawn / drawn.sum(axis=1, keepdims=True)).tolist(), [i % 10 for i in range(30)]),
    }
    for name, (p, labels) in cases.items():
        table, classes = np.array(p), len(p[0])
        one_hot = np.eye(classes)[labels]
        brier = float(np.mean(np.sum((table - one_hot) ** 2, axis=1)))
        given = table if classes > 2 else table[:, 1]
        theirs = metrics.brier_score_loss(labels, given, labels=list(range(classes)), scale_by_half=False)
        with np.errstate(divide="ignore"):
            nll = float(np.mean(0.0 - np.log(table[np.arange(len(labels)), labels])))
        if math.isfinite(nll):
            agreed(metrics.log_loss(labels, table, labels=list(range(classes))), nll, 1e-9)
        group.case(name, {"brier": agreed(theirs, brier), "nll": nll}, probabilities=p, labels=labels)


def nll_from_logits(book: Book) -> None:
    group = book.group("nll_from_logits", "Mean cross-entropy from logits, finite however large they are")
    drawn = np.random.default_rng(20).normal(0, 5, (20, 10)).round(4)
    cases = {
        "small": ([[2.0, 1.0, 0.1], [0.0, 0.0, 0.0]], [0, 2]),
        "large": ([[1000.0, 0.0], [0.0, -1000.0]], [1, 0]),
        "equal": ([[5.0, 5.0, 5.0]], [1]),
        "twenty of ten classes": (drawn.tolist(), [i % 10 for i in range(20)]),
    }
    for name, (logits, labels) in cases.items():
        nll = -special.log_softmax(logits, axis=1)[np.arange(len(labels)), labels].mean()
        group.case(name, {"nll": nll}, logits=logits, labels=labels)


def temperature(book: Book) -> None:
    group = book.group(
        "temperature",
        "The temperature of least negative log-likelihood, that likelihood, and the one at 1; null without a minimum",
    )
    rng = np.random.default_rng(21)
    honest = rng.normal(0, 1, (60, 4)).round(4)
    labels = [int(rng.choice(4, p=p)) for p in special.softmax(honest, axis=1)]
    diagonal = [[2.0, 0.0], [0.0, 1.0]]
    cases = {
        "too sure": ((3 * honest).round(4).tolist(), labels),
        "about right": (honest.tolist(), labels),
        "too shy": ((0.25 * honest).round(6).tolist(), labels),
        "enormous": ((1000 * honest).tolist(), labels),
        "all right": (diagonal, [0, 1]),
        "pointing away": (diagonal, [1, 0]),
    }
    for name, (logits, y) in cases.items():
        z, pick = np.array(logits), np.arange(len(y))

        def nll(b: float) -> float:
            return float(np.mean(special.logsumexp(b * z, axis=1) - b * z[pick, y]))

        def slope(b: float) -> float:
            return float(np.mean(np.sum(special.softmax(b * z, axis=1) * z, axis=1) - z[pick, y]))

        out = {"temperature": None, "nll": None, "nll_at_1": nll(1.0)}
        if slope(0.0) < 0 and np.any(z.argmax(axis=1) != y):
            b = optimize.brentq(slope, 1e-9, 1e4, xtol=1e-18, rtol=8.9e-16)
            least = optimize.minimize_scalar(nll, bracket=(0.5 * b, b, 2 * b), tol=1e-12)
            out = {"temperature": 1 / b, "nll": agreed(least.fun, nll(b)), "nll_at_1": nll(1.0)}
        group.case(name, out, logits=logits, labels=y)


def classification(book: Book) -> None:
    group = book.group(
        "classification",
        "Precision, recall, F1 of each class (0 where undefined), unweighted and weighted means, the pooled F1, Cohen's kappa",
    )
    rng = np.random.default_rng(22)
    truth = rng.integers(0, 10, 300)
    predicted = np.where(rng.random(300) < 0.7, truth, rng.integers(0, 10, 300))
    cases = {
        "three classes": ([0, 0, 0, 1, 1, 2, 2, 2], [0, 1, 1, 1, 1, 0, 2, 1], 3),
        "a class never predicted": ([0, 1, 2, 2], [0, 1, 1, 0], 3),
        "a class without images": ([0, 0, 1], [0, 2, 1], 3),
        "perfect": ([0, 1, 2], [0, 1, 2], 3),
        "all one class": ([1, 1, 1], [1, 1, 1], 2),
        "no better than chance": ([0, 0, 1, 1], [0, 1, 0, 1], 2),
        "all wrong": ([0, 1], [1, 0], 2),
        "three hundred of ten": (truth.tolist(), predicted.tolist(), 10),
    }
    for name, (t, p, k) in cases.items():
        given = {"labels": list(range(k)), "zero_division": 0}
        precision, recall, f1, support = metrics.precision_recall_fscore_support(t, p, **given)
        mean = metrics.precision_recall_fscore_support(t, p, average="macro", **given)
        by_support = metrics.precision_recall_fscore_support(t, p, average="weighted", **given)
        with warnings.catch_warnings(), np.errstate(invalid="ignore"):
            warnings.simplefilter("ignore")
            kappa = metrics.cohen_kappa_score(t, p, labels=list(range(k)))
        out = {
            "precision": precision,
            "recall": recall,
            "f1": f1,
            "support": support,
            "macro_precision": mean[0],
            "macro_recall": mean[1],
            "macro_f1": mean[2],
            "weighted_precision": by_support[0],
            "weighted_recall": by_support[1],
            "weighted_f1": by_support[2],
            "micro_f1": metrics.f1_score(t, p, average="micro", labels=list(range(k)), zero_division=0),
            "kappa": None if set(t) == set(p) and len(set(t)) == 1 else kappa,
        }
        group.case(name, out, truth=t, predicted=p, classes=k)


def write(book: Book) -> None:
    for part in (calibration_error, brier_and_nll, nll_from_logits, temperature, classification):
        part(book)
