"""Metrics of predicted numbers, for any number of resamples at once."""

from __future__ import annotations

import numpy as np

from .metrics_ranks import ratio, spearman

ROUNDING = 1e-12  # relative to the mean square: less variance than this is a constant truth seen through rounding


def value_metrics(truth: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return mae, rmse, r2 and spearman, each float64 (resamples,), from float (rows,) truth and scores.

    r2 and spearman are NaN where the truth is constant, for there is nothing to explain.
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
    }
