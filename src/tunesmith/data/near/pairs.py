"""Pairs of near rows, and what follows from them: groups, and the side of a split each row must stand on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Near rows by position, `first[i] < second[i]`: each pair once, in the order of first, then second.

    `first` and `second` are int64 arrays of shape (pairs,); `similarity` is a float32 array beside them in 0..1.
    """

    first: np.ndarray
    second: np.ndarray
    similarity: np.ndarray

    def __len__(self) -> int:
        return len(self.first)

    @classmethod
    def of(cls, first: np.ndarray, second: np.ndarray, similarity: np.ndarray) -> Pairs:
        """Sort pairs of either order and drop repeated ones, of which the greatest similarity is kept."""
        low, high = np.minimum(first, second).astype(np.int64), np.maximum(first, second).astype(np.int64)
        order = np.lexsort((-similarity, high, low))
        low, high, similarity = low[order], high[order], similarity[order].astype(np.float32)
        is_new = np.ones(len(low), bool)
        is_new[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
        is_new &= low != high
        return cls(low[is_new], high[is_new], similarity[is_new])

    @classmethod
    def none(cls) -> Pairs:
        """Return no pairs."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))

    @classmethod
    def join(cls, several: Sequence[Pairs]) -> Pairs:
        """Return the pairs of all, each once."""
        if not several:
            return cls.none()
        return cls.of(
            np.concatenate([one.first for one in several]),
            np.concatenate([one.second for one in several]),
            np.concatenate([one.similarity for one in several]),
        )

    def narrowed(self, similarity: np.ndarray, is_near: np.ndarray) -> Pairs:
        """Return the pairs that are near (bool) by a further measure too; the lesser similarity is kept."""
        return Pairs(self.first, self.second, np.minimum(self.similarity, similarity)).where(is_near)

    def where(self, mask: np.ndarray) -> Pairs:
        """Return the pairs where the mask (bool, one per pair) is true."""
        return Pairs(self.first[mask], self.second[mask], self.similarity[mask])


def packed(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return pairs of positions below 2^32 as one uint64 each, the smaller position in the upper half."""
    low, high = np.minimum(first, second).astype(np.uint64), np.maximum(first, second).astype(np.uint64)
    return (low << HALF) | high


def unpacked(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the two positions (int64) of packed pairs."""
    return (keys >> HALF).astype(np.int64), (keys & LOW).astype(np.int64)


def groups(pairs: Pairs, count: int) -> np.ndarray:
    """Return the connected component of each of `count` rows, int64: the smallest position in it.

    A row without a pair is its own group. Every round gives each end of a pair the lesser label of both and then
    follows labels to their end, so that rounds grow with the logarithm of the longest chain.
    """
    label = np.arange(count, dtype=np.int64)
    first, second = pairs.first, pairs.second
    while True:
        one, other = label[first], label[second]
        differ = one != other
        if not differ.any():
            return label
        first, second, one, other = first[differ], second[differ], one[differ], other[differ]
        np.minimum.at(label, np.maximum(one, other), np.minimum(one, other))
        while (shorter := label[label]).tobytes() != label.tobytes():
            label = shorter


def sides(own: np.ndarray, pairs: Pairs, aside: object = "aside") -> np.ndarray:
    """Return the side of each row so that no two near rows stand on different sides.

    `own` (any dtype, one per row, in the order in which the rows came) is where a row would stand by itself. A row
    that is near to an earlier row takes that row's side: the earliest wins, so that rows appended later never move
    one. A row near to earlier rows on two sides can stand on neither and gets `aside`, and so does a copy
    (similarity 1) of a row that was set aside; other near rows of such a row are free, for it is in no split.
    """
    order = np.lexsort((pairs.first, pairs.second))
    rows, places = np.unique(np.concatenate([pairs.first, pairs.second]), return_inverse=True)
    side = own[rows].tolist()
    earlier, later = places[: len(pairs)][order], places[len(pairs) :][order]
    is_copy = pairs.similarity[order] >= 1.0
    starts = np.flatnonzero(np.diff(later, prepend=-1))
    for start, stop in pairwise([*starts.tolist(), len(later)]):
        near = [side[one] for one in earlier[start:stop]]
        standing = {one for one in near if one != aside}
        repeats = any(one == aside and copy for one, copy in zip(near, is_copy[start:stop], strict=True))
        if repeats or len(standing) > 1:
            side[later[start]] = aside
        elif standing:
            side[later[start]] = standing.pop()
    done = own.astype(np.result_type(own.dtype, np.asarray(aside).dtype) if own.dtype != object else object)
    done[rows] = side
    return done
