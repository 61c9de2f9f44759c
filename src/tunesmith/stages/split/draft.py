"""A division while it is made: the code of every row, why it has it, and what a person should know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from ...data import Dataset
from ...parts.guards import Apart
from .section import Split

NAMES = ("train", "validation", "test")
TRAIN, VALIDATION, TEST, ASIDE, DROPPED = range(5)
CODES = (*NAMES, "aside", "dropped")
SHOWN = 3  # rows that a note names


@dataclass(frozen=True, slots=True)
class Division:
    """All rows with their split written down; those of the splits `aside` and `dropped` are in none of the three."""

    rows: Dataset
    apart: Apart
    """What is to be kept apart, for the guards."""
    notes: tuple[str, ...]
    """What a person should know: rows set aside or dropped, times that were cut at."""
    reasons: tuple[tuple[np.ndarray, Callable[[int], str]], ...]
    """Rows (bool, one per row) and a sentence for each position; the last that speaks of a row is its reason."""
    rule: str
    """By what the rows are divided, as a sentence."""
    asked: Mapping[str, float]
    """The share of all rows that a split should have, where shares decide."""

    @property
    def parts(self) -> dict[str, Dataset]:
        """The rows by split."""
        return {name: self.rows.in_split(name) for name in NAMES}

    def account(self) -> dict[str, Any]:
        """Return what the report says of the division, as JSON values."""
        counts = dict(self.rows.index["split"].value_counts().iter_rows())
        rows = {name: counts[name] for name in CODES if name in counts}
        return {"rule": self.rule, "asked": dict(self.asked), "rows": rows, "notes": list(self.notes)}

    def why(self, position: int) -> str:
        """Return why a row stands where it does, in a few words."""
        return next(text(position) for rows, text in reversed(self.reasons) if rows[position])


@dataclass(slots=True)
class Draft:
    """The same while it is made. `codes` (int8, one per row) count into CODES."""

    data: Dataset
    how: Split
    codes: np.ndarray
    notes: list[str] = field(default_factory=list)
    reasons: list[tuple[np.ndarray, Callable[[int], str]]] = field(default_factory=list)

    @property
    def is_by_file(self) -> bool:
        """Whether the rows came as one file per split."""
        return self.data.index["split"].null_count() < len(self.data)

    def put(self, rows: np.ndarray, codes: np.ndarray | int, text: Callable[[int], str]) -> None:
        """Give rows (positions) their codes, and the reason."""
        self.codes[rows] = codes
        self.explain(rows, text)

    def explain(self, rows: np.ndarray, text: Callable[[int], str]) -> None:
        """Give rows (positions) a reason that replaces the one before."""
        mask = np.zeros(len(self.data), bool)
        mask[rows] = True
        self.reasons.append((mask, text))

    def some(self, rows: np.ndarray) -> str:
        """Return how many rows (positions) these are, and where the first of them stand."""
        named = ", ".join(self.data.place(int(at)) for at in rows[:SHOWN])
        return f"{len(rows):,} {'row' if len(rows) == 1 else 'rows'} ({named}{', ...' if len(rows) > SHOWN else ''})"

    def done(self, near: pl.DataFrame | None) -> Division:
        """Return the finished division; `near` holds the contents of near rows, where they were looked for."""
        names = pl.Series("split", CODES).gather(self.codes)
        rows = replace(self.data, index=self.data.index.with_columns(names))
        apart = Apart(self.how.group, self.how.time, near, self.how.leaks == "allow")
        told = self.how.words(self.is_by_file), self.how.asked(self.is_by_file)
        return Division(rows, apart, tuple(self.notes), tuple(self.reasons), *told)
