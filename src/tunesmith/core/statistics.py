"""Bootstrap intervals and paired tests over any statistic that takes row weights; it knows no machine learning."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

Statistic = Callable[[np.ndarray], dict[str, np.ndarray]]

CHUNK = 4_000_000  # weights held at once (32 MB)
EXACT = 1000  # discordant pairs up to which McNemar's test is exact


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval; None where it is undefined."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The difference of two figures on the same rows, its interval, and the two-sided p-value of no difference."""

    difference: float
    low: float
    high: float
    p_value: float


def resample_weights(rows: int, resamples: int, generator: np.random.Generator) -> np.ndarray:
    """Return how often each row is drawn in each resample of `rows` draws, float64 (resamples, rows)."""
    weights = np.zeros((resamples, rows))
    for one in weights:
        one += np.bincount(generator.integers(0, rows, rows), minlength=rows)
    return weights


def interval(samples: np.ndarray, level: float = 0.95) -> tuple[float, float] | None:
    """Return the percentile interval of the finite samples, None where fewer than half are finite."""
    finite = samples[np.isfinite(samples)]
    if not len(samples) or len(finite) * 2 < len(samples):
        return None
    tail = (1 - level) / 2
    low, high = np.quantile(finite, [tail, 1 - tail])
    return float(low), float(high)


def intervals(
    statistic: Statistic, rows: int, generator: np.random.Generator, resamples: int = 1000
) -> dict[str, Estimate]:
    """Return every figure of a statistic with its 95 % bootstrap interval (Efron & Tibshirani 1993, section 13.3).

    `statistic` maps weights (resamples, rows) to figures (resamples,) by name, NaN where undefined. An interval is
    widened to hold the figure itself where resampling is biased against it.
    """
    values = {name: float(one[0]) for name, one in statistic(np.ones((1, rows))).items()}
    found: dict[str, list[np.ndarray]] = {name: [] for name in values}
    for weights in _chunks(rows, generator, resamples):
        for name, figures in statistic(weights).items():
            found[name].append(figures)
    return {name: _estimate(value, np.concatenate(found[name])) for name, value in values.items()}


def paired_difference(
    first: Callable[[np.ndarray], np.ndarray],
    second: Callable[[np.ndarray], np.ndarray],
    rows: int,
    generator: np.random.Generator,
    resamples: int = 1000,
) -> Comparison:
    """Return first minus second under the same resamples, with the two-sided bootstrap p-value.

    p = 2 min(share at or below 0, share at or above 0), each with one added above and below the line, so that it is
    never 0 (Davison & Hinkley 1997, section 4.2). Where the figures are equal in every resample, p is 1.
    """
    once = np.ones((1, rows))
    difference = float(first(once)[0] - second(once)[0])
    samples = np.concatenate([first(one) - second(one) for one in _chunks(rows, generator, resamples)])
    finite = samples[np.isfinite(samples)]
    below, above = int((finite <= 0).sum()), int((finite >= 0).sum())
    p_value = min(1.0, 2 * (min(below, above) + 1) / (len(finite) + 1))
    bounds = interval(samples) or (difference, difference)
    return Comparison(difference, min(bounds[0], difference), max(bounds[1], difference), p_value)


def mcnemar(first_right: np.ndarray, second_right: np.ndarray) -> float:
    """Return the two-sided p-value that two systems are right equally often (McNemar 1947).

    `first_right` and `second_right` are bool (rows,). Exact binomial up to 1,000 discordant rows, beyond that the
    chi-squared approximation with continuity correction.
    """
    only_first = int((first_right & ~second_right).sum())
    only_second = int((second_right & ~first_right).sum())
    discordant = only_first + only_second
    if discordant == 0:
        return 1.0
    if discordant > EXACT:
        statistic = (abs(only_first - only_second) - 1) ** 2 / discordant
        return math.erfc(math.sqrt(statistic / 2))
    fewer = min(only_first, only_second)
    tail = sum(math.comb(discordant, one) for one in range(fewer + 1)) / 2**discordant
    return min(1.0, 2 * tail)


def _chunks(rows: int, generator: np.random.Generator, resamples: int) -> Iterator[np.ndarray]:
    size = max(1, min(resamples, CHUNK // max(1, rows)))
    for start in range(0, resamples, size):
        yield resample_weights(rows, min(size, resamples - start), generator)


def _estimate(value: float, samples: np.ndarray) -> Estimate:
    if not math.isfinite(value):
        return Estimate(None, None, None)
    bounds = interval(samples)
    if bounds is None:
        return Estimate(value, None, None)
    return Estimate(value, min(bounds[0], value), max(bounds[1], value))
