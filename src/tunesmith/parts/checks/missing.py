"""Values that are not there, or are no numbers where numbers are."""

from __future__ import annotations

from typing import ClassVar

import polars as pl

from . import Check, Finding, Remedy, Severity, Table
from ._words import counted


class Missing(Check):
    """Missing values of the inputs and the target (null, blank text, NaN), and numbers that are infinite."""

    remedies: ClassVar[tuple[Remedy, ...]] = ("drop", "impute", "map", "review")

    def find(self, table: Table) -> list[Finding]:
        """Return a finding per column and fault: an error for a whole column and for an infinite target."""
        names = [*([table.target] if table.target else []), *table.inputs]
        found = [
            finding
            for name in dict.fromkeys(names)
            for finding in (self._absent(table, name), self._infinite(table, name))
            if finding is not None
        ]
        return sorted(found, key=lambda finding: finding.severity != "error")

    def _absent(self, table: Table, name: str) -> Finding | None:
        series = table.data.frame[name]
        absent = series.is_null()
        if series.dtype == pl.String:
            absent |= (series.str.strip_chars() == "").fill_null(False)
        elif series.dtype.is_float():
            absent |= series.is_nan().fill_null(False)
        rows = tuple(absent.arg_true().to_list())
        if not rows:
            return None
        whole = len(rows) == len(series)
        if whole:
            fact = f"no row has a value in column '{name}'"
            remedy = "name another `target`" if name == table.target else "leave it out of `inputs`"
        else:
            share = f"{counted(len(rows), 'row')} of {len(series)}"
            fact = f"{share} without a value in column '{name}' (first: {table.data.place(rows[0])})"
            remedy = "label them or drop them" if name == table.target else "fill them or drop them"
        return self._finding("error" if whole else "warning", rows, f"{fact}; {remedy}", name)

    def _infinite(self, table: Table, name: str) -> Finding | None:
        series = table.data.frame[name]
        if not series.dtype.is_float():
            return None
        rows = tuple(series.is_infinite().fill_null(False).arg_true().to_list())
        if not rows:
            return None
        place = f"column '{name}' (first: {table.data.place(rows[0])})"
        advice = (
            f"{counted(len(rows), 'row')} with an infinite number in {place}; "
            "correct them, or name 'inf' and '-inf' under `missing` of the data"
        )
        return self._finding("error" if name == table.target else "warning", rows, advice, name)

    def _finding(self, severity: Severity, rows: tuple[int, ...], advice: str, name: str) -> Finding:
        return Finding(self.kind, severity, rows, (1.0,) * len(rows), advice, name)
