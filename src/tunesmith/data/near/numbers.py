"""Rows whose numbers are the same but for a rounding: found on shifted grids, verified column by column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

TOLERANCE = 1e-3  # of a column's interquartile range
SHIFTS = 4
CELL = 4
"""A cell of the grid is CELL x columns x tolerance wide. Two rows that differ by the tolerance in each of d columns
fall in one cell of a randomly shifted grid with odds of at least (1 - 1 / (CELL d))^d >= 0.75, in one of SHIFTS grids
with odds above 0.996; rows that differ by less, with greater ones."""
GREATEST = 1e300  # tolerances; larger numbers count as this
_MIXER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers in units of their tolerance: `values` float64 (rows, columns), NaN where missing."""

    values: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, tolerances: np.ndarray) -> Numbers:
        """Scale numbers (float64, (rows, columns)) by the tolerance of each column (float64)."""
        with np.errstate(over="ignore"):
            scaled = values / np.where(tolerances > 0.0, tolerances, 1.0)  # 0: all are equal
        return cls(np.where(np.isfinite(values), np.clip(scaled, -GREATEST, GREATEST), values))

    def distances(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return the greatest difference of two rows in tolerances, float64 (pairs,); at most 1 where near.

        A missing number is equal to a missing one and infinitely far from any other.
        """
        one, other = self.values[first], self.values[second]
        with np.errstate(invalid="ignore", over="ignore"):
            apart = np.where(one == other, 0.0, np.abs(one - other))
        missing = np.isnan(one), np.isnan(other)
        apart = np.where(missing[0] & missing[1], 0.0, np.where(missing[0] | missing[1], np.inf, apart))
        return apart.max(axis=1, initial=0.0)

    def order(self) -> np.ndarray | None:
        """Return the ranks (uint32) of the rows by their first number; None where there is none."""
        if not self.values.shape[1]:
            return None
        ranks = np.empty(len(self.values), np.uint32)
        ranks[np.argsort(self.values[:, 0], kind="stable")] = np.arange(len(ranks), dtype=np.uint32)
        return ranks

    def keys(self, also: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield for each grid the cell of every row (uint32) and a finer order within cells.

        Rows that differ in `also` (uint64) share no key.
        """
        columns, finer = self.values.shape[1], self.order()
        if finer is None:
            return
        random = np.random.default_rng(0)
        for _ in range(SHIFTS):
            key = also.copy()
            for column in range(columns):
                width = CELL * columns
                cell = np.floor(np.clip(self.values[:, column] / width, -4e18, 4e18) + random.random())
                key = (key ^ np.nan_to_num(cell, nan=4.5e18).astype(np.int64).view(np.uint64)) * _MIXER
                key ^= key >> np.uint64(29)
            yield (key >> np.uint64(32)).astype(np.uint32), finer


def tolerances_of(values: np.ndarray) -> np.ndarray:
    """Return TOLERANCE times each column's interquartile range (its deviation where that is 0), float64 (columns,)."""
    found = []
    for column in values.T:
        known = column[np.isfinite(column)]
        peak = np.abs(known).max(initial=0.0) or 1.0  # so that nothing overflows
        low, high = np.quantile(known / peak, [0.25, 0.75]) if len(known) else (0.0, 0.0)
        spread = high - low if high > low else (known / peak).std() if len(known) else 0.0
        found.append(TOLERANCE * spread * peak)
    return np.array(found, np.float64)


def matrix(frame: pl.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Return the columns as float64 (rows, columns), NaN where there is no number."""
    cast = frame.select(pl.col(name).cast(pl.Float64, strict=False).fill_null(float("nan")) for name in columns)
    return cast.to_numpy().astype(np.float64).reshape(frame.height, len(columns))
