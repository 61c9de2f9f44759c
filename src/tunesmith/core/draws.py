"""Random numbers that belong to rows: they follow from a stream and a row's id, whichever rows stand beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .seed import derive

STEP = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio


@dataclass(frozen=True, slots=True)
class Draws:
    """One generator per row, `states` uint64 (rows,).

    Number k of a row is the k-th of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014, figure 17) begun at its state. It
    is computed from k itself, so that numbers of many rows come at once and in any order. Asking twice gives the same
    numbers: take a `named` stream for each purpose.
    """

    states: np.ndarray

    @classmethod
    def of(cls, ids: Sequence[str]) -> Draws:
        """Return the streams that have no name yet, one for each row."""
        data = b"".join(hashlib.sha256(str(one).encode("utf-8", "surrogatepass")).digest()[:8] for one in ids)
        return cls(np.frombuffer(data, ">u8").astype(np.uint64))

    def __len__(self) -> int:
        return len(self.states)

    def named(self, seed: int, *names: str | int) -> Draws:
        """Return each row's stream of a seed and a name; as `core.seed.stream`, but one for each row."""
        return Draws(_mixed(self.states ^ np.uint64(derive(seed, *names))))

    def take(self, rows: np.ndarray) -> Draws:
        """Return the streams of some rows, by position or mask."""
        return Draws(self.states[rows])

    def uniform(self, count: int) -> np.ndarray:
        """Return `count` numbers per row, float64 (rows, count), in [0, 1)."""
        return _unit(self.states[:, None] + STEP * np.arange(1, count + 1, dtype=np.uint64))

    def uniform_at(self, rows: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Return number `places[i]` (from 0) of row `rows[i]`, float64 of their shape, in [0, 1)."""
        return _unit(self.states[rows] + STEP * (np.asarray(places).astype(np.uint64) + np.uint64(1)))

    def normal(self, count: int) -> np.ndarray:
        """Return `count` numbers per row from the standard normal distribution, float64 (rows, count).

        Each takes two uniform numbers (Box and Muller 1958).
        """
        pairs = self.uniform(2 * count)
        return np.sqrt(-2.0 * np.log1p(-pairs[:, ::2])) * np.cos(2.0 * np.pi * pairs[:, 1::2])


def _mixed(states: np.ndarray) -> np.ndarray:
    """Return SplitMix64's output for a state: every bit of it depends on every bit of the state."""
    states = (states ^ (states >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    states = (states ^ (states >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return states ^ (states >> np.uint64(31))


def _unit(states: np.ndarray) -> np.ndarray:
    return (_mixed(states) >> np.uint64(11)) * 2.0**-53
