"""What the cells of a column are: missing, numbers, or text. All of it vectorised."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from polars import selectors

# A number with a leading zero, like 007, is a code: an id, a postcode. Read as a number it would lose its zeros.
INTEGER = r"^[+-]?(?:0|[1-9][0-9]*)$"
FINITE = r"^[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
NOT_FINITE = r"(?i)^[+-]?(?:nan|inf|infinity)$"


def without_missing(frame: pl.DataFrame, texts: Sequence[str], trim: bool = False) -> pl.DataFrame:
    """Return the frame with null in place of these texts; with `trim`, every text loses the space around it first."""
    if not texts and not trim:
        return frame
    text = selectors.string()
    value = text.str.strip_chars() if trim else text
    return frame.with_columns(pl.when(value.is_in(list(texts))).then(None).otherwise(value).name.keep())


def with_numbers(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with every text column of nothing but decimal numbers as Int64 or Float64.

    'nan' and 'inf' count as numbers beside a finite one. Integers too long for Int64 stay text: they are ids,
    and a float would make different ones equal.
    """
    return frame.with_columns(_number(series) for series in frame if series.dtype == pl.String)


def _number(series: pl.Series) -> pl.Series:
    seen = series.drop_nulls()
    finite = seen.str.contains(FINITE)
    if not finite.any() or not (finite | seen.str.contains(NOT_FINITE)).all():
        return series
    if not seen.str.contains(INTEGER).all():
        return series.cast(pl.Float64)
    integers = series.cast(pl.Int64, strict=False)
    return integers if integers.null_count() == series.null_count() else series
