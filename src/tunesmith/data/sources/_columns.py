"""What the cells of a column are: missing, numbers, texts or lists of texts. All of it vectorised."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from polars import selectors

from ...core.errors import DataError

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
    and a float would make different ones equal. So does a column with a number beyond Float64, like 1e309.
    """
    return frame.with_columns(_number(series) for series in frame if series.dtype == pl.String)


def _number(series: pl.Series) -> pl.Series:
    seen = series.drop_nulls()
    finite = seen.str.contains(FINITE)
    if not finite.any() or not (finite | seen.str.contains(NOT_FINITE)).all():
        return series
    if not seen.str.contains(INTEGER).all():
        floats = series.cast(pl.Float64)
        return series if (seen.cast(pl.Float64).is_infinite() & finite).any() else floats
    integers = series.cast(pl.Int64, strict=False)
    return integers if integers.null_count() == series.null_count() else series


def plain(series: pl.Series, source: str) -> pl.Series:
    """Return a typed column as Int64, Float64, texts or lists of texts.

    Integers beyond Int64, truth values, categories, dates and times become texts, the last as ISO 8601. Raises
    DataError, naming column and type, on a type that is none of these.
    """
    kind = series.dtype
    if kind.is_integer():
        small = series.cast(pl.Int64, strict=False)
        return small if small.null_count() == series.null_count() else series.cast(pl.String)
    if kind.is_float() or kind.is_decimal():
        return series.cast(pl.Float64)
    if kind.is_temporal():
        return series.dt.to_string("iso:strict")
    if kind == pl.Boolean:
        return series.replace_strict({True: "true", False: "false"}, return_dtype=pl.String)
    if isinstance(kind, pl.String | pl.Categorical | pl.Enum | pl.Null):
        return series.cast(pl.String)
    if isinstance(kind, pl.List):
        return _texts(series, kind, source)
    raise _unusable(series, source)


def _texts(series: pl.Series, kind: pl.List, source: str) -> pl.Series:
    inner = kind.inner
    if not (isinstance(inner, pl.String | pl.Categorical | pl.Enum | pl.Null) or inner.is_integer()):
        raise _unusable(series, source)
    holes = series.list.eval(pl.element().is_null().any()).list.first().fill_null(False)
    if holes.any():
        row = int(holes.arg_true()[0]) + 1
        raise DataError(f"{source} row {row}, column '{series.name}': a list that holds null; take it out of the list")
    return series.cast(pl.List(pl.String))


def _unusable(series: pl.Series, source: str) -> DataError:
    remedy = "write it as text, numbers, or lists of texts, or leave the column out"
    return DataError(f"{source}, column '{series.name}': the type {series.dtype} cannot be used; {remedy}")
