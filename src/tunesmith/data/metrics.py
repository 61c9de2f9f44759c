"""How good answers are: every metric of a form of task, for the rows as they are or for many resamples at once.

Each metric takes `weights`, float64 (resamples, rows), and returns float64 (resamples,), NaN where it is undefined.
Weights of one measure the rows themselves; bootstrap counts measure resamples; importance weights work alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..core.errors import DataError
from .forms import Form
from .metrics_classes import BINS, Counts, Given, answers_of, class_metrics, confidence_bins, multilabel_metrics
from .metrics_ranks import areas
from .metrics_values import value_metrics

HIGHER_IS_BETTER: Mapping[str, bool] = {
    "accuracy": True,
    "balanced_accuracy": True,
    "subset_accuracy": True,
    "precision_macro": True,
    "recall_macro": True,
    "f1_macro": True,
    "f1_micro": True,
    "roc_auc": True,
    "pr_auc": True,
    "log_loss": False,
    "calibration_error": False,
    "mae": False,
    "rmse": False,
    "r2": True,
    "spearman": True,
    "map": True,
    "map_50": True,
    "map_75": True,
    "map_small": True,
    "map_medium": True,
    "map_large": True,
    "recall_100": True,
    "span_f1": True,
    "exact_match": True,
    "span_f1_has_answer": True,
    "exact_match_has_answer": True,
    "exact_match_no_answer": True,
    "pearson": True,
    "quadratic_kappa": True,
    "within_one": True,
    "ndcg": True,
    "mrr": True,
    "word_accuracy": True,
    "entity_precision": True,
    "entity_recall": True,
    "entity_f1": True,
    "entity_f1_macro": True,
    "token_loss": False,
    "perplexity": False,
    "token_accuracy": True,
    "merit": True,
    "token_f1": True,
    "rouge_l": True,
    "chrf": True,
    "bleu": True,
}

FORMS: tuple[Form, ...] = ("class", "classes", "value")
_SUM_TOLERANCE = 0.02  # a softmax over many classes in bfloat16 strays by about 1 %


def measure(
    form: Form,
    truth: np.ndarray,
    scores: np.ndarray,
    weights: np.ndarray,
    answers: np.ndarray | None = None,
    only: str | None = None,
) -> dict[str, np.ndarray]:
    """Return every metric of a form, by name, each float64 (resamples,). `HIGHER_IS_BETTER` says which way is good.

    `class`: truth int (rows,), scores probabilities (rows, classes). `classes`: truth 0 or 1 and scores
    probabilities, both (rows, classes). `value`: truth and scores float (rows,). `answers` are of the shape and kind
    of the truth; where they are not given, the likeliest class, or every class from 0.5 up. With `only`, what is
    costly is left out unless it is the metric named, which is always among those returned.

    The numbers are scikit-learn's with `zero_division=0`. Macro means run over the classes that occur in the truth
    or in the answers of the drawn rows. `roc_auc` is that of class 1 where there are two, else the mean of one class
    against the rest over the classes of the truth that a resample can rank. `pr_auc` is the mean of the average
    precision over the classes of the truth that a resample holds, both of two classes too. Multilabel `log_loss` and
    `calibration_error` treat every cell as an answer of its own.
    Raises DataError where shapes disagree, a class has no column, or a score is no probability.
    """
    truth, scores = _checked(form, truth, scores)
    weights = _checked_weights(weights, len(truth))
    if form == "value":
        return value_metrics(truth, scores, weights)
    given = Given(truth, scores, _checked_answers(form, answers, scores), weights)
    return multilabel_metrics(given, only) if form == "classes" else class_metrics(given, only)


def per_class(
    truth: np.ndarray, scores: np.ndarray, weights: np.ndarray, answers: np.ndarray | None = None
) -> dict[int, dict[str, np.ndarray]]:
    """Return precision, recall, f1 and pr_auc of every class index, each float64 (resamples,).

    Takes what `measure` takes for `class` (truth of one axis) and `classes` (two). NaN where undefined: the
    precision of a class never answered, the recall and the pr_auc of one that does not occur.
    """
    form = _class_form(truth)
    truth, scores = _checked(form, truth, scores)
    weights = _checked_weights(weights, len(truth))
    answers, classes = _checked_answers(form, answers, scores), scores.shape[1]
    is_several = form == "classes"
    if is_several:
        counts = Counts.of_cells(truth, answers, weights)
    else:
        counts = Counts.of_labels(truth, answers, classes, weights)
    rates, found = counts.rates(), {}
    for index in range(classes):
        positive = truth[:, index] if is_several else truth == index
        precise = areas(positive, scores[:, index], weights).precision_recall
        found[index] = {name: values[:, index] for name, values in rates.items()} | {"pr_auc": precise}
    return found


def reliability(truth: np.ndarray, scores: np.ndarray, answers: np.ndarray | None = None) -> list[dict[str, float]]:
    """Return the bins of confidence that hold answers: `low high rows confidence accuracy`, lowest first.

    Takes what `per_class` takes. The mean gap of confidence and accuracy, weighted by `rows`, is the
    `calibration_error`. For multilabel truth, `rows` counts cells.
    """
    form = _class_form(truth)
    truth, scores = _checked(form, truth, scores)
    answers = _checked_answers(form, answers, scores)
    confidence, right, bins = confidence_bins(Given(truth, scores, answers, np.ones((1, len(truth)))))
    rows = np.bincount(bins.ravel(), minlength=BINS)
    certain = np.bincount(bins.ravel(), confidence.ravel(), minlength=BINS)
    correct = np.bincount(bins.ravel(), right.ravel(), minlength=BINS)
    return [
        {
            "low": index / BINS,
            "high": (index + 1) / BINS,
            "rows": int(rows[index]),
            "confidence": float(certain[index] / rows[index]),
            "accuracy": float(correct[index] / rows[index]),
        }
        for index in np.flatnonzero(rows).tolist()
    ]


def confusion(truth: np.ndarray, answers: np.ndarray, classes: int) -> np.ndarray:
    """Return how many rows of each class (down) were answered as each class (across), int64 (classes, classes).

    Raises DataError where an index is not below `classes`, or the lengths differ.
    """
    truth, answers = np.asarray(truth), np.asarray(answers)
    if truth.shape != answers.shape:
        raise DataError(f"{truth.size} targets but {answers.size} answers: pass one answer per target")
    _check_labels(truth, classes)
    _check_labels(answers, classes)
    cells = truth.astype(np.int64) * classes + answers.astype(np.int64)
    return np.bincount(cells, minlength=classes**2).astype(np.int64).reshape(classes, classes)


def _class_form(truth: np.ndarray) -> Form:
    return "classes" if np.ndim(truth) == 2 else "class"


def _checked(form: Form, truth: Any, scores: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return truth (int64, bool or float64) and scores (floating), or raise DataError."""
    truth, scores = np.asarray(truth), np.asarray(scores)
    if form not in FORMS:
        raise DataError(f"unknown form '{form}': use one of {', '.join(FORMS)}")
    expected = scores.shape[:1] if form == "class" else scores.shape
    if scores.ndim != (1 if form == "value" else 2) or truth.shape != expected:
        raise DataError(
            f"targets of shape {truth.shape} do not fit scores of shape {scores.shape} for the form '{form}': "
            "pass one row of scores per target, with one column per class"
        )
    if not np.issubdtype(scores.dtype, np.floating):
        scores = scores.astype(np.float64)
    _check_finite(scores, "score")
    if form == "value":
        truth = truth.astype(np.float64)
        _check_finite(truth, "target")
        return truth, scores.astype(np.float64)
    _check_probabilities(scores, exclusive=form == "class")
    _check_labels(truth, scores.shape[1] if form == "class" else 2)
    return truth.astype(np.int64 if form == "class" else bool), scores


