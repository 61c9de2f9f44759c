"""Columns that give the answer away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl
from pydantic import Field

from . import Check, Finding, Remedy, Severity, Table
from ._codings import binned, codings
from ._markers import marked
from ._telling import Asked, ask

ROUNDING = 1e-6  # what may be left of the target's spread where a number is the target in another unit
MOST_LABELS = 30


@dataclass(frozen=True, slots=True)
class _Leak:
    """What of a column tells the target, how well, and which label of several it is."""

    reading: str
    score: float
    label: str | None = None


class Leakage(Check):
    """Inputs that tell the target by themselves: copies of it under another name, and what is filled in afterwards.

    Each column is judged alone, by what the other rows of the same value (or bin of near values) have as their target:
    balanced accuracy for classes, R2 for values. Whether it is filled, the order and the length of its texts, and
    words in them are tried as well, and so is the order of the rows.
    """

    remedies: ClassVar[tuple[Remedy, ...]] = ()

    score: float = Field(0.97, gt=0.5, le=1)
    """The balanced accuracy (classes) or R2 (values) from which a column gives the target away."""
    rows: int = Field(30, ge=10)
    """The number of rows with a target below which nothing is said: few rows are told by chance."""
    sample: int = Field(200_000, ge=1000)
    """The number of rows that are looked at; of more a sample is drawn."""

    def find(self, table: Table) -> list[Finding]:
        """Return a finding per column: an error where it is the target in another writing; no rows are listed."""
        asked = ask(table, self.sample, MOST_LABELS)
        if table.target is None or asked is None or len(asked.rows) < self.rows:
            return []
        found = [
            finding
            for name in dict.fromkeys((*table.inputs, *table.left_out))
            if name != table.target and table.kind_of(name) != "image"
            for finding in self._column(table, asked, name)
        ]
        return sorted(found, key=lambda one: one.severity != "error") + list(self._order(table, asked))

    def _column(self, table: Table, asked: Asked, name: str) -> Iterator[Finding]:
        assert table.target is not None
        column, target = (table.data.frame[one][asked.rows] for one in (name, table.target))
        if is_copy(column, target):
            yield self._copy(table, name, len(asked.rows))
            return
        leak = self._strongest(table, asked, name)
        if leak is None:
            return
        is_input = name in table.inputs
        severity: Severity = "warning" if is_input else "info"
        remedy = (
            "if it is known only once the answer is, leave it out of `inputs`"
            if is_input
            else "it is no input already, and must not become one"
        )
        told = f"the label '{leak.label}' of '{table.target}'" if leak.label else f"'{table.target}'"
        advice = f"{_place(table, name)}: {leak.reading} predicts {told} alone ({_measured(leak, asked)}); {remedy}"
        yield Finding(self.kind, severity, (), (), advice, name, len(asked.rows))

    def _strongest(self, table: Table, asked: Asked, name: str) -> _Leak | None:
        """Return the first reading that tells the target nearly as well as the best one does."""
        assert table.target is not None
        column, kind = table.data.frame[name][asked.rows], table.kind_of(name)
        leaks = [_Leak(reading, *asked.told_by(codes)) for reading, codes in codings(column, kind, asked.told_apart)]
        if kind == "text" and column.dtype == pl.String:
            leaks += [_Leak(*one) for one in marked(column, asked, table.data.frame[table.target][asked.rows])]
        best = max((one.score for one in leaks), default=0.0)
        if best < self.score:
            return None
        return next(one for one in leaks if one.score >= min(best, (1 + self.score) / 2))

    def _copy(self, table: Table, name: str, rows: int) -> Finding:
        is_input = name in table.inputs
        remedy = "leave it out of `inputs`" if is_input else "it is no input already, and must not become one"
        advice = (
            f"{_place(table, name)}: it is the target '{table.target}' in another writing, value for value; {remedy}"
        )
        return Finding(self.kind, "error" if is_input else "info", (), (), advice, name, rows)

    def _order(self, table: Table, asked: Asked) -> Iterator[Finding]:
        """Tell where the rows stand in the order of the target: to cut them by position would be to cut by class."""
        assert table.target is not None
        position = pl.Series(asked.rows)
        leaks = [_Leak("the place of a row", *asked.told_by(codes)) for codes in binned(position)]
        best = max(leaks, key=lambda one: one.score)
        if best.score < self.score:
            return
        advice = (
            f"{table.data.index['source'][0]}: the rows stand in the order of '{table.target}', so that a row's place "
            f"predicts it ({_measured(best, asked)}); never divide them by position, and use no column that counts them"
        )
        yield Finding(self.kind, "info", (), (), advice, table.target, len(asked.rows))


def is_copy(column: pl.Series, target: pl.Series) -> bool:
    """Return whether every value stands for one value of the target and back; a number, whether it is linear in it.

    Values that differ in most rows would stand for each other by chance, so only a linear number can copy those.
    """
    pairs = pl.DataFrame({"column": column, "target": target}).drop_nulls()
    if pairs.height < len(target):
        return False
    if column.dtype.is_numeric() and target.dtype.is_numeric() and pairs["target"].n_unique() > 2:
        values = pairs.cast(pl.Float64).to_numpy().T
        if np.isfinite(values).all() and (np.ptp(values, axis=1) > 0).all():
            return _is_linear(*values)
    different = pairs["target"].n_unique()
    is_bijection = pairs["column"].n_unique() == different == pairs.n_unique()
    return is_bijection and 2 <= different <= pairs.height / 5


def _is_linear(column: np.ndarray, target: np.ndarray) -> bool:
    """Return whether the least-squares line leaves (almost) nothing of the spread of nearly every value."""
    from_mean = column - column.mean()
    slope = float(from_mean @ (target - target.mean())) / float(from_mean @ from_mean)
    left = np.abs(target - target.mean() - slope * from_mean)
    low, high = np.quantile(target, [0.25, 0.75])
    return bool(np.quantile(left, 0.99) <= ROUNDING * ((high - low) or target.std()))


def _place(table: Table, name: str) -> str:
    return f"{table.data.index['source'][0]}, column '{name}'"


def _measured(leak: _Leak, asked: Asked) -> str:
    if asked.answers[0].dtype.kind == "f":
        return f"R2 {leak.score:.3f}, each row by the others"
    chance = 1 / asked.told_apart
    return f"{leak.score:.1%} right on average over the classes, {chance:.0%} by chance, each row by the others"
