"""Scores against truth, for many weightings of the rows at once: the same code gives figures and their intervals.

Every metric takes `weights`, float64 (resamples, rows), and returns float64 (resamples,), NaN where undefined.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

BINS = 15  # of the reliability diagram
TINY = np.finfo(np.float64).eps  # scikit-learn's floor for a probability

HIGHER_IS_BETTER: Mapping[str, bool] = {
    "accuracy": True,
    "balanced_accuracy": True,
    "precision_macro": True,
    "recall_macro": True,
    "f1_macro": True,
    "f1_micro": True,
    "subset_accuracy": True,
    "roc_auc": True,
    "log_loss": False,
    "calibration_error": False,
    "mae": False,
    "rmse": False,
    "r2": True,
}


def measure(
    form: Literal["class", "classes", "value"], truth: np.ndarray, scores: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return all metrics of a target form.

    `class`: truth int64 (rows,), scores probabilities (rows, classes). `classes`: truth 0 or 1 and probabilities,
    both (rows, classes). `value`: truth and scores float (rows,).
    """
    if form == "value":
        return _values(truth, scores, weights)
    return _one_class(truth, scores, weights) if form == "class" else _many_classes(truth, scores, weights)


def _one_class(truth: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    answers = scores.argmax(axis=1)
    classes = scores.shape[1]
    right, answered, true = _counts(_one_hot(truth, classes), _one_hot(answers, classes), weights)
    seen = np.union1d(truth, answers)
    probabilities = np.clip(scores[np.arange(len(truth)), truth], TINY, 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        recalls = np.where(true > 0, right / true, np.nan)
    balanced = np.full(len(weights), np.nan)
    known = ~np.isnan(recalls).all(axis=1)
    balanced[known] = np.nanmean(recalls[known], axis=1)
    return {
        "accuracy": _mean((answers == truth).astype(float), weights),
        "balanced_accuracy": balanced,
        **_macro(right[:, seen], answered[:, seen], true[:, seen]),
        "roc_auc": _roc_auc(_one_hot(truth, classes), scores, weights, is_binary=classes == 2),
        "log_loss": _mean(-np.log(probabilities), weights),
        "calibration_error": _calibration_error((answers == truth).astype(float), scores.max(axis=1), weights),
    }


def _many_classes(truth: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    answers = (scores >= 0.5).astype(np.float64)
    right, answered, true = _counts(truth, answers, weights)
    total_right, total = right.sum(axis=1), answered.sum(axis=1) + true.sum(axis=1)
    likelihood = np.log(np.clip(np.where(truth > 0.5, scores, 1 - scores), TINY, 1.0))
    confidence = np.maximum(scores, 1 - scores)
    agrees = (answers == truth).astype(float)
    return {
        "subset_accuracy": _mean(agrees.min(axis=1), weights),
        "f1_micro": _ratio(2 * total_right, total),
        **_macro(right, answered, true),
        "roc_auc": _roc_auc(truth, scores, weights, is_binary=False),
        "log_loss": _mean(-likelihood.mean(axis=1), weights),
        "calibration_error": _calibration_error(
            agrees.ravel(), confidence.ravel(), np.repeat(weights, truth.shape[1], axis=1)
        ),
    }


def _values(truth: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    errors = truth - scores
    squared = _mean(errors**2, weights)
    spread = _mean(truth**2, weights) - _mean(truth, weights) ** 2
    floor = 1e-12 * max(1.0, float(np.mean(truth**2)))
    with np.errstate(invalid="ignore", divide="ignore"):
        r2 = np.where(spread > floor, 1 - squared / spread, np.nan)
    return {"mae": _mean(np.abs(errors), weights), "rmse": np.sqrt(squared), "r2": r2}


def per_class(truth: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> dict[int, dict[str, np.ndarray]]:
    """Return precision, recall and F1 by class number; truth is (rows,) or 0 and 1 (rows, classes)."""
    classes = scores.shape[1]
    answers = _one_hot(scores.argmax(axis=1), classes) if truth.ndim == 1 else (scores >= 0.5).astype(float)
    right, answered, true = _counts(_one_hot(truth, classes) if truth.ndim == 1 else truth, answers, weights)
    columns = _precision_recall_f1(right, answered, true)
    return {number: {name: array[:, number] for name, array in columns.items()} for number in range(classes)}


def reliability(truth: np.ndarray, scores: np.ndarray) -> list[dict[str, Any]]:
    """Return the bins that hold rows: their bounds, rows, mean confidence and share of right answers."""
    if truth.ndim == 1:
        confidence, right = scores.max(axis=1), scores.argmax(axis=1) == truth
    else:
        confidence, right = np.maximum(scores, 1 - scores).ravel(), ((scores >= 0.5) == (truth > 0.5)).ravel()
    bins = _bins(confidence)
    return [
        {
            "low": number / BINS,
            "high": (number + 1) / BINS,
            "rows": int((bins == number).sum()),
            "confidence": float(confidence[bins == number].mean()),
            "accuracy": float(right[bins == number].mean()),
        }
        for number in np.unique(bins).tolist()
    ]


def confusion(truth: np.ndarray, answers: np.ndarray, classes: int) -> np.ndarray:
    """Return counts, int64 (true class, answered class)."""
    return np.bincount(truth * classes + answers, minlength=classes * classes).reshape(classes, classes)


def _counts(truth: np.ndarray, answers: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return right, answered and true rows, each (resamples, classes)."""
    return weights @ (truth * answers), weights @ answers, weights @ truth


def _precision_recall_f1(right: np.ndarray, answered: np.ndarray, true: np.ndarray) -> dict[str, np.ndarray]:
    return {
        "precision": _ratio(right, answered),
        "recall": _ratio(right, true),
        "f1": _ratio(2 * right, answered + true),
    }


def _macro(right: np.ndarray, answered: np.ndarray, true: np.ndarray) -> dict[str, np.ndarray]:
    """Mean over the classes that occur in truth or answers of all rows; an empty ratio counts as 0."""
    columns = _precision_recall_f1(right, answered, true)
    return {f"{name}_macro": array.mean(axis=1) for name, array in columns.items()}


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.zeros_like(above, dtype=np.float64), where=below > 0)


def _mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return (weights @ values) / weights.sum(axis=1)


def _one_hot(numbers: np.ndarray, classes: int) -> np.ndarray:
    return np.eye(classes)[numbers]


def _bins(confidence: np.ndarray) -> np.ndarray:
    return np.minimum((confidence * BINS).astype(int), BINS - 1)


def _calibration_error(right: np.ndarray, confidence: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the expected calibration error over 15 equal bins (Guo et al., ICML 2017, equation 3)."""
    member = _one_hot(_bins(confidence), BINS)
    gaps = weights @ (member * (right - confidence)[:, None])
    return np.abs(gaps).sum(axis=1) / weights.sum(axis=1)


def _roc_auc(truth: np.ndarray, scores: np.ndarray, weights: np.ndarray, is_binary: bool) -> np.ndarray:
    """Return the area under the ROC curve: of class 1, or the mean over the classes that occur among the rows."""
    present = (truth.sum(axis=0) > 0) & (truth.sum(axis=0) < len(truth))
    columns = [1] if is_binary else np.flatnonzero(present).tolist()
    if not columns:
        return np.full(len(weights), np.nan)
    areas = [_area(truth[:, column], scores[:, column], weights) for column in columns]
    return np.mean(areas, axis=0)


def _area(truth: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the share of (positive, negative) pairs in the right order, ties counted half (Mann-Whitney U)."""
    order = np.argsort(scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    ranked, labels = weights[:, order], truth[order]
    negatives = np.cumsum(ranked * (1 - labels), axis=1)[:, ends]
    positives = np.diff(np.cumsum(ranked * labels, axis=1)[:, ends], axis=1, prepend=0.0)
    before = np.concatenate([np.zeros((len(weights), 1)), negatives[:, :-1]], axis=1)
    pairs = positives.sum(axis=1) * negatives[:, -1]
    ordered = (positives * (before + negatives) / 2).sum(axis=1)
    return np.divide(ordered, pairs, out=np.full(len(weights), np.nan), where=pairs > 0)
