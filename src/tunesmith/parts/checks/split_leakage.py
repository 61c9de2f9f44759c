"""What given splits share: rows, near rows, groups, and time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from pydantic import Field

from . import Check, Finding, Severity, Table
from ._near import first_rows, nearest, nearly_equal
from ._words import counted, first_equal

ORDER = {"train": 0, "validation": 1, "test": 2}
SHOWN = 3


@dataclass(frozen=True, slots=True)
class _Leak:
    """Rows to give up (`row`, `other`, `similarity`), and how that is told."""

    rows: pl.DataFrame
    severity: Severity
    fact: str
    remedy: str
    column: str | None = None


class SplitLeakage(Check):
    """Splits that came with the data and are not apart: a row, a near copy, a group or a time is in two of them.

    The row listed is the one to give up: that of train where the other is of validation or test, that of validation
    where the other is of test. The other one is its origin.
    """

    similarity: float = Field(0.8, ge=0.6, le=1)
    """How alike near rows must be, as in `near_duplicates`."""

    def find(self, table: Table) -> list[Finding]:
        """Return a finding per kind of leak: errors for rows and groups, warnings for near rows and for times."""
        splits = table.data.index["split"]
        if splits.null_count() or splits.n_unique() < 2:
            return []
        side = splits.replace_strict(ORDER, default=1, return_dtype=pl.Int64).to_numpy()
        leaks = (*_rows(table, side), *_groups(table, side), *_near(table, side, self.similarity), *_times(table, side))
        return [self._finding(table, one) for one in leaks if one.rows.height]

    def _finding(self, table: Table, leak: _Leak) -> Finding:
        names = table.data.index["split"]
        shown = [
            f"{table.data.place(row)} ({names[row]}) and {table.data.place(other)} ({names[other]})"
            for row, other in leak.rows.select("row", "other").head(SHOWN).iter_rows()
        ]
        examples = ", ".join(shown) + (", ..." if leak.rows.height > SHOWN else "")
        advice = f"{counted(leak.rows.height, 'row')} {leak.fact} ({examples}); {leak.remedy}"
        rows, origins, scores = (tuple(leak.rows[name].to_list()) for name in ("row", "other", "similarity"))
        return Finding(self.kind, leak.severity, rows, scores, advice, leak.column, origins=origins)


def _rows(table: Table, side: np.ndarray) -> Iterator[_Leak]:
    if table.inputs:
        rows = _shared(first_equal(table, table.inputs).rename({"first": "key"}), side)
        yield _Leak(
            rows, "error", "with the inputs of a row in another split", "`split: {leaks: drop}` leaves them out"
        )


def _groups(table: Table, side: np.ndarray) -> Iterator[_Leak]:
    if table.group in table.data.columns:
        keys = table.data.frame[table.group]
        rows = _shared(pl.DataFrame({"position": np.arange(len(keys)), "key": keys}).drop_nulls(), side)
        fact = f"whose '{table.group}' is in another split too"
        yield _Leak(rows, "error", fact, f"keep the rows of each '{table.group}' in one split", table.group)


def _near(table: Table, side: np.ndarray, threshold: float) -> Iterator[_Leak]:
    """Find near rows on two sides; of equal rows the search pairs only the first, so the others follow it."""
    pairs = nearly_equal(table, threshold)
    placed = pl.DataFrame({"row": np.arange(len(side)), "key": first_rows(table), "side": side})
    last = placed.sort("side", "row", descending=[True, False]).unique("key", keep="first", maintain_order=True)
    ends = pl.DataFrame({"key": pairs.first, "near": pairs.second, "similarity": pairs.similarity})
    ends = pl.concat([ends, ends.select(key="near", near="key", similarity="similarity")])
    leaks = placed.join(ends, on="key").join(last, left_on="near", right_on="key", suffix="_last")
    leaks = leaks.filter(pl.col("side") < pl.col("side_last"))
    rows = nearest(*(leaks[name].to_numpy() for name in ("row", "row_last", "similarity")))
    remedy = "remove them there, or give one file and let it be divided"
    yield _Leak(rows, "warning", "nearly equal to a row in another split", remedy)


def _times(table: Table, side: np.ndarray) -> Iterator[_Leak]:
    """Find rows that are not earlier than every row of the splits after theirs; texts compare as ISO dates do."""
    if table.time not in table.data.columns:
        return
    rows = pl.DataFrame({"row": np.arange(len(side)), "side": side, "time": table.data.frame[table.time]}).drop_nulls()
    first = rows.sort("time", "row").unique("side", keep="first", maintain_order=True)
    late = rows.join_where(
        first.select(other="row", after="side", start="time"),
        pl.col("side") < pl.col("after"),
        pl.col("time") >= pl.col("start"),
    )
    late = late.sort("row", "after").unique("row", keep="last", maintain_order=True)
    fact = f"not earlier in '{table.time}' than the first row of a split after theirs"
    remedy = "divide by time, or the model is judged on a past whose future it has seen"
    yield _Leak(late.select("row", "other", similarity=pl.lit(1.0)), "warning", fact, remedy, table.time)


def _shared(members: pl.DataFrame, side: np.ndarray) -> pl.DataFrame:
    """Return the rows whose key a later split has too: `row`, `other` (the first row of that key there), `similarity`.

    `members` has the columns `position` and `key`.
    """
    placed = members.with_columns(side=pl.Series(side)[members["position"]])
    last = placed.sort("side", "position", descending=[True, False]).unique("key", keep="first", maintain_order=True)
    joined = placed.join(last, on="key", suffix="_last").filter(pl.col("side") < pl.col("side_last"))
    return joined.sort("position").select(
        pl.col("position").alias("row"), pl.col("position_last").alias("other"), similarity=pl.lit(1.0)
    )
