"""Text: sentences and longer, left as they are; the base brings the tokenizer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import polars as pl

from . import Form, Modality, words_per_value


class Text(Modality):
    """Free text; a missing value is the empty text."""

    gives: ClassVar[Form] = "text"

    @classmethod
    def suits(cls, column: pl.Series) -> float:
        """Return 0.9 for texts of several words, or of many different values; 0 for anything but text."""
        if column.dtype != pl.String:
            return 0.0
        present = column.drop_nulls()
        if present.is_empty():
            return 0.1
        repeats = 1 - present.n_unique() / len(present)
        if words_per_value(present) >= 3 and (repeats < 0.9 or present.n_unique() > 200):
            return 0.9
        return 0.6 if repeats < 0.2 and len(present) > 50 else 0.2

    def fit(self, column: pl.Series) -> dict[str, Any]:
        """Return nothing: texts are not changed by other texts."""
        return {}

    def encode(self, column: pl.Series, state: Mapping[str, Any]) -> np.ndarray:
        """Return the texts as objects, shape (rows,)."""
        return np.array(column.cast(pl.String).fill_null("").to_list(), dtype=object)
