"""Words that change places at random (EDA: Wei and Zou, EMNLP 2019, section 2)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import polars as pl
from pydantic import Field

from ...core.draws import Draws
from . import Change, ColumnAugmentation, Kind, Place
from ._words import CHUNKS, Pieces, some


class TokenSwap(ColumnAugmentation):
    """Two words of a text, drawn at random, change places, several times; the spaces stay where they are."""

    works_on: ClassVar[frozenset[Kind]] = frozenset({"text"})

    share: float = Field(0.1, gt=0.0, le=1.0)
    """How many swaps there are for each word of the text; one at least."""

    def build(self, train: pl.Series, place: Place) -> Change:
        """Return the change; nothing is learnt."""
        return self._swapped

    def _swapped(self, column: pl.Series, draws: Draws) -> pl.Series:
        pieces = Pieces.of(column, CHUNKS)
        counts = pieces.words_per_row
        starts = np.cumsum(counts) - counts
        swaps = np.where(counts > 1, some(self.share, counts), 0)
        order = np.arange(len(pieces.words))
        for number in range(int(swaps.max(initial=0))):
            rows = np.flatnonzero(swaps > number)
            first, second = (draws.uniform_at(rows, np.full(len(rows), 2 * number + which)) for which in (0, 1))
            one = np.floor(first * counts[rows]).astype(np.int64)
            other = (one + 1 + np.floor(second * (counts[rows] - 1)).astype(np.int64)) % counts[rows]  # never itself
            one, other = starts[rows] + one, starts[rows] + other
            order[one], order[other] = order[other], order[one]
        return pieces.with_words(pieces.texts[pieces.words[order]])
