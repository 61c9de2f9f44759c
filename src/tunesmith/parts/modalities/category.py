"""Category: a value out of a small set, such as a country or a contract type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import polars as pl
from pydantic import Field

from . import Form, Modality, words_per_value


class Category(Modality):
    """One of the values seen in training; code 0 stands for missing and for values not seen in training."""

    gives: ClassVar[Form] = "categories"

    max_values: int = Field(254, ge=2, le=254)
    """How many different values get a code of their own, the most frequent first; the rest share code 0."""

    @classmethod
    def suits(cls, column: pl.Series) -> float:
        """Return 0.8 for short texts that repeat and for booleans, little for anything else."""
        if column.dtype == pl.Boolean:
            return 0.9
        if column.dtype != pl.String:
            return 0.0 if column.dtype == pl.Binary or column.dtype.is_nested() else 0.1
        present = column.drop_nulls()
        few = present.n_unique() <= max(20, len(present) // 5)
        return 0.8 if few and (words_per_value(present) < 8) else 0.3

    def fit(self, column: pl.Series) -> dict[str, Any]:
        """Return the values by falling frequency, ties by name."""
        counts = column.cast(pl.String).drop_nulls().value_counts(name="count")
        name = column.name
        ordered = counts.sort(by=["count", name], descending=[True, False])[name]
        return {"values": ordered.head(self.max_values).to_list()}

    def encode(self, column: pl.Series, state: Mapping[str, Any]) -> np.ndarray:
        """Return int64 codes from 1, shape (rows,); 0 where missing or unseen."""
        codes = {value: code for code, value in enumerate(state["values"], start=1)}
        return np.array([codes.get(value, 0) for value in column.cast(pl.String)], dtype=np.int64)
