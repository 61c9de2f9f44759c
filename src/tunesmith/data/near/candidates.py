"""Rows worth comparing: those that share a key, so few of them that a key shared by everybody costs little."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from ..parallel import in_threads
from .pairs import packed

NEIGHBOURS = 8
"""In a bucket (rows of one key), each row is linked to as many before it: all pairs of a bucket of up to 9 rows."""
LARGE = 64
LINKS = 3
"""In a bucket of more than LARGE rows (boilerplate), rows are first put in the order of a further key, so that rows
that are alike in that too stand side by side; then each is linked to LINKS before it and to the first of the bucket."""

ENOUGH = 1 << 20  # pairs before repeated ones are looked for
Filter = Callable[[np.ndarray, np.ndarray], np.ndarray]


def candidates(keys: Iterable[tuple[np.ndarray, np.ndarray]], agree: Filter) -> np.ndarray:
    """Return pairs of rows that share a key, packed (uint64), sorted, each once.

    Each of `keys` is the keys of all rows (uint32) and the further keys for large buckets (uint32). `agree(first,
    second)` says which pairs are worth keeping: it is asked key by key, so that few are held at a time.
    """

    def agreeing(one: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        first, second = linked(*one)
        good = agree(first, second)
        return packed(first[good], second[good])

    found, recent = np.empty(0, np.uint64), [np.empty(0, np.uint64)]
    for pairs in in_threads(agreeing, keys, ahead=1):
        recent.append(pairs)
        if sum(map(len, recent)) > max(len(found), ENOUGH):
            found, recent = np.unique(np.concatenate([found, *recent])), []
    return np.unique(np.concatenate([found, *recent]))


def linked(key: np.ndarray, further: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return links (int64, int64) between rows of equal key; at most NEIGHBOURS or LINKS + 1 for each row."""
    rows, starts, sizes = buckets(key)
    is_large = sizes > LARGE
    pairs = list(neighbours(rows, starts[~is_large], sizes[~is_large], NEIGHBOURS))
    for start, size in zip(starts[is_large], sizes[is_large], strict=True):
        pairs += _of_large(rows[start : start + size], further)
    none = np.empty(0, np.int64)
    return np.concatenate([none, *(one for one, _ in pairs)]), np.concatenate([none, *(other for _, other in pairs)])


def buckets(key: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows (int64) in the order of their key (uint32), and start and size of each bucket of two or more."""
    order = np.sort((key.astype(np.uint64) << np.uint64(32)) | np.arange(len(key), dtype=np.uint64))
    changes = np.flatnonzero((order[1:] ^ order[:-1]) >> np.uint64(32)) + 1
    starts = np.concatenate([np.zeros(min(1, len(key)), np.int64), changes])
    sizes = np.diff(starts, append=len(key))
    return (order & np.uint64(0xFFFFFFFF)).astype(np.int64), starts[sizes > 1], sizes[sizes > 1]


def neighbours(
    rows: np.ndarray, starts: np.ndarray, sizes: np.ndarray, reach: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield, for each distance from 1 to `reach`, the rows of each bucket with those at that distance behind them."""
    for distance in range(1, reach + 1):
        long = sizes > distance
        starts, sizes = starts[long], sizes[long]
        if not len(starts):
            return
        lengths = sizes - distance
        before = np.cumsum(lengths) - lengths
        at = np.repeat(starts - before, lengths) + np.arange(lengths.sum())
        yield rows[at], rows[at + distance]


def _of_large(rows: np.ndarray, further: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    yield np.full(len(rows) - 1, rows[0]), rows[1:]
    rows = rows[np.argsort(further[rows], kind="stable")]
    yield from neighbours(rows, np.zeros(1, np.int64), np.array([len(rows)]), LINKS)
