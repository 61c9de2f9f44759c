"""Confident learning: which labels are wrong, by what models that have not seen a row think of its label.

Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70, 2021. Everywhere
`labels` are class numbers, int64 (rows,), and `probabilities` float64 (rows, classes) from models that have not seen
the row. The same probabilities give the same answers as with cleanlab 2.9, ties aside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

Filter = Literal[
    "prune_by_noise_rate",
    "prune_by_class",
    "both",
    "confident_learning",
    "low_self_confidence",
    "low_normalized_margin",
]
Quality = Literal["self_confidence", "normalized_margin", "confidence_weighted_entropy"]

CLOSE = 1e-6  # probabilities nearer than this are the same
UNREACHED = 2.0  # the threshold of a class without rows: nothing is confidently of it
TINY = 1e-100


def thresholds(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return each class's mean self-confidence, float64 (classes,): equation 2; 2 for a class without rows."""
    own = probabilities[np.arange(len(labels)), labels]
    counts = np.bincount(labels, minlength=probabilities.shape[1])
    sums = np.bincount(labels, own, minlength=probabilities.shape[1])
    means = np.divide(sums, counts, out=np.full(len(counts), UNREACHED), where=counts > 0)
    return np.maximum(means, 2 * CLOSE)


def confident_classes(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the class that each row confidently is, int64 (rows,), -1 where it is of none.

    That is the class whose threshold its probability reaches (equation 1), the most probable class where it reaches
    several thresholds (the paper's collisions).
    """
    reaches = probabilities >= thresholds(labels, probabilities) - CLOSE
    several = np.where(reaches.sum(axis=1) > 1, probabilities.argmax(axis=1), reaches.argmax(axis=1))
    return np.where(reaches.any(axis=1), several, -1)


def confident_joint(labels: np.ndarray, probabilities: np.ndarray, is_calibrated: bool = True) -> np.ndarray:
    """Return how many rows are labelled i and confidently of class j, int64 (classes, classes): equation 1.

    Calibrated, the counts of a row of the matrix sum to the rows with that label (equation 3). No diagonal count is
    below 1 before that, so that a class nobody is confident of counts as labelled rightly.
    """
    classes = probabilities.shape[1]
    found = confident_classes(labels, probabilities)
    known = found >= 0
    joint = np.bincount(labels[known] * classes + found[known], minlength=classes**2).reshape(classes, classes)
    np.fill_diagonal(joint, np.maximum(joint.diagonal(), 1))
    if not is_calibrated:
        return joint
    counts = np.bincount(labels, minlength=classes)
    # column after column, so that the sum's last bit, which decides how equal counts are rounded, is cleanlab's
    scaled = np.asfortranarray(joint / joint.sum(axis=1, keepdims=True) * counts[:, None])
    return _rounded(scaled / max(scaled.sum(), TINY) * counts.sum())


def noise_matrix(joint: np.ndarray) -> np.ndarray:
    """Return the chance of each label (rows of the matrix) given the true class (columns), float64 (classes, classes).

    A column sums to 1, or is 0 where no row is of that class.
    """
    return joint / np.maximum(joint.sum(axis=0), TINY)


def label_errors(labels: np.ndarray, probabilities: np.ndarray, by: Filter = "prune_by_noise_rate") -> np.ndarray:
    """Return which labels are wrong, bool (rows,), by one of the paper's ways (section 3.2).

    `prune_by_noise_rate`: of each pair of classes as many rows as the joint says, those of the greatest margin.
    `prune_by_class`: of each class as many as the joint says, those of the least self-confidence. `both`: what both
    find. `confident_learning`: the rows off the joint's diagonal. `low_...`: as many as those, of the least quality.
    A row whose label is the most probable class is never among them, but with `low_...`.
    """
    if by in ("low_self_confidence", "low_normalized_margin"):
        number = int(label_errors(labels, probabilities, "confident_learning").sum())
        goodness = quality(labels, probabilities, "self_confidence" if "self" in by else "normalized_margin")
        found = np.zeros(len(labels), bool)
        found[np.argsort(goodness, kind="stable")[:number]] = True
        return found
    if by == "both":
        ways: tuple[Filter, Filter] = ("prune_by_noise_rate", "prune_by_class")
        return label_errors(labels, probabilities, ways[0]) & label_errors(labels, probabilities, ways[1])
    if by == "confident_learning":
        classes = confident_classes(labels, probabilities)
        found = (classes >= 0) & (classes != labels)
    else:
        found = _pruned(labels, probabilities, _by_noise_rate if by == "prune_by_noise_rate" else _by_class)
    own = probabilities[np.arange(len(labels)), labels]
    return found & (probabilities.max(axis=1) >= own + CLOSE)


def quality(labels: np.ndarray, probabilities: np.ndarray, by: Quality = "self_confidence") -> np.ndarray:
    """Return how good each label is, float64 (rows,) in 0..1, 0 the worst.

    `self_confidence`: the label's probability. `normalized_margin`: (that - the best other class's + 1) / 2.
    `confidence_weighted_entropy`: log(1 + e) / e of e = normalised entropy / self-confidence.
    """
    rows = np.arange(len(labels))
    own = probabilities[rows, labels]
    if by == "self_confidence":
        return own
    if by == "normalized_margin":
        others = probabilities.copy()
        others[rows, labels] = -np.inf
        return (own - others.max(axis=1) + 1) / 2
    logs = np.log(probabilities, out=np.zeros_like(probabilities), where=probabilities > 0)
    entropy = -(probabilities * logs).sum(axis=1) / np.log(probabilities.shape[1])
    weighted = entropy / np.maximum(own, CLOSE)
    return np.log1p(weighted) / np.maximum(weighted, CLOSE)


def label_errors_of_each(
    targets: np.ndarray, probabilities: np.ndarray, by: Filter = "prune_by_noise_rate"
) -> np.ndarray:
    """Return which of a row's labels are wrongly given or wrongly missing, bool (rows, labels).

    `targets` are 0 and 1, `probabilities` float64, both (rows, labels): each label is a question of two classes.
    """
    found = np.zeros(targets.shape, bool)
    for at in range(targets.shape[1]):
        found[:, at] = label_errors(targets[:, at].astype(np.int64), two(probabilities[:, at]), by)
    return found


def two(positive: np.ndarray) -> np.ndarray:
    """Return the probabilities of not having and of having a label, (rows, 2), of the latter (rows,)."""
    return np.stack([1 - positive, positive], axis=1)


def _pruned(
    labels: np.ndarray, probabilities: np.ndarray, way: Callable[[int, np.ndarray, np.ndarray], np.ndarray]
) -> np.ndarray:
    """Return what one way finds in each class by itself; a class of a single row keeps it."""
    counts = _prune_counts(confident_joint(labels, probabilities))
    found = np.zeros(len(labels), bool)
    for label in range(probabilities.shape[1]):
        rows = np.flatnonzero(labels == label)
        if len(rows) > 1:
            found[rows[way(label, counts[label], probabilities[rows])]] = True
    return found


def _by_noise_rate(label: int, counts: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the positions with the greatest margins, as many for each other class as are counted."""
    order = np.argsort(probabilities[:, [label]] - probabilities, axis=0, kind="stable")
    taken = np.where(np.arange(len(counts)) == label, 0, counts)
    return order[np.arange(len(order))[:, None] < taken]


def _by_class(label: int, counts: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the positions with the least self-confidence, as many as are counted as of another class."""
    return np.argsort(probabilities[:, label], kind="stable")[: max(0, len(probabilities) - int(counts[label]))]


def _prune_counts(joint: np.ndarray) -> np.ndarray:
    """Return the counts such that each class keeps one row at least, what it gains taken from its others evenly."""
    kept = np.maximum(joint.diagonal(), 1)
    others = np.maximum(np.count_nonzero(joint, axis=1) - 1.0, 1.0)
    left = np.maximum(joint - ((kept - joint.diagonal()) / others)[:, None], 0)
    np.fill_diagonal(left, kept)
    return _rounded(left.astype(np.int64).T).T


def _rounded(counts: np.ndarray) -> np.ndarray:
    """Return whole numbers whose rows keep their sums: what was rounded the farthest is rounded the other way.

    Counts that were rounded equally far stay in the order of numpy's sort, as with cleanlab.
    """
    whole = counts.round()
    short = (counts.sum(axis=1).round() - whole.sum(axis=1)).astype(np.int64)
    order = np.argsort(counts - whole, axis=1)
    ranks = np.argsort(order, axis=1, kind="stable")
    size = counts.shape[1]
    up = (short[:, None] > 0) & (ranks >= size - short[:, None])
    down = (short[:, None] < 0) & (ranks < -short[:, None])
    return (whole + up - down).astype(np.int64)
