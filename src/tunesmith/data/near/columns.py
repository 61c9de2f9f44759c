"""The columns that count when rows are compared, by kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from ...core.errors import DataError
from ..chats import BEGIN, spoken

KINDS = ("text", "number", "category", "image")


def comparable(frame: pl.DataFrame, kinds: Mapping[str, str]) -> tuple[pl.DataFrame, dict[str, str]]:
    """Return the table with lists of words and conversations as texts, and the kinds of its columns without lists."""
    words = [name for name, kind in kinds.items() if kind == "words" and frame[name].dtype == pl.List(pl.String)]
    frame = frame.with_columns(pl.col(words).list.join(" ", ignore_nulls=True)) if words else frame
    chats = [name for name, kind in kinds.items() if kind == "chat" and frame[name].dtype == pl.String]
    frame = frame.with_columns(_spoken(frame[name]) for name in chats)
    plain = {name: "text" if name in (*words, *chats) else kind for name, kind in kinds.items()}
    return frame, {name: kind for name, kind in plain.items() if not frame[name].dtype.is_nested()}


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the columns that count, by kind."""

    text: list[str]
    number: list[str]
    category: list[str]
    image: list[str]

    @classmethod
    def of(cls, frame: pl.DataFrame, kinds: Mapping[str, str]) -> Columns:
        """Sort names by their kind. Raises DataError on an unknown column or kind."""
        for name, kind in kinds.items():
            if name not in frame.columns:
                raise DataError(f"near rows: there is no column '{name}' (columns: {', '.join(frame.columns)})")
            if kind not in KINDS:
                raise DataError(f"near rows, column '{name}': unknown kind '{kind}' (known: {', '.join(KINDS)})")
        return cls(*([name for name, kind in kinds.items() if kind == wanted] for wanted in KINDS))

    @property
    def names(self) -> list[str]:
        """All columns that count."""
        return [*self.text, *self.number, *self.category, *self.image]

    def empty(self, frame: pl.DataFrame) -> np.ndarray:
        """Return where every column that counts is missing, bool (rows,)."""
        texts = [pl.col(name).cast(pl.String).fill_null("").str.contains(r"\S").not_() for name in self.text]
        numbers = [pl.col(name).cast(pl.Float64, strict=False).fill_nan(None).is_null() for name in self.number]
        others = [pl.col(name).is_null() for name in (*self.category, *self.image)]
        return frame.select(pl.all_horizontal(*texts, *numbers, *others))[:, 0].to_numpy()

    def alike(self, frame: pl.DataFrame) -> np.ndarray:
        """Return a hash (uint64) of each row's categories, all 0 where no column is a category."""
        if not self.category:
            return np.zeros(frame.height, np.uint64)
        return frame.select(pl.col(self.category).cast(pl.String)).hash_rows().to_numpy()


def _spoken(cells: pl.Series) -> pl.Series:
    """Return cells of conversations as what is said in them."""
    where = cells.str.contains(BEGIN).fill_null(False).arg_true()
    said = pl.Series([spoken(cell) for cell in cells[where]], dtype=pl.String)
    return cells.clone().scatter(where, said) if len(where) else cells
