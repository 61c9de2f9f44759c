"""Parquet: typed columns, brought to numbers, texts and lists of texts."""

from __future__ import annotations

import polars as pl

from ...core.errors import DataError
from . import Note, silent
from ._bytes import Local, unreadable
from ._files import Files

MARK = b"PAR1"


class Parquet(Files):
    """Rows of a Parquet file; dates become ISO texts, categories and truth values texts, decimals floats."""

    def read_file(self, file: Local, note: Note = silent) -> pl.DataFrame:
        """Return the rows; raises DataError on a file that is no whole Parquet file, or a type that cannot be used."""
        try:
            with file.path.open("rb") as opened:
                start = opened.read(4)
                end = opened.seek(0, 2) and opened.seek(-4, 2) and opened.read(4) if len(start) == 4 else b""
            if start != MARK or end != MARK:
                raise DataError(f"{file.name}: not a whole Parquet file; write it again, or copy it completely")
            frame = pl.read_parquet(file.path, glob=False, hive_partitioning=False)
        except OSError as error:
            raise unreadable(file.name, error) from error
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            fact = str(error).partition("\n")[0]
            raise DataError(f"{file.name}: a damaged Parquet file ({fact}); write or copy it again") from error
        return frame.select(_plain(series, file.name) for series in frame)


def _plain(series: pl.Series, source: str) -> pl.Series:
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
