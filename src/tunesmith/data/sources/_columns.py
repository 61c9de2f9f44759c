"""What the cells of a column are: missing, numbers, texts or lists of texts. All of it vectorised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from polars import selectors

from ...core.errors import DataError

# A number with a leading zero, like 007, is a code: an id, a postcode. Read as a number it would lose its zeros.
INTEGER = r"^[+-]?(?:0|[1-9][0-9]*)$"
FINITE = r"^[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
WIDE = (pl.UInt64, pl.Int128, pl.UInt128)  # may hold integers beyond Int64
NOT_FINITE = r"(?i)^[+-]?(?:nan|inf|infinity)$"


def without_missing(frame: pl.DataFrame, texts: Sequence[str], trim: bool = False) -> pl.DataFrame:
    """Return the frame with null in place of these texts; with `trim`, every text loses the space around it first."""
    if not texts and not trim:
        return frame
    text = selectors.string()
    value = text.str.strip_chars() if trim else text
    return frame.with_columns(pl.when(value.is_in(list(texts))).then(None).otherwise(value).name.keep())


@dataclass(frozen=True, slots=True)
class Cells:
    """What the texts of a column are, of some of its rows or of all; `|` joins what several parts of it are."""

    has_number: bool = False
    """Whether one of them is a finite number."""
    are_numbers: bool = True
    """Whether all of them are numbers, 'nan' and 'inf' too."""
    are_integers: bool = True
    """Whether all of them are integers."""
    fit_integer: bool = True
    """Whether all of them, as integers, are within Int64."""

    @classmethod
    def of(cls, series: pl.Series) -> Cells:
        """Return what the texts of a column are; null is nothing."""
        seen = series.drop_nulls()
        finite = seen.str.contains(FINITE)
        if not (finite | seen.str.contains(NOT_FINITE)).all():
            return cls(are_numbers=False)
        are_integers = bool(seen.str.contains(INTEGER).all())
        fit_integer = are_integers and seen.cast(pl.Int64, strict=False).null_count() == 0
        return cls(bool(finite.any()), True, are_integers, fit_integer)

    def __or__(self, other: Cells) -> Cells:
        return Cells(
            self.has_number or other.has_number,
            self.are_numbers and other.are_numbers,
            self.are_integers and other.are_integers,
            self.fit_integer and other.fit_integer,
        )

    @property
    def dtype(self) -> pl.DataType:
        """The type of a column of such texts."""
        if not (self.has_number and self.are_numbers):
            return pl.String()
        if self.are_integers:
            return pl.Int64() if self.fit_integer else pl.String()
        return pl.Float64()


def with_numbers(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with every text column of nothing but decimal numbers as Int64 or Float64.

    'nan' and 'inf' count as numbers beside a finite one. Integers too long for Int64 stay text: they are ids,
    and a float would make different ones equal. A number beyond Float64, like 1e309, is infinite: checks name its row
    and training refuses it, where a text would silently make the whole column words.
    """
    return frame.with_columns(series.cast(Cells.of(series).dtype) for series in frame if series.dtype == pl.String)


def plain(series: pl.Series, source: str, before: int = 0) -> pl.Series:
    """Return a typed column as Int64, Float64, texts, lists of texts or bytes; `before` rows stand before it.

    Integers beyond Int64, truth values, categories, dates and times become texts, the last as ISO 8601. Raises
    DataError, naming column and type, on a type that is none of these. Bytes, as of images, stay bytes.
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
    if kind == pl.Binary:
        return series
    if isinstance(kind, pl.Struct) and any(one.name == "bytes" and one.dtype == pl.Binary for one in kind.fields):
        return series.struct.field("bytes").alias(series.name)  # an image as `datasets` writes it, with its path
    if isinstance(kind, pl.List):
        return _texts(series, kind, source, before)
    raise _unusable(series, source)


def plain_types(schema: Mapping[str, pl.DataType], ends: pl.DataFrame, source: str) -> dict[str, pl.DataType]:
    """Return the types that `plain` gives columns; `ends` are the least and the greatest value of those in WIDE."""
    types = {name: plain(pl.Series(name, [], kind), source).dtype for name, kind in schema.items()}
    return types | {series.name: plain(series, source).dtype for series in ends}


def typed(series: pl.Series, kind: pl.DataType, source: str, before: int) -> pl.Series:
    """Return a part of a column as `plain` returns the whole, which is of this kind."""
    is_long = series.dtype.is_integer() and kind == pl.String
    return series.cast(pl.String) if is_long else plain(series, source, before)


def _texts(series: pl.Series, kind: pl.List, source: str, before: int) -> pl.Series:
    inner = kind.inner
    if not (isinstance(inner, pl.String | pl.Categorical | pl.Enum | pl.Null) or inner.is_integer()):
        raise _unusable(series, source)
    holes = series.list.eval(pl.element().is_null().any()).list.first().fill_null(False)
    if holes.any():
        row = before + int(holes.arg_true()[0]) + 1
        raise DataError(f"{source} row {row}, column '{series.name}': a list that holds null; take it out of the list")
    return series.cast(pl.List(pl.String))


def _unusable(series: pl.Series, source: str) -> DataError:
    remedy = "write it as text, numbers, or lists of texts, or leave the column out"
    return DataError(f"{source}, column '{series.name}': the type {series.dtype} cannot be used; {remedy}")
