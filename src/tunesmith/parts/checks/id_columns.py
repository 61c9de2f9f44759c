"""Columns that only name the row."""

from __future__ import annotations

import re

import polars as pl
from pydantic import Field

from . import Check, Finding, Table

NAMES = {"id", "ids", "uuid", "guid", "key", "index", "idx", "rowid", "pk"}
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
UUID = r"(?i)^\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$"
CODE = r"^[\x21-\x7e]*[0-9@][\x21-\x7e]*$"  # one ASCII word with a digit or @ in it: A-0012, ann@example.org
# Words with digits that measure something: dates, and amounts with a sign or a unit like $12.50, 12kg, 80%.
MEASURE = r"^(?:[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}.*|[^0-9A-Za-z]*[0-9]+(?:[.,:][0-9]+)*[A-Za-z%]{0,3})$"
DIGITS = r"^[0-9]+$"
FREE_TEXT_WORDS = 3.0
DENSE = 0.5  # share of its range that a sequence of integers fills, in any order
DENSE_IN_ORDER = 0.2  # the same where the integers only ever rise, as numbers given out with gaps do


class IdColumns(Check):
    """Inputs that differ in (almost) every row and only name it: a model learns them by heart and nothing from them."""

    share: float = Field(0.95, gt=0, le=1)
    """The share of different values from which a column may be an id."""
    rows: int = Field(20, ge=2)
    """The number of values below which nothing is said: a few measurements differ by chance."""

    def find(self, table: Table) -> list[Finding]:
        """Return a finding per column; it is a fault of the column, so no rows are listed."""
        found = []
        for name in (*table.inputs, *table.left_out):
            if table.kind_of(name) == "image":  # a path is not learnt, the picture is
                continue
            series = table.data.frame[name].drop_nulls()
            reason = self._reason(name, series)
            if reason is None:
                continue
            fact = f"{series.n_unique()} different values in {len(series)} rows, and {reason}"
            advice = (
                f"{table.data.index['source'][0]}, column '{name}': {fact}, so "
                "it names the row and tells nothing about it; leave it out of `inputs`, or make it the `id` of the data"
            )
            found.append(Finding(self.kind, "warning", (), (), advice, name, len(series)))
        return found

    def _reason(self, name: str, series: pl.Series) -> str | None:
        """Return why a column without nulls is an id, or None where it is none."""
        if series.dtype.is_float():
            whole = series.filter(series.is_finite())
            series = whole.cast(pl.Int64, strict=False) if (whole == whole.floor()).all() else series
        differ = len(series) >= self.rows and series.dtype in (pl.String, pl.Int64)
        if not differ or series.n_unique() < self.share * len(series):
            return None
        if series.dtype == pl.String:
            words = series.str.count_matches(r"\S+").mean()
            if isinstance(words, float) and words >= FREE_TEXT_WORDS:
                return None
        if NAMES & {word.lower() for word in re.split(r"[\W_]+", CAMEL.sub("_", name))}:
            return "its name says that it is an id"
        return self._texts(series) if series.dtype == pl.String else self._integers(series)

    def _texts(self, series: pl.Series) -> str | None:
        if self._most(series.str.contains(UUID)):
            return "they are unique identifiers"
        measures = series.str.contains(MEASURE) & ~series.str.contains(DIGITS)
        return "they are codes" if self._most(series.str.contains(CODE) & ~measures) else None

    def _integers(self, series: pl.Series) -> str | None:
        low, high = int(series.to_numpy().min()), int(series.to_numpy().max())
        filled = series.n_unique() / (high - low + 1)
        if filled >= DENSE:
            return "they number the rows"
        rises = bool((series.diff().drop_nulls() > 0).all())
        return "they rise from row to row like a running number" if rises and filled >= DENSE_IN_ORDER else None

    def _most(self, matches: pl.Series) -> bool:
        return int(matches.sum()) >= self.share * len(matches)
