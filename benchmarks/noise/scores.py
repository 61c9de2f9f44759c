"""How well wrong labels were found."""

from __future__ import annotations

import numpy as np


def found(named: np.ndarray, wrong: np.ndarray) -> dict[str, float]:
    """F1, precision and recall of the rows named, both bool (rows,)."""
    hits = float((named & wrong).sum())
    precision, recall = hits / max(float(named.sum()), 1.0), hits / max(float(wrong.sum()), 1.0)
    f1 = 2 * precision * recall / max(precision + recall, 1e-12)
    return {"f1": round(f1, 4), "precision": round(precision, 4), "recall": round(recall, 4)}


def average_precision(badness: np.ndarray, wrong: np.ndarray) -> float:
    """The mean, over the wrong labels, of the precision down to each; badness float (rows,)."""
    hits = wrong[np.argsort(-badness, kind="stable")]
    return round(float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean()), 4)


def flipped(labels: np.ndarray, rate: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels of which exactly this share is another class, each other one equally likely; and which."""
    names, numbers = np.unique(labels, return_inverse=True)
    draw = np.random.default_rng(seed)
    rows = draw.choice(len(labels), round(rate * len(labels)), replace=False)
    given = numbers.copy()
    given[rows] = (numbers[rows] + draw.integers(1, len(names), len(rows))) % len(names)
    return names[given], given != numbers
