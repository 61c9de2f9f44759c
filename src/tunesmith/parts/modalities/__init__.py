"""How does an input become numbers? One file per kind of column."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl

from ...core.part import Part
from ...data import Dataset

Form = Literal["text", "chat", "words", "numbers", "categories", "image"]


class Modality(Part):
    """Turns one column into one array. What it learns, it learns in `fit`, from training rows only."""

    family: ClassVar[str] = "parts.modalities"
    gives: ClassVar[Form]

    @classmethod
    @abstractmethod
    def suits(cls, column: pl.Series) -> float:
        """Return how well a column's values look like this kind, in 0..1; the best-suited kind is inferred."""

    def within(self, rows: Dataset) -> Modality:
        """Return this kind as it reads these rows: one whose cells name files finds them in the rows' folder."""
        return self

    @abstractmethod
    def fit(self, column: pl.Series) -> dict[str, Any]:
        """Return what is learnt from the training rows, as JSON values."""

    @abstractmethod
    def encode(self, column: pl.Series, state: Mapping[str, Any]) -> np.ndarray:
        """Return by row: texts, lists, pictures (objects), numbers (float32, NaN: missing), codes (int64, 0: new)."""

    def refuse(self, column: pl.Series) -> tuple[int, str] | None:
        """Return (position, fact) of the first value this kind cannot read: a list or an object, if nothing else."""
        present = column.is_not_null()
        if not column.dtype.is_nested() or not present.any():
            return None
        position = int(present.arg_true()[0])
        return position, f"{column[position]!r:.60} is several values"


def words_per_value(column: pl.Series) -> float:
    """Return the average number of words in a text column's values."""
    counts = column.drop_nulls().str.count_matches(r"\S+")
    return float(counts.mean() or 0.0)  # type: ignore[arg-type]
