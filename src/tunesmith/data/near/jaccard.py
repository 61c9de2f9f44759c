"""Exact Jaccard similarity of pairs of texts, by their sets of shingles."""

from __future__ import annotations

import numpy as np
import polars as pl

from ..parallel import in_threads
from .progress import Told, counted, unheard
from .shingles import blocks, shingled

PAIRS = 1 << 12  # compared at a time
_SHIFT = np.uint64(32)


def jaccard(texts: pl.Series, first: np.ndarray, second: np.ndarray, told: Told = unheard) -> np.ndarray:
    """Return |A and B| / |A or B| of the shingle sets of two rows each, float32 (pairs,).

    `texts` are normalised; `first` and `second` are positions in it, int64. Sets are compared by 32-bit hashes: for
    texts of a thousand characters, odds of one in two thousand that one shingle of one pair is taken for another.
    """

    def part(start: int) -> np.ndarray:
        one, other = first[start : start + PAIRS], second[start : start + PAIRS]
        needed, places = np.unique(np.concatenate([one, other]), return_inverse=True)
        return _of_sets(*_sets(texts.gather(needed)), places[: len(one)], places[len(one) :])

    starts = range(0, len(first), PAIRS)
    return np.concatenate([np.empty(0, np.float32), *counted(in_threads(part, starts), len(starts), told)])


def _sets(texts: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return each row's distinct hashes (uint32), sorted, and where each row begins (one more than rows)."""
    hashes, sizes = [np.empty(0, np.uint32)], [np.zeros(1, np.int64)]
    for block in blocks(texts):
        shingles = shingled(block)
        row = np.repeat(np.arange(len(shingles), dtype=np.uint64), shingles.counts())
        distinct = np.unique((row << _SHIFT) | shingles.hashes)
        hashes.append(distinct.astype(np.uint32))
        sizes.append(np.bincount((distinct >> _SHIFT).astype(np.int64), minlength=len(shingles)))
    return np.concatenate(hashes), np.cumsum(np.concatenate(sizes))


def _of_sets(hashes: np.ndarray, starts: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    sizes = np.diff(starts)
    both = np.concatenate([first, second])
    lengths = sizes[both]
    before = np.cumsum(lengths) - lengths
    at = np.repeat(starts[:-1][both] - before, lengths) + np.arange(lengths.sum())
    pair = np.repeat(np.tile(np.arange(len(first), dtype=np.uint64), 2), lengths)
    members = np.sort((pair << _SHIFT) | hashes[at])
    shared = members[1:][members[1:] == members[:-1]]
    common = np.bincount((shared >> _SHIFT).astype(np.int64), minlength=len(first))
    return (common / (sizes[first] + sizes[second] - common)).astype(np.float32)
