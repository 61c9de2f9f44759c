"""Whether two samples are of one kind: how far apart they are, and how likely that is by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from ...core.need import lazy
from ...core.seed import derive, stream

if TYPE_CHECKING:
    import scipy.stats as stats
else:
    stats = lazy("scipy.stats")
sparse = lazy("scipy.sparse")
linear_model = lazy("sklearn.linear_model")
ensemble = lazy("sklearn.ensemble")
feature_text = lazy("sklearn.feature_extraction.text")

EXPECTED = 5  # rows that a category must lead one to expect in each sample; rarer ones are counted together
FOLDS = 3
FEATURES = 2**16
LETTERS = 2_000  # of a text that are read


@dataclass(frozen=True, slots=True)
class Apart:
    """How far two samples are apart, 0..1, by a measure of that name, and the odds of that by chance.

    `foreign`, where a classifier told the samples apart, is the probability it gives each row to be of the second,
    float64 (rows,), out of fold.
    """

    measure: str
    effect: float
    chance: float
    foreign: np.ndarray | None = None


def numbers(first: np.ndarray, second: np.ndarray) -> Apart:
    """Return the Kolmogorov-Smirnov distance of float64 samples and its asymptotic odds; missing is below all else."""
    first, second = (np.sort(np.where(np.isnan(one), -np.inf, one)) for one in (first, second))
    every = np.concatenate([first, second])
    below = [np.searchsorted(one, every, side="right") / len(one) for one in (first, second)]
    distance = float(np.abs(below[0] - below[1]).max())
    size = len(first) * len(second) / len(every)
    return Apart("Kolmogorov-Smirnov distance", distance, float(stats.kstwobign.sf(distance * np.sqrt(size))))


def categories(first: pl.Series, second: pl.Series) -> Apart:
    """Return the Jensen-Shannon distance (base 2) of the values' shares and the odds of a chi-square test.

    Values of few rows are counted together, or their number alone would look like distance.
    """
    counts = _counts(first).join(_counts(second), on="value", how="full", coalesce=True, nulls_equal=True)
    table = counts.select("len", "len_right").fill_null(0).to_numpy().astype(np.float64)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    is_rare = (expected < EXPECTED).any(axis=1)
    table = np.concatenate([table[~is_rare], table[is_rare].sum(axis=0, keepdims=True)])
    table = table[table.sum(axis=1) > 0]
    if len(table) < 2:
        return Apart("Jensen-Shannon distance", 0.0, 1.0)
    shares = table / table.sum(axis=0)
    middle = shares.mean(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        divergence = np.nansum(shares * np.log2(shares / middle)) / 2
    chance = float(stats.chi2_contingency(table, correction=False).pvalue)
    return Apart("Jensen-Shannon distance", float(np.sqrt(max(divergence, 0.0))), chance)


def _counts(values: pl.Series) -> pl.DataFrame:
    return values.cast(pl.String).alias("value").to_frame().group_by("value").len()


def texts(columns: Sequence[pl.Series], is_second: np.ndarray) -> Apart:
    """Return how well a linear classifier of hashed words tells samples of texts apart (see `classified`)."""
    words = feature_text.HashingVectorizer(n_features=FEATURES, norm="l2", alternate_sign=False)
    matrix = sparse.hstack([words.transform(one.fill_null("").str.slice(0, LETTERS).to_list()) for one in columns])
    return classified(matrix.tocsr(), is_second, linear_model.LogisticRegression(C=3.0, max_iter=100, tol=1e-2))


def columns(frame: pl.DataFrame, is_second: np.ndarray) -> Apart:
    """Return how well boosted trees tell samples of numbers and categories apart together (see `classified`)."""
    ranks = [column.cast(pl.Float64) if column.dtype.is_numeric() else _codes(column) for column in frame]
    matrix = pl.DataFrame(ranks).cast(pl.Float64).to_numpy()
    matrix = np.where(np.isinf(matrix), np.nan, matrix)
    trees = ensemble.HistGradientBoostingClassifier(
        max_iter=30, max_leaf_nodes=8, max_bins=32, early_stopping=False, random_state=derive(0, "drift") % 2**31
    )
    return classified(matrix, is_second, trees)


def _codes(column: pl.Series) -> pl.Series:
    return column.cast(pl.String).rank("dense")


def classified(matrix: Any, is_second: np.ndarray, model: Any) -> Apart:
    """Return 2 x AUC - 1, at least 0, of a classifier out of fold, and the odds of that AUC by chance.

    The classifier two-sample test (Lopez-Paz and Oquab 2017, "Revisiting classifier two-sample tests"), by the AUC as
    the samples differ in size; its odds are those of the Mann-Whitney U test.
    """
    fold = stream(0, "drift", "folds").permutation(len(is_second)) % FOLDS
    foreign = np.full(len(is_second), 0.5)
    weights = np.where(is_second, 0.5 / is_second.mean(), 0.5 / (1 - is_second.mean()))
    for one in range(FOLDS):
        if 0 < is_second[fold != one].sum() < (fold != one).sum():
            fitted = model.fit(matrix[fold != one], is_second[fold != one], sample_weight=weights[fold != one])
            foreign[fold == one] = fitted.predict_proba(matrix[fold == one])[:, 1]
    test = stats.mannwhitneyu(foreign[is_second], foreign[~is_second], alternative="greater", method="asymptotic")
    area = float(test.statistic) / (is_second.sum() * (~is_second).sum())
    return Apart(
        "2 x AUC - 1 of a classifier", max(0.0, 2 * area - 1), float(np.nan_to_num(test.pvalue, nan=1.0)), foreign
    )


def adjusted(chances: Sequence[float]) -> np.ndarray:
    """Return the odds adjusted for the number of questions (Benjamini and Hochberg 1995), float64 (questions,)."""
    odds = np.asarray(chances, np.float64)
    order = np.argsort(odds)[::-1]
    ranks = np.arange(len(odds), 0, -1)
    done = np.empty(len(odds))
    done[order] = np.minimum.accumulate(odds[order] * len(odds) / ranks)
    return np.minimum(done, 1.0)
