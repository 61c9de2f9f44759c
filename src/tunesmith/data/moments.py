"""Points in time out of a column: ISO 8601 texts or plain numbers, and where to cut them."""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from ..core.errors import DataError
from .dataset import Dataset

SHOWN = 60  # characters of a value that a message quotes
ISO = (
    r"^\s*(?<year>\d{4})[-/](?<month>\d{1,2})(?:[-/](?<day>\d{1,2})"
    r"(?:[Tt ]\s*(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:[.,](?<fraction>\d{1,9}))?)?)?)?"
    r"\s*(?<zone>[Zz]|[+-]\d{2}:?\d{2})?\s*$"
)
REMEDY = "write times as 2024-06-01, 2024-06-01T12:30:00 or a number"


def moments(column: pl.Series) -> pl.Series:
    """Return a column's times: numbers as Float64, all else as Datetime in UTC; null where a value is neither.

    A time without a zone is taken as UTC, a day as its beginning, a month as its first day.
    """
    if column.dtype.is_numeric():
        return column.cast(pl.Float64).fill_nan(None)
    if column.dtype.is_temporal():
        return column.cast(pl.Datetime("us"), strict=False)
    parts = pl.DataFrame({"text": column.cast(pl.String)}).select(pl.col("text").str.extract_groups(ISO)).unnest("text")
    pad = {name: pl.col(name).fill_null("0").str.zfill(2) for name in ("month", "hour", "minute", "second")}
    day = pl.col("day").fill_null("1").str.zfill(2)
    fraction = pl.col("fraction").fill_null("0").str.pad_end(6, "0").str.slice(0, 6)
    text = pl.format(
        "{}-{}-{}T{}:{}:{}.{}", "year", pad["month"], day, pad["hour"], pad["minute"], pad["second"], fraction
    )
    zone = pl.col("zone").str.replace("^[Zz]$", "+0000").str.replace(":", "", literal=True).fill_null("+0000")
    minutes = zone.str.slice(1, 2).cast(pl.Int64) * 60 + zone.str.slice(3, 2).cast(pl.Int64)
    ahead = pl.when(zone.str.starts_with("-")).then(-minutes).otherwise(minutes)
    local = text.str.strptime(pl.Datetime("us"), "%Y-%m-%dT%H:%M:%S%.6f", strict=False)
    return parts.select((local - pl.duration(minutes=ahead)).alias(column.name))[:, 0]


def times_of(data: Dataset, name: str) -> pl.Series:
    """Return the times of a column of rows. Raises DataError naming the first row that has none, or no such column."""
    if name not in data.columns:
        raise DataError(f"split.time: there is no column '{name}' (columns: {', '.join(data.columns)})")
    column = data.frame[name]
    times = moments(column)
    if times.null_count():
        at = int(times.is_null().arg_true()[0])
        value = column[at]
        fact = "the time is missing" if value is None else f"'{str(value)[:SHOWN]}' is not a time"
        more = f" ({times.null_count()} such rows)" if times.null_count() > 1 else ""
        raise DataError(f"{data.place(at)}, column '{name}': {fact}{more}; {REMEDY}, or remove the row")
    return times


def cut_at(times: pl.Series, value: str | float, key: str) -> pl.Series:
    """Return a given cut as a series of one time of the same type. Raises DataError where it is none of that column."""
    cut = moments(pl.Series([value]))
    if cut.null_count():
        raise DataError(f"{key}: '{value}' is not a time; {REMEDY}")
    if cut.dtype != times.dtype:
        what = "numbers" if times.dtype.is_numeric() else "dates"
        raise DataError(
            f"{key}: '{value}' cannot be compared with column '{times.name}', which holds {what}; give one of these"
        )
    return cut


def cut_by_share(times: pl.Series, share: float) -> pl.Series:
    """Return the time, as a series of one, from which on about `share` of the rows lie; equal times stay together.

    It is never the first of all times, so that rows are left before it. Raises DataError where all are equal.
    """
    ordered = times.sort()
    starts = np.flatnonzero((ordered != ordered.shift(1)).fill_null(True).to_numpy())[1:]
    if not len(starts):
        raise DataError(
            f"split.time: column '{times.name}' holds one time only; name another column, or divide by hash"
        )
    wanted = len(ordered) * (1.0 - share)
    return ordered.slice(int(starts[np.abs(starts - wanted).argmin()]), 1)


def shown(time: pl.Series) -> str:
    """Return a series of one time as a recipe would write it."""
    value = time[0]
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return re.sub(r"T00:00:00$", "", value.isoformat())
