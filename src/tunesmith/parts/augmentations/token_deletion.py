"""Words left out at random (EDA: Wei and Zou, EMNLP 2019, section 2)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import polars as pl
from pydantic import Field

from ...core.draws import Draws
from . import Change, ColumnAugmentation, Kind, Place
from ._words import SPACED, Pieces, lowest, places_within


class TokenDeletion(ColumnAugmentation):
    """Each word goes by itself, at random; one stays in any case. Words are what stands between spaces."""

    works_on: ClassVar[frozenset[Kind]] = frozenset({"text"})

    share: float = Field(0.1, gt=0.0, le=1.0)
    """The probability of each word to be left out."""

    def build(self, train: pl.Series, place: Place) -> Change:
        """Return the change; nothing is learnt."""
        return self._without

    def _without(self, column: pl.Series, draws: Draws) -> pl.Series:
        pieces = Pieces.of(column, SPACED)
        rows = pieces.word_rows
        marks = draws.uniform_at(rows, places_within(rows))
        gone = marks < self.share
        gone[lowest(rows, -marks, np.ones(pieces.count, np.int64))] = False
        shorter = pieces.without(pieces.words[gone]).str.strip_chars()
        is_shorter = np.isin(np.arange(pieces.count), rows[gone])
        return shorter.zip_with(pl.Series(is_shorter), column)
