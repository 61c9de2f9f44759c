"""How sure a figure is: bootstrap intervals and paired tests over any statistic of weighted rows.

A bootstrap resample is a row of weights: how often each row was drawn. Two statistics given the same weights
are measured on the same resamples, which is what makes their difference a paired one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeVar

import numpy as np

from .errors import DataError

FEWEST_GROUPS = 6  # of fewer, all differ to one side by mere chance once in 16 times or more: no interval is told
CHUNK_BYTES = 64 * 2**20  # weights held at a time: a million rows and a thousand resamples would be 8 GB at once

Name = TypeVar("Name", bound=Hashable)
Statistic = Callable[[np.ndarray], Mapping[Name, np.ndarray]]
"""From weights (resamples, rows) to named figures (resamples,), NaN where a figure is undefined."""
Units = int | np.ndarray
"""What is drawn: that many rows one by one, or whole groups, as the group of each row, int64 (rows,)."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its interval; `low` and `high` are None where too few resamples define it, all where none does."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """How much higher the first system's figure is than the second's, and the odds of that by chance."""

    difference: float | None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None


def resample_weights(rows: int, resamples: int, generator: np.random.Generator) -> np.ndarray:
    """Return how often each row is drawn in each resample, float64 (resamples, rows), each row summing to `rows`.

    Drawn one resample after another: asking for 3 and then 7 gives the same ten as asking for 10.
    Raises DataError without rows.
    """
    if rows < 1:
        raise DataError("there are no rows to resample: measure at least one labelled row")
    weights = np.empty((resamples, rows))
    for resample in weights:
        resample[:] = np.bincount(generator.integers(0, rows, rows), minlength=rows)
    return weights


def drawn_weights(units: Units, resamples: int, generator: np.random.Generator) -> np.ndarray:
    """Return the weight of each row in each resample, float64 (resamples, rows); rows of one group are drawn together.

    Rows of one group tell less than as many independent ones, so groups are what is drawn (Davison & Hinkley 1997,
    Bootstrap Methods and their Application, section 3.8). Raises DataError without rows.
    """
    if isinstance(units, int):
        return resample_weights(units, resamples, generator)
    names, owners = np.unique(units, return_inverse=True)
    return resample_weights(len(names), resamples, generator)[:, owners]


def interval(samples: np.ndarray, level: float = 0.95) -> tuple[float, float] | None:
    """Return the percentile interval of the finite samples, or None where fewer than half of them are finite.

    Raises ValueError where `level` is not in 0..1.
    """
    finite = samples[np.isfinite(samples)]
    if finite.size == 0 or 2 * finite.size < samples.size:
        return None
    low, high = np.quantile(finite, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def wilson(points: float, rows: int, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of a share of rows, `points` of them (a half counts for half a row).

    It is never empty, not even where all rows are alike. Source: Wilson 1927, doi:10.1080/01621459.1927.10502953.
    Raises DataError without rows.
    """
    if rows < 1:
        raise DataError("there are no rows to measure a share of: give at least one")
    width, share = NormalDist().inv_cdf((1 + level) / 2), points / rows
    scale = 1 + width**2 / rows
    middle = (share + width**2 / (2 * rows)) / scale
    reach = width * math.sqrt(share * (1 - share) / rows + width**2 / (4 * rows**2)) / scale
    return max(0.0, middle - reach), min(1.0, middle + reach)


def intervals(
    statistic: Statistic[Name],
    rows: Units,
    generator: np.random.Generator,
    resamples: int = 1000,
    level: float = 0.95,
) -> dict[Name, Estimate]:
    """Return each figure of a statistic on all rows, with its percentile bootstrap interval.

    There is none where rows stand in fewer than FEWEST_GROUPS groups.
    An interval is stretched to hold the figure itself where all but a few resamples lie to one side of it.
    Source: Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 13. Raises DataError without rows.
    """
    point, samples = _sampled(statistic, rows, generator, resamples)
    return {name: Estimate(*_stretched(value, samples[name], level)) for name, value in point.items()}


def paired_difference(
    first: Statistic[Name],
    second: Statistic[Name],
    rows: Units,
    generator: np.random.Generator,
    resamples: int = 1000,
    level: float = 0.95,
) -> dict[Name, Comparison]:
    """Return `first - second` for each figure both have, measured on the very same resamples of the rows.

    The p-value is two-sided: twice the smaller share of resamples in which the difference is not above, or not
    below, zero. One imagined resample on each side keeps it above zero; its least value is 2 / (resamples + 1).
    The interval is stretched as in `intervals`. Raises DataError without rows.
    """

    def difference(weights: np.ndarray) -> dict[Name, np.ndarray]:
        one, other = first(weights), second(weights)
        return {name: one[name] - other[name] for name in one if name in other}

    point, samples = _sampled(difference, rows, generator, resamples)
    found = {}
    for name, value in point.items():
        shown, low, high = _stretched(value, samples[name], level)
        found[name] = Comparison(shown, low, high, None if low is None else _two_sided(samples[name]))
    return found


def _sampled(
    statistic: Statistic[Name], units: Units, generator: np.random.Generator, resamples: int
) -> tuple[dict[Name, float], dict[Name, np.ndarray]]:
    rows = units if isinstance(units, int) else len(units)
    are_few = not isinstance(units, int) and 0 < len(np.unique(units)) < FEWEST_GROUPS
    parts = [statistic(weights) for weights in _chunks(units, rows, generator, 0 if are_few else resamples)]
    point = {name: float(values[0]) for name, values in statistic(np.ones((1, rows))).items()}
    return point, {name: np.concatenate([np.empty(0), *(part[name] for part in parts)]) for name in point}


def _chunks(units: Units, rows: int, generator: np.random.Generator, resamples: int) -> Iterator[np.ndarray]:
    size = max(1, CHUNK_BYTES // (8 * max(rows, 1)))
    for start in range(0, resamples, size):
        yield drawn_weights(units, min(size, resamples - start), generator)


def _stretched(value: float, samples: np.ndarray, level: float) -> tuple[float | None, float | None, float | None]:
    if not math.isfinite(value):
        return None, None, None
    found = interval(samples, level)
    return (value, None, None) if found is None else (value, min(found[0], value), max(found[1], value))


def _two_sided(samples: np.ndarray) -> float:
    finite = samples[np.isfinite(samples)]
    smaller = min(int((finite <= 0).sum()), int((finite >= 0).sum()))
    return min(1.0, 2 * (smaller + 1) / (finite.size + 1))
