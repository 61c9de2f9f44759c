"""Rows that repeat an earlier row."""

from __future__ import annotations

import polars as pl

from . import Check, Finding, Table
from ._words import counted, first_equal

SHOWN = 3


class Duplicates(Check):
    """Rows equal to an earlier row in every input and in the target; only the later copies are listed."""

    def find(self, table: Table) -> list[Finding]:
        """Return one finding over all later copies; a row without any input repeats nothing."""
        if not table.inputs or not len(table.data):
            return []
        columns = list(dict.fromkeys([*table.inputs, *([table.target] if table.target else [])]))
        copies = first_equal(table, columns).filter(pl.col("position") > pl.col("first"))
        if not copies.height:
            return []
        examples = [
            f"{table.data.place(position)} repeats {table.data.place(first)}"
            for position, first in copies.head(SHOWN).iter_rows()
        ]
        more = ", ..." if copies.height > SHOWN else ""
        equal = "every input and the target" if table.target else "every input"
        verb = "repeats" if copies.height == 1 else "repeat"
        advice = (
            f"{counted(copies.height, 'row')} {verb} an earlier row in {equal} "
            f"({', '.join(examples)}{more}): a copy in the test data is no test; "
            "remove them from the source"
        )
        rows = tuple(copies["position"].to_list())
        origins = tuple(copies["first"].to_list())
        return [Finding(self.kind, "warning", rows, (1.0,) * len(rows), advice, origins=origins)]