def _checked_answers(form: Form, answers: np.ndarray | None, scores: np.ndarray) -> np.ndarray:
    """Return answers, int64 (rows,) or bool (rows, classes): those given, else those that the scores speak for."""
    if answers is None:
        return answers_of(scores, several=form == "classes")
    answers, shape = np.asarray(answers), scores.shape if form == "classes" else scores.shape[:1]
    if answers.shape != shape:
        raise DataError(f"answers of shape {answers.shape} do not fit scores of shape {scores.shape}: give one per row")
    _check_labels(answers, 2 if form == "classes" else scores.shape[1])
    return answers.astype(bool if form == "classes" else np.int64)


def _checked_weights(weights: np.ndarray, rows: int) -> np.ndarray:
    weights = np.asarray(weights, dtype=np.float64)
    if weights.ndim != 2 or weights.shape[1] != rows:
        raise DataError(f"weights of shape {weights.shape} do not fit {rows} rows: pass shape (resamples, {rows})")
    if not weights.min(initial=0) >= 0:
        raise DataError("a weight is negative or not a number: weights say how often a row counts")
    return weights


def _check_finite(values: np.ndarray, what: str) -> None:
    bad = np.argwhere(~np.isfinite(values))
    if bad.size:
        at = tuple(bad[0].tolist())
        raise DataError(f"the {what} at position {at[0]} is {values[at]}, not a finite number: leave such rows out")


def _check_probabilities(scores: np.ndarray, exclusive: bool) -> None:
    wrong = ((scores < 0) | (scores > 1 + _SUM_TOLERANCE)).any(axis=1)
    if exclusive:
        wrong |= np.abs(scores.sum(axis=1, dtype=np.float64) - 1) > _SUM_TOLERANCE
    if wrong.any():
        at = int(wrong.argmax())
        remedy = "a softmax" if exclusive else "a sigmoid"
        raise DataError(f"the scores at position {at} are not probabilities: turn logits into them with {remedy}")


def _check_labels(labels: np.ndarray, classes: int) -> None:
    wrong = ~np.isin(labels, np.arange(classes))
    if wrong.any():
        at = tuple(np.argwhere(wrong)[0].tolist())
        raise DataError(
            f"the class {labels[at]} at position {at[0]} is not one of the {classes} known: 0..{classes - 1}"
        )
