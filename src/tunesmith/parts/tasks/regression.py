"""Regression: a quantity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl

from ...data.forms import Form
from . import Task

LARGEST = 1e100  # beyond, squares and their sums are no longer finite


class Regression(Task):
    """A number per row, learnt on a standard scale and answered in its own unit."""

    form: ClassVar[Form] = "value"
    default_loss: ClassVar[str] = "squared"

    metric: Literal["mae", "rmse", "r2", "spearman", "pearson"] = "rmse"
    """What early stopping and the verdict go by."""

    @classmethod
    def suits(cls, target: pl.Series) -> float:
        """Return 0.7 for numeric columns, more for fractions."""
        if not target.dtype.is_numeric():
            return 0.0
        return 0.9 if target.dtype.is_float() and bool((target != target.round()).any()) else 0.7

    @property
    def primary(self) -> str:
        """The metric chosen."""
        return self.metric

    def refuse(self, target: pl.Series) -> tuple[int, str] | None:
        """Refuse texts, NaN, infinite values, and those too large to be squared."""
        values = target.cast(pl.Float64, strict=False)
        bad = (target.is_not_null() & values.is_null()) | ~(values.abs() <= LARGEST).fill_null(True) | values.is_nan()
        if not bad.any():
            return None
        position = int(bad.arg_true()[0])
        is_large = values[position] is not None and np.isfinite(values[position])
        return position, f"'{target[position]}' is {'too large to compute with' if is_large else 'not a finite number'}"

    def fit(self, target: pl.Series) -> dict[str, Any]:
        """Return mean, deviation and range."""
        values = target.cast(pl.Float64).drop_nulls().to_numpy()
        return {
            "mean": float(values.mean()),
            "deviation": float(values.std()) or 1.0,
            "low": float(values.min()),
            "high": float(values.max()),
        }

    def width(self, state: Mapping[str, Any]) -> int:
        """Return 1."""
        return 1

    def encode(self, target: pl.Series, state: Mapping[str, Any]) -> np.ndarray:
        """Return standardised values, float32 (rows,)."""
        values = target.cast(pl.Float64).to_numpy()
        return ((values - state["mean"]) / state["deviation"]).astype(np.float32)

    def scores(self, outputs: np.ndarray, state: Mapping[str, Any]) -> np.ndarray:
        """Return values in the target's unit, float64 (rows,)."""
        return outputs.astype(np.float64).reshape(len(outputs)) * state["deviation"] + state["mean"]

    def answers(self, scores: np.ndarray, state: Mapping[str, Any]) -> list[tuple[Any, float | None, dict[str, float]]]:
        """Return the value; a single number carries no confidence."""
        return [(float(value), None, {}) for value in scores]

    def truth(self, encoded: np.ndarray, state: Mapping[str, Any]) -> np.ndarray:
        """Return the labels in their unit, float64 (rows,)."""
        return encoded.astype(np.float64) * state["deviation"] + state["mean"]

    def classes(self, state: Mapping[str, Any]) -> list[Any] | None:
        """Return None."""
        return None
