"""Metrics of predicted classes, one or several a row, for any number of resamples at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .metrics_ranks import Areas, areas, ratio

BINS = 15  # of confidence, as in Guo et al. 2017
THRESHOLD = 0.5  # a row of a multilabel task has every class whose probability reaches it


@dataclass(frozen=True, slots=True)
class Given:
    """What classes are measured from.

    `truth` and `answers` are int64 (rows,) where a row has one class, else bool (rows, classes); `scores` are
    probabilities (rows, classes), `weights` float64 (resamples, rows).
    """

    truth: np.ndarray
    scores: np.ndarray
    answers: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True, slots=True)
class Counts:
    """The weight of rows per resample and class, float64 (resamples, classes) each.

    `actual` rows have the class, `answered` rows were given it, `right` rows both.
    """

    actual: np.ndarray
    answered: np.ndarray
    right: np.ndarray

    @classmethod
    def of_labels(cls, truth: np.ndarray, answers: np.ndarray, classes: int, weights: np.ndarray) -> Counts:
        """Count from one class index a row, int64 (rows,)."""
        every, right = np.arange(truth.size), np.flatnonzero(truth == answers)
        return cls(*(_sums(weights, *pair, classes) for pair in ((truth, every), (answers, every), (truth, right))))

    @classmethod
    def of_cells(cls, truth: np.ndarray, answers: np.ndarray, weights: np.ndarray) -> Counts:
        """Count from a yes or no per class, bool (rows, classes)."""
        return cls(*(weights @ cells.astype(np.float64) for cells in (truth, answers, truth & answers)))

    def rates(self, undefined: float = np.nan) -> dict[str, np.ndarray]:
        """Return precision, recall and f1 per resample and class, `undefined` where there is nothing to divide by."""
        return {
            "precision": ratio(self.right, self.answered, undefined),
            "recall": ratio(self.right, self.actual, undefined),
            "f1": ratio(2 * self.right, self.actual + self.answered, undefined),
        }

    def macro(self, present: np.ndarray, total: np.ndarray) -> dict[str, np.ndarray]:
        """Return the means of the rates over the `present` classes, NaN where the `total` weight is zero.

        A class that a resample neither holds nor answers is left out of that resample's mean, as scikit-learn
        would on the drawn rows; a rate that is undefined otherwise counts as 0.
        """
        number = ((self.actual + self.answered)[:, present] > 0).sum(axis=1)
        return {
            f"{name}_macro": np.where(total > 0, ratio(values[:, present].sum(axis=1), number), np.nan)
            for name, values in self.rates(undefined=0.0).items()
        }


def answers_of(scores: np.ndarray, several: bool) -> np.ndarray:
    """Return the likeliest class, int64 (rows,), or where a row may have several, bool (rows, classes)."""
    return scores >= THRESHOLD if several else scores.argmax(axis=1)


RANKED = frozenset({"roc_auc", "pr_auc"})  # the costly ones: a sort and a sum over all resamples for each class


def class_metrics(given: Given, only: str | None = None) -> dict[str, np.ndarray]:
    """Return every metric of one class a row, without those of ranks where `only` another one is wanted."""
    truth, scores, answers, weights = given.truth, given.scores, given.answers, given.weights
    total, classes = weights.sum(axis=1), scores.shape[1]
    counts = Counts.of_labels(truth, answers, classes, weights)
    ranked = {}
    if only is None or only in RANKED:
        ranks = {at: areas(truth == at, scores[:, at], weights) for at in np.unique(truth).tolist()}
        second = [one for at, one in ranks.items() if classes > 2 or at == 1]
        ranked = _mean_areas(second, list(ranks.values()), len(weights))
    return {
        "accuracy": ratio(counts.right.sum(axis=1), total),
        "balanced_accuracy": _defined_mean(counts.rates()["recall"]),
        **counts.macro(np.union1d(truth, answers), total),
        **ranked,
        "log_loss": ratio(weights @ _label_losses(truth, scores), total),
        "calibration_error": _calibration_error(given),
    }


def multilabel_metrics(given: Given, only: str | None = None) -> dict[str, np.ndarray]:
    """Return every metric of several classes a row, without those of ranks where `only` another one is wanted."""
    truth, scores, answers, weights = given.truth, given.scores, given.answers, given.weights
    total = weights.sum(axis=1)
    counts = Counts.of_cells(truth, answers, weights)
    present = np.flatnonzero(truth.any(axis=0) | answers.any(axis=0))
    pooled = [count.sum(axis=1) for count in (counts.right, counts.actual, counts.answered)]
    exact = (truth == answers).all(axis=1)
    ranked = {}
    if only is None or only in RANKED:
        ranks = [areas(truth[:, at], scores[:, at], weights) for at in np.flatnonzero(truth.any(axis=0))]
        ranked = _mean_areas(ranks, ranks, len(weights))
    return {
        "subset_accuracy": ratio(weights @ exact.astype(np.float64), total),
        "f1_micro": np.where(total > 0, ratio(2 * pooled[0], pooled[1] + pooled[2], undefined=0.0), np.nan),
        **counts.macro(present, total),
        **ranked,
        "log_loss": ratio(weights @ _cell_losses(truth, scores), total),
        "calibration_error": _calibration_error(given),
    }


def confidence_bins(given: Given) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the confidence, whether it was right, and the bin of each answer, all (rows, answers a row).

    The confidence is the probability of the answer that was given. A multilabel row has an answer per class, whose
    confidence is that of the yes or the no. Bin i holds the confidences in (i / 15, (i + 1) / 15].
    """
    truth, scores, answers = given.truth, given.scores, given.answers
    if truth.ndim == 2:
        right, chosen = answers == truth, np.where(answers, scores, 1 - scores)
    else:
        right, chosen = (answers == truth)[:, None], np.take_along_axis(scores, answers[:, None], axis=1)
    confidence = np.minimum(chosen.astype(np.float64), 1)
    return confidence, right, np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], confidence, side="left")


