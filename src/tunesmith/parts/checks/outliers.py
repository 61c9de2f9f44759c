"""Rows far from all others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from pydantic import Field

from . import Check, Finding, Severity, Table
from ._fences import fence
from ._oddities import surprise, together
from ._words import counted

SHOWN = 3
MOST_COLUMNS = 200  # of numbers that are looked at together
DIFFERENT = 10  # values that a column of measurements has at least
ROWS_PER_COLUMN = 10  # without so many, correlations are noise


@dataclass(frozen=True, slots=True)
class _Odd:
    """How odd each row is, float64 (rows,), NaN where it cannot be said, and how that is told."""

    values: np.ndarray
    fact: str
    severity: Severity
    column: str | None = None
    is_low_odd: bool = True
    """Whether values far below the others are odd too."""
    has_limits: bool = False
    """Whether the values are the column's own, and can be shown."""

    def shown(self, row: int) -> str:
        return f": {self.values[row]:.6g}" if self.has_limits else ""


class Outliers(Check):
    """Numbers far outside their column, numbers that do not go together, texts of odd length or odd characters.

    How far is too far follows from how a column's own tail falls off, so that prices and incomes are let be.
    """

    chance: float = Field(0.01, gt=0, le=1)
    """How many rows of a column without outliers are listed all the same, on average."""
    share: float = Field(0.02, gt=0, le=1)
    """The share of rows above which far values are no outliers but another kind of row, and nothing is said."""
    rows: int = Field(50, ge=20)
    """The number of values below which a column's tails are not known."""

    def find(self, table: Table) -> list[Finding]:
        """Return a finding per column and kind of oddness; a row scores 0.5 at the fence, rising to 1 far beyond it."""
        odd = (*_numbers(table), *_together(table), *_texts(table))
        return [finding for one in odd if (finding := self._finding(table, one)) is not None]

    def _finding(self, table: Table, odd: _Odd) -> Finding | None:
        around = fence(odd.values, self.chance, self.rows)
        if around is None:
            return None
        scores = around.scores(odd.values)
        scores[odd.values < around.middle] *= odd.is_low_odd
        rows = np.flatnonzero(scores > 0)
        if not len(rows) or len(rows) > self.share * len(scores):
            return None
        worst = rows[np.argsort(-scores[rows], kind="stable")[:SHOWN]]
        shown = ", ".join(f"{table.data.place(int(row))}{odd.shown(int(row))}" for row in worst)
        more = ", ..." if len(rows) > SHOWN else ""
        place = "" if odd.column is None else f"column '{odd.column}': "
        limits = f"; usual is {around.low:.4g} to {around.high:.4g}" if odd.has_limits else ""
        advice = (
            f"{place}{counted(len(rows), 'row')} {odd.fact} ({shown}{more}{limits}); look whether they are mistakes: "
            "correct or drop those, and keep what is real"
        )
        return Finding(self.kind, odd.severity, tuple(rows.tolist()), tuple(scores[rows].tolist()), advice, odd.column)


def _numbers(table: Table) -> Iterator[_Odd]:
    names = table.of_kind("number")
    if table.target is not None and table.task == "regression":
        names = (table.target, *names)
    for name in dict.fromkeys(names):
        if table.data.frame[name].dtype.is_numeric():
            yield _Odd(_finite(table, name), "far from all others", "warning", name, has_limits=True)


def _together(table: Table) -> Iterator[_Odd]:
    """Look at the columns that measure something together; a rare flag would be odd in any company."""
    frame = table.data.frame
    measured = [name for name in table.of_kind("number") if frame[name].dtype.is_numeric()]
    measured = [name for name in measured if frame[name].n_unique() >= DIFFERENT]
    if 2 <= len(measured) <= MOST_COLUMNS and len(frame) >= ROWS_PER_COLUMN * len(measured):
        distances = together(np.stack([_finite(table, name) for name in measured], axis=1))
        yield _Odd(distances, "whose numbers are seldom seen together", "info", is_low_odd=False)


def _finite(table: Table, name: str) -> np.ndarray:
    """Return a column's numbers, float64 (rows,), NaN where one is missing or infinite."""
    values = table.data.frame[name].cast(pl.Float64).to_numpy()
    return np.where(np.isfinite(values), values, np.nan)


def _texts(table: Table) -> Iterator[_Odd]:
    for name in table.of_kind("text"):
        if table.data.frame[name].dtype == pl.String:
            column = table.data.frame[name].str.strip_chars()
            lengths = column.str.len_chars().cast(pl.Float64).to_numpy()
            letters = np.where(lengths > 0, np.log(np.maximum(lengths, 1)), np.nan)
            yield _Odd(letters, "with a text far longer or shorter than all others", "info", name)
            fact = "with letters or signs that the other texts hardly have"
            yield _Odd(surprise(column), fact, "info", name, is_low_odd=False)
