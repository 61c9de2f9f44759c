"""How odd a row is: numbers that do not go together, and texts of unusual characters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from ...core.need import lazy

if TYPE_CHECKING:
    import scipy.special as special
else:
    special = lazy("scipy.special")

LETTERS = 500  # of a text that are looked at
CHUNK = 50_000  # texts at a time: 100 MB of letters
PRIOR = 20.0  # letters of usual surprise that every text is given, so that a short one is not odd for one letter
SHRUNK = 1e-3  # the least that correlations are shrunk: columns that are copies of each other have an inverse too
TRIMMED = 0.95  # share of the rows, the least odd, that the correlations are measured on the second time


def together(columns: np.ndarray) -> np.ndarray:
    """Return the Mahalanobis distance of each row of numbers, float64 (rows, columns) with NaN: float64 (rows,).

    Every column is brought to normal scores by its ranks, so that a heavy tail alone is not odd, and a missing value
    to their mean. The correlations are shrunk towards none (Schäfer and Strimmer 2005, table 1) and measured again
    without the oddest rows.
    """
    scores = np.stack([_normal_scores(column) for column in columns.T], axis=1)
    distances = _mahalanobis(scores, scores)
    usual = distances <= np.quantile(distances, TRIMMED)
    return np.sqrt(_mahalanobis(scores, scores[usual]))


def _normal_scores(column: np.ndarray) -> np.ndarray:
    known = np.isfinite(column)
    ranks = pl.Series(column[known]).rank().to_numpy()
    scores = np.zeros(len(column))
    scores[known] = special.ndtri((ranks - 0.5) / max(len(ranks), 1))
    return scores


def _mahalanobis(rows: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Return the squared distances of normal scores from nought, by the shrunken correlations of the usual ones."""
    count = len(usual)
    usual = usual - usual.mean(axis=0)
    usual = usual / np.maximum(usual.std(axis=0), np.finfo(float).eps)
    correlation = usual.T @ usual / count
    apart = ~np.eye(len(correlation), dtype=bool)
    noise = ((usual**2).T @ (usual**2) / count - correlation**2) / max(count - 1, 1)
    strength = float((correlation[apart] ** 2).sum())
    share = min(1.0, max(SHRUNK, float(noise[apart].sum()) / strength)) if strength > 0 else 1.0
    correlation[apart] *= 1 - share
    return np.einsum("rc,rc->r", rows @ np.linalg.inv(correlation), rows)


def surprise(texts: pl.Series) -> np.ndarray:
    """Return the mean surprise of each text's letters, in nats, float64 (rows,); NaN where there is no letter.

    The surprise of a letter is -log of its share of all letters: texts in another script, in base64 or of a broken
    encoding have much of it.
    """
    texts = texts.fill_null("").str.slice(0, LETTERS)
    counts = np.zeros(0x110000, np.int64)
    for _, letters in _chunks(texts):
        counts += np.bincount(letters, minlength=len(counts))
    nats = -np.log((counts + 1) / (counts.sum() + (counts > 0).sum() + 1))
    usual = float(nats @ counts) / max(counts.sum(), 1)
    means = [_means(nats[letters], lengths, usual) for lengths, letters in _chunks(texts)]
    return np.concatenate(means) if means else np.zeros(0)


def _chunks(texts: pl.Series) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the lengths of so many texts, int64 (texts,), and all their letters as code points, uint32."""
    for part in texts.to_frame().iter_slices(CHUNK):
        some = part.to_series()
        letters = np.frombuffer("".join(some.to_list()).encode("utf-32-le"), np.uint32)
        yield some.str.len_chars().to_numpy().astype(np.int64), letters


def _means(nats: np.ndarray, lengths: np.ndarray, usual: float) -> np.ndarray:
    ends = np.cumsum(lengths)
    running = np.concatenate([[0.0], np.cumsum(nats)])
    sums = running[ends] - running[ends - lengths]
    return np.where(lengths > 0, (sums + PRIOR * usual) / (lengths + PRIOR), np.nan)
