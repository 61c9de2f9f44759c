"""Numbers measured a little differently."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from ...core.draws import Draws
from . import Change, ColumnAugmentation, Kind, Place


class NumberNoise(ColumnAugmentation):
    """Normal noise is added, a share of how much the column's training values differ.

    That is Bishop's (Neural Computation 1995) training with noise, which smooths what is learnt. Whole numbers become
    fractions, and values may leave the range that was seen.
    """

    works_on: ClassVar[frozenset[Kind]] = frozenset({"number"})

    share: float = Field(0.05, gt=0.0)
    """The noise's standard deviation, as a share of the spread."""
    spread: Literal["iqr", "deviation"] = "iqr"
    """iqr: between the first and the third quarter, so that outliers do not count (the standard deviation where most
    values are equal); deviation: the standard deviation."""

    def build(self, train: pl.Series, place: Place) -> Change:
        """Return the change; the spread is that of the training values, 0 where all are equal."""
        scale = self.share * self._spread(train)

        def noisy(column: pl.Series, draws: Draws) -> pl.Series:
            return column + scale * pl.Series(draws.normal(1)[:, 0])

        return noisy

    def _spread(self, train: pl.Series) -> float:
        values = train.drop_nulls().to_numpy()
        values = values[np.isfinite(values)]
        if not len(values):
            return 0.0
        low, high = np.quantile(values, [0.25, 0.75])
        return float(high - low if self.spread == "iqr" and high > low else values.std())
