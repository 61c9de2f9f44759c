"""The class that a row counts for in a stratified division: decided by the row and the rows before it."""

from __future__ import annotations

import numpy as np
import polars as pl

from .forms import Form

BINS = 10  # of a value: its tenths
LEAST_PER_BIN = 10  # rows that tell where a bin ends
LABELS = "[^|;,]+"  # in one text; fixed, for what separates labels in a file must not hang on its later rows
NONE = ""  # the class of a row without a label


def strata(target: pl.Series, form: Form = "class") -> pl.Series:
    """Return the name of each row's stratum, String: its class, the rarest of its classes, or the tenth of its value.

    The rarest of its tags; of any other form, all rows are of one stratum.

    Rows appended later change nothing: which class is rarest, and where a tenth ends, is asked of earlier rows only.
    """
    if form == "classes":
        return _rarest(target if target.dtype == pl.List else target.cast(pl.String).str.extract_all(LABELS))
    if form == "value":
        return _tenths(target.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy())
    if form == "class":
        return target.cast(pl.String).fill_null(NONE)
    if form == "tags":
        return _rarest(target)
    return pl.repeat(NONE, len(target), eager=True)


def _rarest(target: pl.Series) -> pl.Series:
    """Return of each row's labels the one that earlier rows have least, in the spirit of iterative stratification.

    Sechidis, Tsoumakas and Vlahavas, "On the stratification of multi-label data" (2011), deal out the rarest label
    first; theirs needs all rows at once.
    """
    rows = pl.DataFrame({"row": pl.int_range(len(target), eager=True), "label": target})
    each = rows.explode("label").drop_nulls().with_columns(pl.col("label").cast(pl.String).str.strip_chars())
    each = each.with_columns(seen=pl.int_range(pl.len()).over("label"))
    rarest = each.sort("row", "seen", "label").unique("row", keep="first", maintain_order=True)
    return rows.select("row").join(rarest, on="row", how="left", maintain_order="left")["label"].fill_null(NONE)


def _tenths(values: np.ndarray) -> pl.Series:
    """Return the name of each value's bin, whose ends are quantiles of the rows before the last power of two.

    Row i, with 2^k <= i < 2^(k+1), is put among the quantiles of rows 0 to 2^k - 1, as many as these can tell. In
    rows that come sorted a bin then holds neighbours, which blocks in order of appearance divide just as evenly.
    """
    bins = np.zeros(len(values), np.int64)
    start, epoch = LEAST_PER_BIN, 0
    while start < len(values):
        epoch += 1
        known = values[:start][np.isfinite(values[:start])]
        count = min(BINS, len(known) // LEAST_PER_BIN)
        edges = np.quantile(known, np.arange(1, count) / count) if count > 1 else np.empty(0)
        ahead = slice(start, 2 * start)
        bins[ahead] = epoch * BINS + np.searchsorted(edges, values[ahead], side="right")
        start *= 2
    bins[np.isnan(values)] = -1
    return pl.Series(bins).cast(pl.String)
