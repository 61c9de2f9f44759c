"""Splits that are not of one kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl
from pydantic import Field

from ...core.seed import stream
from . import Check, Finding, Remedy, Table
from ._samples import Apart, adjusted, categories, columns, numbers, texts
from ._words import counted

FOREIGN = 0.9  # probability from which a row is listed as of another kind
SHOWN = 3


@dataclass(frozen=True, slots=True)
class _Question:
    """Whether one column, or all together (None), is alike in two splits; `rows` are those a classifier judged."""

    split: str
    reference: str
    column: str | None
    apart: Apart
    rows: np.ndarray


class Drift(Check):
    """Splits that came with the data and differ in a column, in the target, or in how columns go together.

    Every split is compared with train (or the largest): numbers by Kolmogorov-Smirnov, categories and classes by
    Jensen-Shannon, texts and all other columns together by whether a classifier tells the splits apart.
    """

    remedies: ClassVar[tuple[Remedy, ...]] = ()

    effect: float = Field(0.1, gt=0, le=1)
    """The distance, 0 (alike) to 1 (apart), from which a difference matters; many rows make any significant."""
    chance: float = Field(0.01, gt=0, lt=1)
    """The odds by chance, adjusted for the number of columns, below which a difference is believed."""
    rows: int = Field(30, ge=10)
    """The number of rows below which a split is not compared."""
    sample: int = Field(5000, ge=100)
    """The rows of each split that classifiers look at."""

    def find(self, table: Table) -> list[Finding]:
        """Return a finding per column and split, the farthest apart first.

        Where a classifier told the splits apart, the rows are those it was most sure to be foreign, scored with its
        probability; otherwise the fault is of the column, and no rows are listed.
        """
        asked = list(self._questions(table))
        believed = adjusted([one.apart.chance for one in asked]) <= self.chance
        told = [one for one, is_so in zip(asked, believed, strict=True) if is_so and one.apart.effect >= self.effect]
        return [self._finding(table, one) for one in sorted(told, key=lambda one: -one.apart.effect)]

    def _questions(self, table: Table) -> Iterator[_Question]:
        splits = table.data.index["split"]
        sizes = splits.drop_nulls().value_counts(sort=True).filter(pl.col("count") >= self.rows)
        names = sizes["split"].to_list()
        if len(names) < 2:
            return
        reference = "train" if "train" in names else names[0]
        at = {name: (splits == name).fill_null(False).to_numpy().nonzero()[0] for name in names}
        for name in sorted(set(names) - {reference}):
            pair = at[reference], at[name]
            some = [self._some(rows) for rows in pair]
            for column, apart in self._columns(table, pair, some):
                yield _Question(name, reference, column, apart, np.concatenate(some))

    def _columns(
        self, table: Table, pair: tuple[np.ndarray, np.ndarray], some: list[np.ndarray]
    ) -> Iterator[tuple[str | None, Apart]]:
        frame, plain = table.data.frame, []
        rows, is_second = np.concatenate(some), np.repeat([False, True], list(map(len, some)))
        if table.target is not None:
            target = frame[table.target]
            is_value = table.task == "regression" and target.dtype.is_numeric()
            kind = "number" if is_value else "category"
            yield table.target, _plain(target, kind, pair)
        for name in table.inputs:
            kind = table.kind_of(name)
            if kind == "text":
                yield name, texts([frame[name][rows].cast(pl.String)], is_second)
            elif kind in ("number", "category") and not frame[name].dtype.is_nested():
                plain.append(name)
                yield name, _plain(frame[name], kind, pair)
        if len(plain) > 1:
            yield None, columns(frame.select(plain)[rows], is_second)

    def _some(self, rows: np.ndarray) -> np.ndarray:
        if len(rows) <= self.sample:
            return rows
        return np.sort(stream(0, "drift", "rows").choice(rows, self.sample, replace=False))

    def _finding(self, table: Table, one: _Question) -> Finding:
        place = "its columns together" if one.column is None else f"column '{one.column}'"
        fact = f"{place}: '{one.split}' is not like '{one.reference}' ({one.apart.measure} {one.apart.effect:.2f})"
        if one.column == table.target:
            remedy = "the shares of the answers differ, so a figure on one says little of the other; divide at random"
        else:
            remedy = "what is learnt from one may not hold for the other; find out why, or divide the rows anew"
        rows, scores = _foreign(one, table.data.index["split"])
        shown = ", ".join(table.data.place(row) for row in rows[:SHOWN])
        most = f"; {counted(len(rows), 'row')} most unlike, such as {shown}" if rows else ""
        count = int((table.data.index["split"] == one.split).sum())
        order = np.argsort(rows).tolist()
        rows, scores = tuple(rows[at] for at in order), tuple(scores[at] for at in order)
        return Finding(self.kind, "warning", rows, scores, f"{fact}{most}; {remedy}", one.column, count)


def _foreign(one: _Question, splits: pl.Series) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Return the rows of the split that a classifier was sure to be foreign, the surest first, and how sure."""
    if one.apart.foreign is None:
        return (), ()
    is_sure = (splits[one.rows] == one.split).to_numpy() & (one.apart.foreign >= FOREIGN)
    rows, scores = one.rows[is_sure], one.apart.foreign[is_sure]
    order = np.argsort(-scores, kind="stable")
    return tuple(rows[order].tolist()), tuple(scores[order].tolist())


def _plain(column: pl.Series, kind: str, pair: tuple[np.ndarray, np.ndarray]) -> Apart:
    """Compare a column in two splits by its values alone; of lists of labels each label counts."""
    if kind == "number" and column.dtype.is_numeric():
        values = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
        return numbers(*(values[rows] for rows in pair))
    parts = [column[rows] for rows in pair]
    return categories(*(one.explode() if one.dtype == pl.List else one for one in parts))
