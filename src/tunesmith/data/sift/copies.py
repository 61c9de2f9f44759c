"""Rows of equal hash: the first of them, and which of them a row is."""

from __future__ import annotations

import numpy as np


def first_equal(hashes: np.ndarray) -> np.ndarray:
    """Return for each row the position (int64) of the first row of its hash (uint64)."""
    order, starts, sizes = _runs(hashes)
    found = np.empty(len(hashes), np.int64)
    found[order] = np.repeat(order[starts], sizes)
    return found


def occurrences(hashes: np.ndarray) -> np.ndarray:
    """Return for each row how many rows up to and with it have its hash, int64: 1 for the first of them."""
    order, starts, sizes = _runs(hashes)
    found = np.empty(len(hashes), np.int64)
    found[order] = np.arange(1, len(hashes) + 1) - np.repeat(starts, sizes)
    return found


def _runs(hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows in the order of hash, then position; where in it each hash begins; how many rows each has."""
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    starts = np.concatenate([np.zeros(min(1, len(hashes)), np.int64), np.flatnonzero(ordered[1:] != ordered[:-1]) + 1])
    return order, starts, np.diff(starts, append=len(hashes))
