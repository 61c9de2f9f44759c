"""MinHash sketches of texts (Broder 1997, "On the resemblance and containment of documents")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl

from ..parallel import in_threads
from .shingles import Block, blocks, shingled

PARTS, ROWS = 9, 3
"""A sketch has PARTS x ROWS least hashes. Two texts share a key where any two parts are equal, so that 27 hashes make
36 keys of six (Andoni and Indyk 2006, "Efficient algorithms for substring near neighbor problem", section 3.1, reuse
hashes so). With q = s^ROWS, texts of Jaccard similarity s share one with odds 1 - (1 - q)^9 - 9 q (1 - q)^8: 0.984 at
0.8, 0.998 at 0.85; one in thirty thousand at 0.1."""
AGREEING = 15
"""Of the 27 bytes of two sketches, as many must be equal. Texts that share a key have six equal for certain and each
other one with odds s + (1 - s) / 256: of near ones (0.8), one pair in a hundred thousand is lost."""
_random = np.random.default_rng(0x5EED)
_FACTORS = _random.integers(0, 1 << 32, PARTS * ROWS, dtype=np.uint32) | np.uint32(1)
_MIXERS = _random.integers(0, 1 << 32, (ROWS, 1), dtype=np.uint32) | np.uint32(1)
_PRIMES = np.array([0x85EBCA6B, 0xC2B2AE35], np.uint32)


@dataclass(frozen=True, slots=True)
class Sketches:
    """`parts`: PARTS arrays of uint32 (rows,), hashes of ROWS least hashes; `marks` uint8 (rows, PARTS x ROWS), bytes.

    Two marks are equal with odds s + (1 - s) / 256, so that many equal marks tell near rows from rows that share a key
    by chance.
    """

    parts: list[np.ndarray]
    marks: np.ndarray

    @classmethod
    def empty(cls, rows: int) -> Sketches:
        """Return sketches to be filled in."""
        return cls([np.empty(rows, np.uint32) for _ in range(PARTS)], np.empty((rows, PARTS * ROWS), np.uint8))

    def of(self, rows: np.ndarray) -> Sketches:
        """Return the sketches of these rows (int64) alone."""
        return Sketches([part[rows] for part in self.parts], self.marks[rows])

    def fill(self, start: int, texts: pl.Series) -> None:
        """Write the sketches of normalised texts down, from row `start` on."""
        for at, parts, marks in in_threads(_sketch, blocks(texts)):
            rows = slice(start + at, start + at + len(marks))
            self.marks[rows] = marks
            for own, part in zip(self.parts, parts, strict=True):
                own[rows] = part

    def keys(self, also: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield for any two parts the keys of all rows (uint32) and a third part; rows apart in `also` share no key."""
        for one, other in combinations(range(PARTS), 2):
            key = (self.parts[one] * _PRIMES[0]) ^ self.parts[other] ^ also
            key ^= key >> np.uint32(16)
            key *= _PRIMES[1]
            third = next(part for part in range(other + 1, other + 3) if part % PARTS != one)
            yield key, self.parts[third % PARTS]

    def agree(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return where two rows have enough equal marks to be near, bool (pairs,)."""
        return (self.marks[first] == self.marks[second]).sum(axis=1, dtype=np.uint8) >= AGREEING


def _sketch(block: Block) -> tuple[int, np.ndarray, np.ndarray]:
    """Return the first row, the parts and the marks of one block.

    The least of the hashes times an odd number, modulo 2^32, is the least under one of many orders of the shingles.
    """
    shingles = shingled(block)
    least = np.empty((PARTS * ROWS, len(shingles)), np.uint32)
    scratch = np.empty_like(shingles.hashes)
    for row, factor in enumerate(_FACTORS):
        np.multiply(shingles.hashes, factor, out=scratch)
        np.minimum.reduceat(scratch, shingles.starts, out=least[row])
    parts = (least.reshape(PARTS, ROWS, -1) * _MIXERS).sum(axis=1, dtype=np.uint32)
    return block.start, parts ^ (parts >> np.uint32(15)), least.astype(np.uint8).T
