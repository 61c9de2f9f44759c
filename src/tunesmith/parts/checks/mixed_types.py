"""Columns that are almost of one type."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from . import Check, Finding, Table
from ._absent import WORDS, bare
from ._amounts import amounts
from ._days import as_written, days
from ._words import counted, listed

TRUTHS = (("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"), ("1", "0"), ("on", "off"))
LONGEST = 40  # bytes of a number or a date, with its unit


class MixedTypes(Check):
    """Numbers with some text among them, dates in several forms, and truth values in several words.

    One cell that is no number makes a whole column text, so that a model reads 12.5 as a word. A suggestion is made
    only where a cell has one meaning: `12,5` has, `1,234` has where the column's other cells tell what a comma is.
    """

    remedies = ("normalise", "map", "impute", "drop", "review")

    share: float = Field(0.8, gt=0.5, le=1)
    """The share of a column's values that have to be numbers (or dates) before the others are at fault."""

    def find(self, table: Table) -> list[Finding]:
        """Return findings per column: cells with a suggestion, and cells that are no number or have several readings.

        A truth value or date is suggested in the form that most rows have.
        """
        names = dict.fromkeys([*table.inputs, *([table.target] if table.target else [])])
        found: list[Finding] = []
        for name in names:
            series = table.data.frame[name]
            if series.dtype == pl.String and not (name in table.inputs and table.kind_of(name) == "image"):
                found += self._column(table, name, series)
        return found

    def _column(self, table: Table, name: str, series: pl.Series) -> list[Finding]:
        counts = series.drop_nulls().alias("cell").value_counts(name="count")
        counts = counts.filter(~bare(counts["cell"]).is_in(["", *WORDS]))
        if counts.is_empty():
            return []
        truths = self._truths(counts)
        if truths is not None:
            return self._findings(table, name, truths, "a truth value in another word than most rows have")
        is_short = (counts["cell"].str.len_bytes() <= LONGEST) & counts["cell"].str.contains(r"[0-9]")
        if self._among(counts, is_short) < self.share:
            return []
        dates = self._dates(counts)
        if dates is not None:
            return self._findings(table, name, dates, "a date in another form than most rows have")
        numbers = self._numbers(counts)
        return [] if numbers is None else self._findings(table, name, numbers, "text where most are numbers")

    def _among(self, counts: pl.DataFrame, mask: pl.Series) -> float:
        return int(counts["count"].filter(mask).sum()) / int(counts["count"].sum())

    def _truths(self, counts: pl.DataFrame) -> pl.DataFrame | None:
        """Return `cell right score` of truth values in other words than most, None where the column is of others."""
        if counts.height > 40:  # more spellings of twelve words are not at hand
            return None
        sides = {word: (at, side) for at, pair in enumerate(TRUTHS) for side, word in enumerate(pair)}
        cells = [(cell, count, sides.get(cell.strip().lower())) for cell, count in counts.iter_rows()]
        if any(one is None for _, _, one in cells) or len({one[1] for _, _, one in cells if one}) < 2:
            return None
        sums = [sum(count for _, count, one in cells if one and one[0] == at) for at in range(len(TRUTHS))]
        if sum(size > 0 for size in sums) < 2:
            return None
        usual = sums.index(max(sums))
        spelt: dict[int, str] = {}
        for cell, _, one in sorted(cells, key=lambda each: each[1]):
            if one and one[0] == usual:
                spelt[one[1]] = cell
        style = next(iter(spelt.values())).strip()
        for side in (0, 1):
            word = TRUTHS[usual][side]
            spelt.setdefault(
                side, word.upper() if style.isupper() else word.capitalize() if style[0].isupper() else word
            )
        odd = [(cell, spelt[one[1]], 1.0) for cell, _, one in cells if one and one[0] != usual]
        return pl.DataFrame(odd, schema={"cell": pl.String, "right": pl.String, "score": pl.Float64}, orient="row")

    def _dates(self, counts: pl.DataFrame) -> pl.DataFrame | None:
        """Return `cell right score` of dates in other forms than most, None where the column is no dates."""
        read = days(counts["cell"]).with_columns(count=counts["count"])
        is_date = read["form"].is_not_null()
        if self._among(counts, is_date) < self.share:
            return None
        usual = (
            read.filter(is_date).group_by("form").agg(pl.sum("count")).sort("count", "form", descending=True)["form"][0]
        )
        odd = (pl.col("form") != usual).fill_null(True)
        right = as_written(pl.col("date"), usual, read)
        return read.with_columns(right=right, score=pl.lit(1.0)).filter(odd).select("cell", "right", "score")

    def _numbers(self, counts: pl.DataFrame) -> pl.DataFrame | None:
        """Return `cell right score` of cells that are no plain numbers, None where too few are numbers at all."""
        read = amounts(counts["cell"])
        is_number = read["is_plain"] | (read["is_amount"] & read["value"].is_not_null())
        if read["is_code"].any() or read["is_plain"].all() or self._among(counts, is_number) < self.share:
            return None
        score = pl.when("is_amount").then(0.9).otherwise(1.0)
        return (
            read.with_columns(right="value", score=score).filter(~pl.col("is_plain")).select("cell", "right", "score")
        )

    def _findings(self, table: Table, name: str, odd: pl.DataFrame, what: str) -> list[Finding]:
        """Return a finding over the cells with one reading, and one over the others, which have no suggestion."""
        cells = pl.DataFrame({"cell": table.data.frame[name]}).with_row_index("row")
        rows = cells.join(odd, on="cell", maintain_order="left")
        found = []
        for has_reading in (True, False):
            some = rows.filter(pl.col("right").is_not_null() == has_reading)
            if not some.height:
                continue
            right = tuple(map(_tidy, some["right"])) if has_reading else ()
            positions, scores = tuple(some["row"].to_list()), tuple(some["score"].to_list())
            advice = self._advice(table, name, some, what)
            found.append(Finding(self.kind, "warning", positions, scores, advice, name, suggestions=right))
        return found

    def _advice(self, table: Table, name: str, rows: pl.DataFrame, what: str) -> str:
        cells = rows.group_by("cell", "right").len().sort("len", "cell", descending=[True, False])
        has_reading = rows["right"][0] is not None
        shown = [
            f"{cell.strip()} for {_tidy(right)}" if has_reading else cell.strip()
            for cell, right, _ in cells.iter_rows()
        ]
        remedy = "write them alike" if has_reading else "they have no single reading: correct them or make them missing"
        place = table.data.place(rows["row"][0])
        return f"column '{name}': {counted(rows.height, 'row')} with {what}: {listed(shown)} (first: {place}); {remedy}"


def _tidy(value: str | float) -> str:
    """Return a number as the plain text that a source reads as a number; a text as it is."""
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
    return str(int(value) if is_whole else value)
