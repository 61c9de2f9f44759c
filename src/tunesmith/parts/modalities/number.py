"""Number: a measured or counted quantity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl

from ...core.need import lazy
from . import Form, Modality

special = lazy("scipy.special")

KNOTS = 512  # points of the training distribution that are kept
LARGEST = 1e100  # beyond, squares and their sums are no longer finite
EDGE = 1e-3  # the extreme quantiles map to about -3.1 and 3.1


class Number(Modality):
    """A quantity, brought to a scale that networks like; order is kept, so trees see the same splits."""

    gives: ClassVar[Form] = "numbers"

    scaling: Literal["quantile", "standard", "none"] = "quantile"
    """quantile: to a normal distribution by rank; standard: minus mean, over standard deviation; none: as it is."""

    @classmethod
    def suits(cls, column: pl.Series) -> float:
        """Return 0.85 for numeric columns, 0 for others."""
        return 0.85 if column.dtype.is_numeric() else 0.0

    def refuse(self, column: pl.Series) -> tuple[int, str] | None:
        """Name the first value that is no finite number."""
        if column.dtype.is_nested():
            return super().refuse(column)
        values = column.cast(pl.Float64, strict=False)
        bad = (column.is_not_null() & values.is_null()) | (values.abs() > LARGEST).fill_null(False) & ~values.is_nan()
        if not bad.any():
            return None
        position = int(bad.arg_true()[0])
        fact = "is too large to compute with" if np.isfinite(values[position] or np.nan) else "is not a number"
        return position, f"'{column[position]}' {fact}"

    def fit(self, column: pl.Series) -> dict[str, Any]:
        """Return mean, deviation, range and the knots of the distribution of the values present."""
        values = _floats(column)
        values = values[np.isfinite(values)]
        if not len(values):
            return {"mean": 0.0, "deviation": 1.0, "low": 0.0, "high": 0.0, "knots": [0.0], "ranks": [0.5]}
        ranks = np.linspace(0.0, 1.0, min(KNOTS, len(values)))
        knots, where = np.unique(np.quantile(values, ranks), return_inverse=True)
        middle = np.bincount(where, weights=ranks) / np.bincount(where)  # a value that repeats sits at its middle rank
        return {
            "mean": float(values.mean()),
            "deviation": float(values.std()) or 1.0,
            "low": float(values.min()),
            "high": float(values.max()),
            "knots": knots.tolist(),
            "ranks": middle.tolist(),
        }

    def encode(self, column: pl.Series, state: Mapping[str, Any]) -> np.ndarray:
        """Return float32 values, shape (rows,), NaN where missing."""
        values = _floats(column)
        if self.scaling == "standard":
            values = (values - state["mean"]) / state["deviation"]
        elif self.scaling == "quantile":
            missing = np.isnan(values)
            ranks = np.interp(np.where(missing, state["mean"], values), state["knots"], state["ranks"])
            values = np.where(missing, np.nan, special.ndtri(np.clip(ranks, EDGE, 1 - EDGE)))
        return values.astype(np.float32)


def _floats(column: pl.Series) -> np.ndarray:
    return column.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy().astype(np.float64)
