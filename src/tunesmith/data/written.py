"""Answers that are texts: what a system wrote, and how probable it held the true texts, token by token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from .encoded import Ragged


@dataclass(frozen=True, slots=True)
class Written(Ragged):
    """What a system says of each row: `values` float64 (lines, 2), one line for each token of the true text.

    A line holds the log-probability of the true token, and 1.0 where that was the likeliest, else 0.0. Systems that
    give no probabilities have no lines. `texts`, object (rows,), is what was written: str, or None where nothing was.
    """

    texts: np.ndarray

    @classmethod
    def of(cls, texts: Sequence[str | None]) -> Self:  # type: ignore[override]  # of texts, not of integers
        """Return these texts, one per row, without probabilities."""
        held = np.empty(len(texts), object)
        held[:] = list(texts)
        return cls(np.zeros((0, 2)), np.zeros(len(held) + 1, np.int64), held)

    def take(self, positions: np.ndarray) -> Self:
        """Return the rows at these positions, copied."""
        return replace(Ragged.take(self, positions), texts=self.texts[positions])

    def followed_by(self, other: Self) -> Self:
        """Return these rows and then the other's."""
        return replace(Ragged.followed_by(self, other), texts=np.concatenate([self.texts, other.texts]))
