"""MinHash sketches of texts (Broder 1997, "On the resemblance and containment of documents")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
import polars as pl

from ...core.errors import DataError
from ..parallel import in_threads
from .progress import Told, unheard
from .shingles import Block, blocks, shingled

LOWEST = 0.6  # threshold of similarity
MOST = 32  # least hashes of a sketch
_random = np.random.default_rng(0x5EED)
_FACTORS = _random.integers(0, 1 << 32, MOST, dtype=np.uint32) | np.uint32(1)
_MIXERS = _random.integers(0, 1 << 32, (MOST, 1), dtype=np.uint32) | np.uint32(1)
_PRIMES = np.array([0x85EBCA6B, 0xC2B2AE35], np.uint32)


@dataclass(frozen=True, slots=True)
class Plan:
    """A sketch has `parts` x `rows` least hashes. Two texts share a key where any two parts are equal.

    So 9 x 3 hashes make 36 keys of six (Andoni and Indyk 2006, "Efficient algorithms for substring near neighbor
    problem", reuse hashes so). With q = s^rows and m parts, texts of Jaccard similarity s share a key with
    odds 1 - (1 - q)^m - m q (1 - q)^(m - 1).
    """

    parts: int
    rows: int
    agreeing: int
    """As many marks of two sketches must be equal. Texts that share a key have 2 x `rows` equal for certain and each
    other one with odds s + (1 - s) / 256: of near ones, fewer than one pair in five hundred is lost."""

    @property
    def hashes(self) -> int:
        """How many least hashes a sketch has."""
        return self.parts * self.rows

    @classmethod
    def of(cls, threshold: float) -> Plan:
        """Return the plan that finds texts of this similarity and above. Raises DataError below LOWEST.

        Odds at the threshold: 0.984 at 0.8, 0.972 at 0.78, 0.963 at 0.6. A lower threshold costs more: at 0.1 two texts
        share a key with odds of one in thirty thousand in the first case, one in 150 in the second.
        """
        if not LOWEST <= threshold <= 1.0:
            raise DataError(f"near rows: the threshold is {threshold}; give one from {LOWEST} to 1")
        return cls(9, 3, 15) if threshold >= 0.78 else cls(12, 2, 10)


@dataclass(frozen=True, slots=True)
class Sketches:
    """`parts`: arrays of uint32 (rows,), each a hash of a few least hashes; `marks`: a byte of every least hash.

    `marks` is uint8 (rows, hashes). Two marks are equal with odds s + (1 - s) / 256, so that many equal marks tell near
    rows from rows that share a key by chance.
    """

    plan: Plan
    parts: list[np.ndarray]
    marks: np.ndarray

    @classmethod
    def empty(cls, rows: int, plan: Plan) -> Sketches:
        """Return sketches to be filled in."""
        parts = [np.empty(rows, np.uint32) for _ in range(plan.parts)]
        return cls(plan, parts, np.empty((rows, plan.hashes), np.uint8))

    def of(self, rows: np.ndarray) -> Sketches:
        """Return the sketches of these rows (int64) alone."""
        return Sketches(self.plan, [part[rows] for part in self.parts], self.marks[rows])

    def fill(self, start: int, texts: pl.Series, told: Told = unheard) -> None:
        """Write the sketches of normalised texts down, from row `start` on."""
        for at, parts, marks in in_threads(partial(_sketch, plan=self.plan), blocks(texts)):
            rows = slice(start + at, start + at + len(marks))
            self.marks[rows] = marks
            for own, part in zip(self.parts, parts, strict=True):
                own[rows] = part
            told((at + len(marks)) / len(texts))

    def keys(self, also: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield for any two parts the keys of all rows (uint32) and a third part; rows apart in `also` share no key."""
        for one, other in combinations(range(self.plan.parts), 2):
            key = (self.parts[one] * _PRIMES[0]) ^ self.parts[other] ^ also
            key ^= key >> np.uint32(16)
            key *= _PRIMES[1]
            third = next(part for part in range(len(self.parts)) if part not in (one, other))
            yield key, self.parts[third]

    def agree(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return where two rows have enough equal marks to be near, bool (pairs,)."""
        return (self.marks[first] == self.marks[second]).sum(axis=1, dtype=np.uint8) >= self.plan.agreeing


def _sketch(block: Block, plan: Plan) -> tuple[int, np.ndarray, np.ndarray]:
    """Return the first row, the parts and the marks of one block.

    The least of the hashes times an odd number, modulo 2^32, is the least under one of many orders of the shingles.
    """
    shingles = shingled(block)
    least = np.empty((plan.hashes, len(shingles)), np.uint32)
    scratch = np.empty_like(shingles.hashes)
    for row, factor in enumerate(_FACTORS[: plan.hashes]):
        np.multiply(shingles.hashes, factor, out=scratch)
        np.minimum.reduceat(scratch, shingles.starts, out=least[row])
    parts = (least.reshape(plan.parts, plan.rows, -1) * _MIXERS[: plan.rows]).sum(axis=1, dtype=np.uint32)
    return block.start, parts ^ (parts >> np.uint32(15)), least.astype(np.uint8).T
