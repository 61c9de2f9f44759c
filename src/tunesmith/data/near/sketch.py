"""MinHash sketches of texts (Broder 1997, "On the resemblance and containment of documents")."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from .shingles import Shingles, blocks

BANDS, ROWS = 16, 7
"""Texts of Jaccard similarity s share a band with odds 1 - (1 - s^ROWS)^BANDS (Leskovec, Rajaraman and Ullman, "Mining
of Massive Datasets", section 3.4.2): 0.977 at 0.8, 0.999 at 0.86; two in a million at 0.1."""
AGREEING = 6
"""Of the BANDS bytes of two sketches, as many as these must be equal: true with odds above 0.9997 at 0.8, where one is
equal for certain as the two share a band."""
_random = np.random.default_rng(0x5EED)
_FACTORS = _random.integers(0, 1 << 32, (BANDS, ROWS), dtype=np.uint32) | np.uint32(1)
_MIXERS = _random.integers(0, 1 << 32, (ROWS, 1), dtype=np.uint32) | np.uint32(1)


@dataclass(frozen=True, slots=True)
class Sketches:
    """`keys` uint32 (BANDS, rows), equal where two rows share a band; `marks` uint8 (rows, BANDS), one per band.

    Two marks of one band are equal with odds s + (1 - s) / 256, so that many equal marks tell near rows from rows that
    share a band by chance.
    """

    keys: np.ndarray
    marks: np.ndarray

    @classmethod
    def empty(cls, rows: int) -> Sketches:
        """Return sketches to be filled in."""
        return cls(np.empty((BANDS, rows), np.uint32), np.empty((rows, BANDS), np.uint8))

    def agree(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return where two rows have enough equal marks to be near, bool (pairs,)."""
        return (self.marks[first] == self.marks[second]).sum(axis=1, dtype=np.uint8) >= AGREEING


def sketched(texts: pl.Series) -> Sketches:
    """Return the sketches of normalised texts."""
    found = Sketches.empty(len(texts))
    for start, shingles in blocks(texts):
        rows = slice(start, start + len(shingles))
        found.keys[:, rows], found.marks[rows] = _sketch(shingles)
    return found


def _sketch(shingles: Shingles) -> tuple[np.ndarray, np.ndarray]:
    """Return keys and marks of one block.

    The least of the hashes times an odd number, modulo 2^32, is the least under one of many orders of the shingles.
    """
    keys = np.empty((BANDS, len(shingles)), np.uint32)
    marks = np.empty((len(shingles), BANDS), np.uint8)
    least = np.empty((ROWS, len(shingles)), np.uint32)
    scratch = np.empty_like(shingles.hashes)
    for band in range(BANDS):
        for row in range(ROWS):
            np.multiply(shingles.hashes, _FACTORS[band, row], out=scratch)
            np.minimum.reduceat(scratch, shingles.starts, out=least[row])
        marks[:, band] = least[0] & np.uint32(0xFF)
        key = (least * _MIXERS).sum(axis=0, dtype=np.uint32)
        keys[band] = key ^ (key >> np.uint32(15))
    return keys, marks
