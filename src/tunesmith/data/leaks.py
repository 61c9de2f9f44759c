"""Rows of one part that give away rows of another: equal, near, of the same group, or from later times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from .dataset import Dataset
from .moments import times_of


@dataclass(frozen=True, slots=True)
class Leaks:
    """Rows of a first part and, beside each, the first row of a second part that it gives away: int64 positions."""

    rows: np.ndarray
    twins: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)


def equal_rows(first: Dataset, second: Dataset) -> Leaks:
    """Return the rows of `first` whose inputs are also those of a row of `second`."""
    return _joined(first.index["content"], second.index["content"])


def equal_groups(first: Dataset, second: Dataset, column: str) -> Leaks:
    """Return the rows of `first` whose value in a column is also one of `second`'s; a missing one is nobody's."""
    one, other = (data.frame[column].cast(pl.String) for data in (first, second))
    return _joined(one, other)


def near_rows(first: Dataset, second: Dataset, near: pl.DataFrame) -> Leaks:
    """Return the rows of `first` that are near to a row of `second`.

    `near` has the columns `first` and `second`: the contents of two near rows, either way round.
    """
    ways = [
        near.select(one=pl.col(one), other=pl.col(other)) for one, other in (("first", "second"), ("second", "first"))
    ]
    place = pl.DataFrame({"other": second.index["content"]}).with_row_index("twin").unique("other", keep="first")
    known = pl.concat(ways).join(place, on="other").group_by("one").agg(pl.col("twin").min())
    rows = pl.DataFrame({"one": first.index["content"]}).with_row_index("row").join(known, on="one").sort("row")
    return _leaks(rows)


def later_rows(first: Dataset, second: Dataset, column: str) -> Leaks:
    """Return the rows of `first` that are later than the earliest row of `second`. Raises DataError like `times_of`."""
    if not len(first) or not len(second):
        return Leaks(np.empty(0, np.int64), np.empty(0, np.int64))
    times = times_of(second, column)
    rows = np.flatnonzero((times_of(first, column) > times.min()).to_numpy())
    return Leaks(rows, np.full(len(rows), times.arg_min(), np.int64))


def _joined(first: pl.Series, second: pl.Series) -> Leaks:
    place = pl.DataFrame({"key": second}).with_row_index("twin").drop_nulls().unique("key", keep="first")
    return _leaks(pl.DataFrame({"key": first}).with_row_index("row").join(place, on="key").sort("row"))


def _leaks(rows: pl.DataFrame) -> Leaks:
    return Leaks(rows["row"].to_numpy().astype(np.int64), rows["twin"].to_numpy().astype(np.int64))
