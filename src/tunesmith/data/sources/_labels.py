"""Labels that stand apart from the rows: a file of keys and labels, joined to the rows by key."""

from __future__ import annotations

import difflib
from collections.abc import Callable

import numpy as np
import polars as pl

from ...core.errors import DataError
from ...core.part import Section
from ..dataset import Dataset

SHOWN = 5  # keys that a note names


class Labels(Section):
    """A file with the label of each row, found by a key that both have."""

    path: str
    """The file of labels, of any form that its ending tells."""
    key: str
    """The column that names a row, in the rows and in the file of labels."""
    column: str
    """The column of the file of labels that is added to the rows."""


class Labeller:
    """Adds the labels of one table to rows that come at once or in blocks, and counts what finds no partner."""

    def __init__(self, how: Labels, table: Dataset) -> None:
        """Take the labels; raises DataError where a column is absent, or a key is empty or repeated."""
        for name in (how.key, how.column):
            _refuse_absent(table, name)
        _refuse_repeated(table, how.key)
        self._how, self._table = how, table
        self._times = np.zeros(len(table), np.int64)
        self._rows, self._lacking, self._examples = 0, 0, list[str]()

    def labelled(self, rows: Dataset) -> Dataset:
        """Return the rows with their labels, null where there is none.

        Raises DataError where the rows have such a column already, lack the key, or a key is empty or repeated.
        """
        how, source = self._how, self._table.index["source"][0]
        if how.column in rows.columns:
            raise DataError(f"{source}: the rows have a column '{how.column}' already; rename one of the two")
        _refuse_absent(rows, how.key)
        _refuse_repeated(rows, how.key)
        keys, known = _comparable(rows.frame[how.key], self._table.frame[how.key])
        places = pl.DataFrame({"key": known, "at": np.arange(len(known), dtype=np.int64)})
        at = pl.DataFrame({"key": keys}).join(places, on="key", how="left", maintain_order="left")["at"]
        self._count(rows, keys, at)
        return Dataset(rows.frame.with_columns(self._table.frame[how.column].gather(at)), rows.index)

    def finish(self, note: Callable[[str], None]) -> None:
        """Note how many keys have no partner, on either side. Raises DataError where none has one."""
        how, source = self._how, self._table.index["source"][0]
        if not self._times.any():
            keys = ", ".join(f"'{one}'" for one in self._table.frame[how.key].head(SHOWN))
            fact = f"no key in '{how.key}' is one of the rows', which are such as {', '.join(self._examples)}"
            raise DataError(f"{source}: {fact}; the keys here are such as {keys}; name another `key`")
        if self._lacking:
            named = _listed(self._examples, self._lacking)
            note(f"{self._lacking} of {self._rows} rows have no label in {source}, for their '{how.key}' {named}")
        unused = self._table.frame[how.key].filter(pl.Series(self._times == 0))
        if len(unused):
            named = _listed([f"'{one}'" for one in unused.head(SHOWN)], len(unused))
            note(f"{len(unused)} of {len(self._table)} labels in {source} have no row, for their '{how.key}' {named}")

    def _count(self, rows: Dataset, keys: pl.Series, at: pl.Series) -> None:
        found = at.drop_nulls().to_numpy()
        if self._times[found].any():
            seen = int(np.flatnonzero(self._times[found])[0])
            first = int(at.is_not_null().arg_true()[seen])
            raise DataError(f"{rows.place(first)}, column '{self._how.key}': the key repeats '{keys[first]}'")
        np.add.at(self._times, found, 1)
        lacking = at.is_null()
        self._rows, self._lacking = self._rows + len(rows), self._lacking + int(lacking.sum())
        self._examples += [f"'{one}'" for one in keys.filter(lacking).head(SHOWN - len(self._examples))]


def _listed(names: list[str], count: int) -> str:
    shown = ", ".join(names)
    return (
        f"{shown} {'is' if count == 1 else 'are'} not in it" if count <= len(names) else f"{shown}, ... are not in it"
    )


def _comparable(left: pl.Series, right: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return both keys in one type: that of both, floats where both are numbers, else texts."""
    if left.dtype == right.dtype:
        return left, right
    kind = pl.Float64() if left.dtype.is_numeric() and right.dtype.is_numeric() else pl.String()
    return left.cast(kind), right.cast(kind)


def _refuse_absent(rows: Dataset, name: str) -> None:
    if name not in rows.columns:
        near = difflib.get_close_matches(name, rows.columns, 1)
        hint = f", did you mean '{near[0]}'?" if near else ""
        known = ", ".join(rows.columns)
        raise DataError(f"{rows.index['source'][0]}: no column '{name}', which `labels` names{hint} (columns: {known})")


def _refuse_repeated(rows: Dataset, name: str) -> None:
    keys = rows.frame[name]
    if keys.dtype.is_nested():
        raise DataError(f"{rows.index['source'][0]}, column '{name}': lists are no keys; name another `key`")
    bad = keys.is_null() | ~keys.is_first_distinct()
    if bad.any():
        at = int(bad.arg_true()[0])
        fact = "is empty" if keys[at] is None else f"repeats '{keys[at]}'"
        raise DataError(f"{rows.place(at)}, column '{name}': the key {fact}; a key must name one row")
