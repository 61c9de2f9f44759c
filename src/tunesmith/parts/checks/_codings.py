"""Ways to read a column as codes: by its values, by their order, by whether there is one, by the length of a text."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

RARE = 5  # values of fewer rows are also read as one: a remark of its own in each row of a class, beside a standard one
HEAD = 32  # letters of a text by which it is put in order
FEWEST_BINS = 8
FINER = 4  # each reading in bins has so many times the bins of the one before
ROWS_OF_A_BIN = 8  # in the finest reading


def codings(column: pl.Series, kind: str, classes: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield what of the column is read, in words, and its codes: int64 (rows,), 0 for what is missing.

    `classes` is how many there are to be told apart, or 0 where a value is asked for.
    """
    if column.dtype.is_float():
        column = column.fill_nan(None)
    is_there = column.is_not_null()
    if is_there.any() and not is_there.all():
        yield "whether it is filled", is_there.to_numpy().astype(np.int64)
    if column.dtype.is_numeric():
        yield "its value", _dense(column)
        yield from (("its value", codes) for codes in (*binned(column), *_heaped(column, classes)))
        return
    if column.dtype == pl.List:
        column = column.cast(pl.List(pl.String)).list.sort().list.join("\x1f")
    texts = column.cast(pl.String).str.strip_chars()
    yield "its value", _dense(texts)
    counts = pl.DataFrame({"text": texts}).select(pl.len().over("text"))[:, 0]
    common = pl.select(pl.when(counts >= RARE).then(texts).when(texts.is_not_null()).then(pl.lit("")))[:, 0]
    yield "its value", _dense(common)
    yield from (("the order of its values", codes) for codes in binned(texts.str.slice(0, HEAD)))
    if kind == "text":
        yield from (("the length of the text", codes) for codes in binned(texts.str.len_chars()))


def binned(column: pl.Series) -> Iterator[np.ndarray]:
    """Yield the codes of 8, 32, 128, ... bins of equally many rows, the last with 8 rows each; equal values share one.

    However coarse or fine the steps in which a column tells something, one of the readings has them.
    """
    rank = column.rank("max").fill_null(0).to_numpy().astype(np.int64)
    finest = len(rank) // ROWS_OF_A_BIN
    bins = FEWEST_BINS
    while bins < finest:
        yield np.where(rank > 0, 1 + (rank - 1) * bins // len(rank), 0)
        bins *= FINER
    if finest > 1:
        yield np.where(rank > 0, 1 + (rank - 1) * finest // len(rank), 0)


def _heaped(column: pl.Series, classes: int) -> Iterator[np.ndarray]:
    """Yield the codes of heaps, cut where the values lie farthest apart: numbers of classes with noise on them."""
    values = column.cast(pl.Float64)
    levels = values.filter(values.is_finite()).unique().sort().to_numpy()
    for cuts in (classes - 1, 2 * classes):
        if 0 < cuts < len(levels) - 1:
            gaps = np.sort(np.argpartition(np.diff(levels), -cuts)[-cuts:])
            heap = 1 + np.searchsorted(levels[gaps], values.fill_null(0.0).to_numpy(), side="left")
            yield np.where(values.is_not_null().to_numpy(), heap, 0).astype(np.int64)


def _dense(column: pl.Series) -> np.ndarray:
    """Return a code for each different value, 0 for a missing one."""
    return column.rank("dense").fill_null(0).to_numpy().astype(np.int64)