def _sums(weights: np.ndarray, labels: np.ndarray, rows: np.ndarray, classes: int) -> np.ndarray:
    """Return the weight of `rows` per label; its cost does not grow with the number of classes."""
    order = rows[np.argsort(labels[rows], kind="stable")]
    present, starts = np.unique(labels[order], return_index=True)
    sums = np.zeros((len(weights), classes))
    if present.size:
        sums[:, present] = np.add.reduceat(weights[:, order], starts, axis=1)
    return sums


def _defined_mean(values: np.ndarray) -> np.ndarray:
    defined = ~np.isnan(values)
    return ratio(np.where(defined, values, 0).sum(axis=1), defined.sum(axis=1))


def _mean_areas(roc: list[Areas], precise: list[Areas], resamples: int) -> dict[str, np.ndarray]:
    """Return the means over the classes that a resample can rank; NaN where it can rank none."""
    none = np.full(resamples, np.nan)
    columns = {"roc_auc": [one.roc for one in roc], "pr_auc": [one.precision_recall for one in precise]}
    return {name: _defined_mean(np.stack([none, *found], axis=1)) for name, found in columns.items()}


def _label_losses(truth: np.ndarray, scores: np.ndarray) -> np.ndarray:
    given = scores[np.arange(len(truth)), truth].astype(np.float64) / scores.sum(axis=1, dtype=np.float64)
    return _negative_log(given, scores.dtype)


def _cell_losses(truth: np.ndarray, scores: np.ndarray) -> np.ndarray:
    exact = scores.astype(np.float64)
    return _negative_log(np.where(truth, exact, 1 - exact), scores.dtype).mean(axis=1)


def _negative_log(probabilities: np.ndarray, precision: np.dtype) -> np.ndarray:
    # As scikit-learn clips: a certain mistake costs what the scores' own precision can tell from certainty.
    epsilon = float(np.finfo(precision).eps)
    return -np.log(np.clip(probabilities, epsilon, 1 - epsilon))


def _calibration_error(given: Given) -> np.ndarray:
    """Return the mean gap of confidence and accuracy, weighted by bin. Source: Guo et al. 2017, arXiv:1706.04599."""
    weights = given.weights
    confidence, right, bins = confidence_bins(given)
    rows, answers = confidence.shape
    cells = (np.arange(rows)[:, None] * BINS + bins).ravel()
    gaps = np.bincount(cells, (right - confidence).ravel(), minlength=rows * BINS).reshape(rows, BINS)
    return ratio(np.abs(weights @ gaps).sum(axis=1), weights.sum(axis=1) * answers)
