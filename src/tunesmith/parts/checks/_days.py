"""Dates in the forms people write, and what they are in the form that most of a column has."""

from __future__ import annotations

import polars as pl

MONTHS = r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
FORMS = {
    "2024-01-31": (r"^\d{4}-\d{1,2}-\d{1,2}$", "%Y-%m-%d"),
    "2024/01/31": (r"^\d{4}/\d{1,2}/\d{1,2}$", "%Y/%m/%d"),
    "31.01.2024": (r"^\d{1,2}\.\d{1,2}\.\d{4}$", "%d.%m.%Y"),
    "31-01-2024": (r"^\d{1,2}-\d{1,2}-\d{4}$", None),
    "31/01/2024": (r"^\d{1,2}/\d{1,2}/\d{4}$", None),
    "31 Jan 2024": (rf"^\d{{1,2}} {MONTHS}\.?,? \d{{4}}$", "%d %b %Y"),
    "Jan 31, 2024": (rf"^{MONTHS}\.? \d{{1,2}},? \d{{4}}$", "%b %d %Y"),
}
"""Form -> how it looks, and how it is read; None where day and month may stand either way round."""


def days(cells: pl.Series) -> pl.DataFrame:
    """Return `cell form date` for distinct texts: form null where it is no date, date null where it is not certain."""
    text = pl.col("cell").str.strip_chars()
    form = pl.coalesce(pl.when(text.str.contains(look)).then(pl.lit(name)) for name, (look, _) in FORMS.items())
    frame = pl.DataFrame({"cell": cells}).with_columns(form=form)
    short = text.str.replace_all(r"([A-Za-z]{3})[A-Za-z]*\.?", "${1}").str.replace_all(",", "")
    dates = [
        pl.when(pl.col("form") == name).then(short.str.to_date(how, strict=False))
        for name, (_, how) in FORMS.items()
        if how is not None
    ]
    for name, (_, how) in FORMS.items():
        if how is None:
            order = _order(frame, name)
            if order is not None:
                read = text.str.to_date(order, strict=False)
                dates.append(pl.when(pl.col("form") == name).then(read))
    return frame.with_columns(date=pl.coalesce(dates))


def _order(frame: pl.DataFrame, form: str) -> str | None:
    """Return how a form with an open order is read, from cells whose day is above 12; None where these disagree."""
    cells = frame.filter(pl.col("form") == form)["cell"]
    first = (cells.str.extract(r"^\s*(\d+)").cast(pl.Int64) > 12).any()
    second = (cells.str.extract(r"^\s*\d+\D(\d+)").cast(pl.Int64) > 12).any()
    mark = form[2]
    if first == second:
        return None
    return f"%d{mark}%m{mark}%Y" if first else f"%m{mark}%d{mark}%Y"


def as_written(dates: pl.Expr, form: str, cells: pl.DataFrame) -> pl.Expr:
    """Return dates as text in a form of `FORMS`, null where that form's own order is open."""
    how = FORMS[form][1] or _order(cells, form)
    if how is None:
        return pl.lit(None, pl.String)
    return dates.dt.strftime("%b %d, %Y" if how == "%b %d %Y" else how)
