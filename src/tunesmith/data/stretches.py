"""Several targets side by side in one array: where each stands, and the rows that have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from .forms import Form


@dataclass(frozen=True, slots=True)
class Stretch:
    """One of several targets: its form, from and to which column it stands among labels and outputs, its usual loss."""

    form: Form
    labels: tuple[int, int]
    outputs: tuple[int, int]
    loss: str

    @property
    def width(self) -> int:
        """How many outputs it has."""
        return self.outputs[1] - self.outputs[0]

    def of(self, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows that have this target, int64 (n,), and their labels as its form has them.

        `targets` are float64 (rows, columns) of all targets, NaN where one is missing.
        """
        some = targets[:, slice(*self.labels)]
        rows = np.flatnonzero(~np.isnan(some[:, 0]))
        if self.form == "classes":
            return rows, some[rows].astype(np.float32)
        return rows, some[rows, 0].astype(np.int64 if self.form == "class" else np.float32)

    def within(self, values: np.ndarray) -> np.ndarray:
        """Return this target's part of outputs or scores (rows, width of all)."""
        return values[:, slice(*self.outputs)]


def gathered(frame: pl.DataFrame, columns: Sequence[str], name: str) -> pl.DataFrame:
    """Return a table with some columns as one column of structs, null in rows that have none of their values."""
    whole = pl.when(pl.any_horizontal(pl.col(columns).is_not_null())).then(pl.struct(columns))
    return frame.with_columns(whole.alias(name)).drop(columns)
