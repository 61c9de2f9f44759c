"""Values that are not there, or are no numbers where numbers are."""

from __future__ import annotations

import polars as pl

from . import Check, Finding, Severity, Table
from ._words import counted


class Missing(Check):
    """Missing values of the inputs and the target (null, blank text, NaN), and numbers that are infinite."""

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
        count = int(absent.sum())
        if not count:
            return None
        rows = tuple(absent.arg_true().to_list())
        place, target = table.data.place(rows[0]), name == table.target
        if count == len(series):
            what = "the target" if target else "the input"
            remedy = "name another `target`" if target else "leave it out of `inputs`"
            fact = f"{what} '{name}' has no value in any of {counted(count, 'row')}"
        else:
            what = "no answer" if target else "no value"
            remedy = (
                "label them, or drop them with `clean: {missing: drop}`"
                if target
                else "fill or drop them under `clean:`"
            )
            fact = f"{counted(count, 'row')} of {len(series)} have {what} in column '{name}' (first {place})"
        severity: Severity = "error" if count == len(series) else "warning"
        return Finding(self.kind, severity, rows, (1.0,) * count, f"{fact}; {remedy}", name)

    def _infinite(self, table: Table, name: str) -> Finding | None:
        series = table.data.frame[name]
        if not series.dtype.is_float():
            return None
        rows = tuple(series.is_infinite().fill_null(False).arg_true().to_list())
        if not rows:
            return None
        first = table.data.place(rows[0])
        fact = f"{counted(len(rows), 'row')} with an infinite number in column '{name}' (first {first})"
        severity: Severity = "error" if name == table.target else "warning"
        advice = f"{fact}; correct them, or name 'inf' and '-inf' under `missing` of the data"
        return Finding(self.kind, severity, rows, (1.0,) * len(rows), advice, name)
