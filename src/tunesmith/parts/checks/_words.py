"""Wording and grouping that several checks share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from ...data.shapes import is_tags
from . import Table

SHOWN = 5


def counted(count: int, noun: str) -> str:
    """Return `1 row` or `3 rows`."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{count} {noun if count == 1 else plural}"


def listed(names: Iterable[object], shown: int = SHOWN) -> str:
    """Return the first names in quotes, and how many more there are; a list of labels is one name."""
    everything = list(names)
    more = [f"and {len(everything) - shown} more"] if len(everything) > shown else []
    return ", ".join([_quoted(name) for name in everything[:shown]] + more)


def _quoted(name: object) -> str:
    if isinstance(name, list):
        return " with ".join(map(_quoted, name)) or "no label"
    return f"'{_short(str(name))}'"


def _short(text: str, length: int = 40) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def answers_of(table: Table) -> pl.Series:
    """Return the target's values such that equal answers are equal: a list of labels counts as a set, tags in order."""
    assert table.target is not None
    series = table.data.frame[table.target]
    if not isinstance(series.dtype, pl.List) or is_tags(table.data.frame, table.target):
        return series
    return (
        series.list.unique(maintain_order=True) if series.dtype.inner.is_nested() else series.list.unique().list.sort()
    )


def first_equal(table: Table, columns: Sequence[str]) -> pl.DataFrame:
    """Return `position` and `first`: the first row with the same values in these columns, missing equal to missing.

    A row without any input is left out, for it repeats nothing.
    """
    frame = table.data.frame
    values = {
        f"value_{number}": answers_of(table) if name == table.target else frame[name]
        for number, name in enumerate(columns)
    }
    position = pl.int_range(pl.len(), dtype=pl.Int64)
    filled = frame.select(pl.any_horizontal(pl.col(table.inputs).is_not_null()))[:, 0]
    keyed = pl.DataFrame(values).with_columns(position=position).filter(filled)
    return keyed.select("position", first=pl.col("position").min().over(list(values)))
