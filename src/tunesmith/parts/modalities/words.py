"""Words: a sentence that is cut into words already, as tags for each of them need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import polars as pl

from . import Form, Modality


class Words(Modality):
    """A list of words per row; a missing list is an empty one, a missing word the empty word."""

    gives: ClassVar[Form] = "words"

    @classmethod
    def suits(cls, column: pl.Series) -> float:
        """Return 0.9 for lists of texts, 0 for anything else."""
        return 0.9 if column.dtype == pl.List(pl.String) else 0.0

    def refuse(self, column: pl.Series) -> tuple[int, str] | None:
        """Name the first row if the column holds no lists of texts."""
        if column.dtype == pl.List(pl.String) or column.null_count() == len(column):
            return None
        position = int(column.is_not_null().arg_true()[0])
        return position, f"{column[position]!r:.60} is no list of words"

    def fit(self, column: pl.Series) -> dict[str, Any]:
        """Return nothing: words are not changed by other words."""
        return {}

    def encode(self, column: pl.Series, state: Mapping[str, Any]) -> np.ndarray:
        """Return a list of texts per row, as objects (rows,)."""
        rows = np.empty(len(column), object)
        rows[:] = [["" if word is None else word for word in row or []] for row in column.to_list()]
        return rows
