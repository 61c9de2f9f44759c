"""Metrics of classes in an order, for any number of resamples at once: how far an answer is from the truth."""

from __future__ import annotations

import numpy as np

from .metrics_ranks import ratio


def ordinal_metrics(truth: np.ndarray, answers: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return mae, within_one and quadratic_kappa, float64 (resamples,), of class numbers int64 (rows,) in their order.

    `mae` counts classes between answer and truth. `quadratic_kappa` is 1 less the mean squared distance over that
    of answers drawn without regard to the truth (Cohen 1968, doi:10.1037/h0026256, with squared distances as
    disagreement): 1 where all are right, 0 as good as chance, NaN where truth and answers are one and the same class.
    """
    one, other = truth.astype(np.float64), answers.astype(np.float64)
    distance = np.abs(one - other)
    columns = np.column_stack([distance, distance <= 1, distance**2, one, other, one**2, other**2])
    means = ratio(weights @ columns, weights.sum(axis=1)[:, None])
    absolute, near, squared, first, second, first_square, second_square = means.T
    by_chance = first_square + second_square - 2 * first * second
    return {"mae": absolute, "within_one": near, "quadratic_kappa": 1 - ratio(squared, by_chance)}
