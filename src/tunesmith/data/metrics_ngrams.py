"""How many n-grams two sequences share, for many rows at once: what chrF and BLEU are made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

BLOCK = 1 << 20  # tokens that are counted at once, to bound the memory
LIMIT = 1 << 62  # of the integers that stand for n-grams


def ngram_counts(said: Sequence[np.ndarray], true: Sequence[np.ndarray], orders: int) -> np.ndarray:
    """Return how many n-grams each row says, how many are true, and how many are both, int64 (rows, orders, 3).

    Tokens are integers from 0 on, one array (tokens,) per row. An n-gram that occurs k times on one side and m times
    on the other counts min(k, m) times as both. n runs from 1 to `orders`.
    """
    if not len(said):
        return np.zeros((0, orders, 3), np.int64)
    sizes = [len(one) + len(other) for one, other in zip(said, true, strict=True)]
    cuts = (np.flatnonzero(np.diff(np.cumsum(sizes) // BLOCK)) + 1).tolist()
    pieces = zip([0, *cuts], [*cuts, len(said)], strict=True)
    return np.concatenate([_counted(said[start:end], true[start:end], orders) for start, end in pieces])


def _counted(said: Sequence[np.ndarray], true: Sequence[np.ndarray], orders: int) -> np.ndarray:
    """Count the n-grams of a block: each is an integer whose digits are its row and, in order, its tokens."""
    rows, lengths = len(said), np.array([*map(len, said), *map(len, true)], np.int64)
    tokens, kinds = _dense(np.concatenate([*said, *true]).astype(np.int64))
    left = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(tokens))  # how many tokens there are to the end
    starts, grams, bound = np.arange(len(tokens)), np.repeat(np.tile(np.arange(rows), 2), lengths), rows
    counts = np.empty((rows, orders, 3), np.int64)
    for order in range(1, orders + 1):
        fits = left[starts] >= order
        starts, grams = starts[fits], grams[fits]
        if bound > LIMIT // kinds:
            known, grams = np.unique(grams, return_inverse=True)
            bound = len(known)
        grams, bound = grams * kinds + tokens[starts + order - 1], bound * kinds
        sides = np.maximum(lengths - order + 1, 0).reshape(2, rows)
        middle = int(sides[0].sum())
        counts[:, order - 1, :2] = sides.T
        counts[:, order - 1, 2] = _shared(np.sort(grams[:middle]), np.sort(grams[middle:]), sides[0])
    return counts


def _shared(said: np.ndarray, true: np.ndarray, in_rows: np.ndarray) -> np.ndarray:
    """Return how many of the sorted n-grams of each row are matched, int64 (rows,); `in_rows` counts those said.

    The k-th of equal ones has a match where there are k of them on the other side.
    """
    rank = np.arange(len(said)) - np.searchsorted(said, said)
    matches = np.searchsorted(true, said, "right") - np.searchsorted(true, said)
    owners = np.repeat(np.arange(len(in_rows)), in_rows)
    return np.bincount(owners[rank < matches], minlength=len(in_rows))


def _dense(tokens: np.ndarray) -> tuple[np.ndarray, int]:
    """Return tokens numbered from 0 without gaps, and how many kinds there are, one at least."""
    occurs = np.bincount(tokens) > 0
    return (np.cumsum(occurs) - 1)[tokens], max(int(occurs.sum()), 1)
