"""E-mail addresses, telephone numbers, payment cards, bank accounts and internet addresses in the rows."""

from __future__ import annotations

from typing import Literal

import polars as pl

from . import Check, Finding, Table
from ._personal import HINTS, SCORES, masked
from ._words import counted

PersonalKind = Literal["email", "phone", "card", "iban", "ip"]
NAMES = {
    "email": "an e-mail address",
    "phone": "a telephone number",
    "card": "a payment card's number",
    "iban": "a bank account (IBAN)",
    "ip": "an internet address",
}
LONG_NUMBER = 10**12  # smaller integers are no payment card
MOST = 0.5  # share of an integer column that has to be cards: of random numbers, some pass every test


class PersonalData(Check):
    """Cells that name or reach a person, found by validated patterns, with precision before recall.

    A card has an issuer's range and Luhn's check digit, an IBAN its country's length and remainder, a telephone number
    a calling code or enough digits with separators, and no word like `order` before it. Findings never show them.
    """

    remedies = ("normalise", "drop", "review")

    kinds: tuple[PersonalKind, ...] = ("email", "phone", "card", "iban", "ip")
    """What is looked for."""
    mask: bool = True
    """Whether it is masked in reports, pages, tables and JSON. Data, ids, answers and classes stay as they are."""

    def find(self, table: Table) -> list[Finding]:
        """Return a finding per kind and column; a suggestion is the cell with all that was found masked."""
        names = dict.fromkeys([*table.inputs, *table.left_out, *([table.target] if table.target else [])])
        found = [one for name in names for one in self._column(table, name)]
        return sorted(found, key=lambda one: one.severity != "warning")

    def hide(self, text: str) -> str:
        """Return a text with what this check looks for masked, as pages and tables show it."""
        return masked(text, self.kinds)[0]

    def _column(self, table: Table, name: str) -> list[Finding]:
        series = table.data.frame[name]
        if series.dtype.is_integer():
            return self._numbers(table, name, series)
        if series.dtype != pl.String or table.kinds.get(name) == "image":
            return []
        rows: dict[str, list[int]] = {}
        right: dict[int, str] = {}
        hints = "|".join(HINTS[kind] for kind in self.kinds)
        suspect = series.str.contains(hints).fill_null(False).arg_true() if hints else pl.Series([], dtype=pl.UInt32)
        for row, text in zip(suspect.to_list(), series[suspect], strict=True):
            hidden, kinds = masked(text, self.kinds)
            if kinds:
                right[row] = hidden
            for kind in kinds:
                rows.setdefault(kind, []).append(row)
        return [
            self._finding(table, name, kind, rows[kind], tuple(right[row] for row in rows[kind]))
            for kind in self.kinds
            if kind in rows
        ]

    def _numbers(self, table: Table, name: str, series: pl.Series) -> list[Finding]:
        """Return a finding where most of an integer column are payment cards; a column of numbers holds no mask."""
        long = (series >= LONG_NUMBER).fill_null(False)
        if "card" not in self.kinds or not long.any() or int(long.sum()) < MOST * (len(series) - series.null_count()):
            return []
        rows = [row for row in long.arg_true() if masked(str(series[row]), ("card",))[1]]
        if len(rows) < MOST * int(long.sum()):
            return []
        return [self._finding(table, name, "card", rows, (None,) * len(rows))]

    def _finding(self, table: Table, name: str, kind: str, rows: list[int], right: tuple[str | None, ...]) -> Finding:
        advice = (
            f"column '{name}': {counted(len(rows), 'row')} with {NAMES[kind]} (first: {table.data.place(rows[0])}); "
            f"a model may repeat it: mask it (here [{kind}]), or leave such rows out, unless you may and must keep it"
        )
        severity: Literal["info", "warning"] = "info" if kind == "ip" else "warning"
        scores = (SCORES[kind],) * len(rows)
        return Finding(self.kind, severity, tuple(rows), scores, advice, name, suggestions=right)
