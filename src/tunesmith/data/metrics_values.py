"""Metrics of predicted numbers, for any number of resamples at once."""

from __future__ import annotations

import numpy as np

from .metrics_ranks import ratio, spearman

ROUNDING = 1e-12  # relative to the mean square: less variance than this is a constant truth seen through rounding


def value_metrics(truth: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return mae, rmse, r2, spearman and pearson, each float64 (resamples,), from float (rows,) truth and scores.

    r2 and both correlations are NaN where the truth is constant, for there is nothing to explain; the correlations
    are so where the scores are, too.
    """
    errors = scores - truth
    centred = truth - truth.mean() if truth.size else truth
    columns = np.column_stack([np.abs(errors), errors**2, centred, centred**2])
    total = weights.sum(axis=1)
    absolute, squared, mean, mean_square = ratio(weights @ columns, total[:, None]).T
    variance = mean_square - mean**2
    variance = np.where(variance > ROUNDING * mean_square, variance, 0)
    return {
        "mae": absolute,
        "rmse": np.sqrt(squared),
        "r2": 1 - ratio(squared, variance),
        "spearman": spearman(truth, scores, weights),
        "pearson": _pearson(truth, scores, weights, total),
    }


def _pearson(truth: np.ndarray, scores: np.ndarray, weights: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return the linear correlation of weighted rows, NaN where either side is constant."""
    one, other = (side - side.mean() if side.size else side for side in (truth, scores))
    columns = np.column_stack([one, other, one**2, other**2, one * other])
    first, second, first_square, second_square, product = ratio(weights @ columns, total[:, None]).T
    variances = [
        np.where(square - mean**2 > ROUNDING * square, square - mean**2, 0)
        for mean, square in ((first, first_square), (second, second_square))
    ]
    return np.clip(ratio(product - first * second, np.sqrt(variances[0]) * np.sqrt(variances[1])), -1, 1)
