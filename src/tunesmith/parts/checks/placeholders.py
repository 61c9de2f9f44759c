"""Values that mean "missing" and are not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from pydantic import Field

from . import Check, Finding, Severity, Table
from ._absent import AMBIGUOUS, WORDS, bare
from ._wide import CELL, having
from ._words import counted, listed

NUMBERS = (-1, -7, -8, -9, 99, -99, 999, -999, 9999, -9999, 99999, -99999, 999999, -999999, 9999999, 99999999)
NO_DATES = ("0000-00-00", "00.00.0000", "00/00/0000", "0000/00/00")
EARLY_DATES = ("0001-01-01", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1970-01-01")
LATE_DATES = ("2099-12-31", "2999-12-31", "9999-12-31")
DATES = [*NO_DATES, *EARLY_DATES, *LATE_DATES]
DATE = r"^\d{4}-\d\d-\d\d(?:[ T].*)?$"
SIZES = ["s", "m", "l", "xl", "xxl"]
SMALL = 10  # sentinels below this in size, like -1, are near to honest values and need more evidence
DISTINCT = 10  # fewer different values than this are codes, not measurements, and -1 may be one of them
GAPS = 5.0  # how many usual steps between neighbouring values make a distance large
CROWD = 5.0  # how many times more often than its neighbours a value has to appear to stand out


class Placeholders(Check):
    """Cells like `n/a`, `-`, `TBD`, -999 or 1900-01-01: a model would learn them as if they were values.

    A number or a date is one only where it stands far from all others and repeats; -1 is silent among -1, 0 and 1.
    A word that may be an answer of its own, like `none`, is only noted where it is frequent among categories.
    """

    remedies = ("normalise", "map", "impute", "drop", "review")

    words: tuple[str, ...] = WORDS
    """Texts that mean missing where they are the whole cell; capitals and space around them do not matter."""
    numbers: tuple[float, ...] = NUMBERS
    """Numbers that may mean missing, where they stand far from all others."""
    repeats: int = Field(2, ge=1)
    """How often a number or a date has to appear to be one."""
    frequent: float = Field(0.02, ge=0, le=1)
    """The share of a category's rows from which an ambiguous word, like `none`, counts as an answer of its own."""

    def find(self, table: Table) -> list[Finding]:
        """Return a finding per column for sure placeholders, one for doubtful ones; all suggest a missing value."""
        names = list(dict.fromkeys([*table.inputs, *([table.target] if table.target else [])]))
        suspect = self._suspect(table.data.frame, names)
        found = [one for name in names if name in suspect for one in self._column(table, name)]
        return sorted(found, key=lambda one: one.severity != "warning")

    def _suspect(self, frame: pl.DataFrame, names: Sequence[str]) -> set[str]:
        """Return the columns that hold such a word, number or date at all: few do, and the others need no more time."""
        types = frame.schema
        texts = [name for name in names if types[name] == pl.String]
        numbers = [name for name in names if types[name].is_numeric()]
        others = [name for name in names if types[name] in (pl.Date, pl.Datetime)]
        wanted = [float(one) for one in self.numbers]
        found = having(frame, numbers, lambda values: values.is_in(wanted), pl.Float64)
        return found.union(having(frame, texts, self._is_suspect), others)

    def _is_suspect(self, texts: pl.Series) -> pl.Series:
        plain = bare(texts)
        return plain.is_in(["", *self.words]) | plain.str.head(10).is_in(DATES)

    def _column(self, table: Table, name: str) -> list[Finding]:
        series = table.data.frame[name].rename(CELL)
        if series.dtype.is_numeric():
            return self._finding(table, name, self._sentinels(series))
        if series.dtype in (pl.Date, pl.Datetime):
            return self._finding(table, name, self._dates(series.cast(pl.Date).cast(pl.String)))
        if series.dtype != pl.String:
            return []
        plain = bare(series)
        words = plain.is_in(sorted(set(self.words) - _own_words(plain))).fill_null(False)
        words |= (plain == "").fill_null(False) & (series != "")
        doubtful = words & plain.is_in(self._answers(plain, table, name)).fill_null(False)
        sure = pl.DataFrame({"score": words & ~doubtful}).select(pl.col("score").cast(pl.Float64))["score"]
        sure = pl.select(pl.max_horizontal(sure, self._dates(plain)))[:, 0]
        return [
            *self._finding(table, name, sure),
            *self._finding(table, name, doubtful.cast(pl.Float64) * 0.5, "info"),
        ]

    def _answers(self, plain: pl.Series, table: Table, name: str) -> list[str]:
        """Return the words that may be answers of their own in this column."""
        seen = plain.drop_nulls()
        answers = []
        codes = seen.filter(seen != "na").str.contains(r"^\p{L}{2}$")
        if 2 * codes.sum() > len(codes):  # a code among codes, like Namibia's
            answers.append("na")
        if name == table.target or table.kind_of(name) == "category":
            often = seen.filter(seen.is_in(list(AMBIGUOUS))).value_counts(name="count")
            answers += often.filter(pl.col("count") >= self.frequent * len(seen))[plain.name].to_list()
        return answers

    def _dates(self, plain: pl.Series) -> pl.Series:
        """Return scores, float64 (rows,), of dates that do not exist, or repeat at the far end of all others."""
        score = plain.is_in(list(NO_DATES)).cast(pl.Float64).fill_null(0.0)
        dates = plain.filter(plain.str.contains(DATE).fill_null(False)).str.head(10)
        dates = dates.filter(~dates.is_in(NO_DATES))
        odd = dates.filter(dates.is_in([*EARLY_DATES, *LATE_DATES]))
        for value, count in odd.value_counts(name="count").iter_rows():
            years = dates.filter(dates != value).str.head(4).cast(pl.Int64)
            is_alone = len(years) and (years.min() if value in EARLY_DATES else years.max()) != int(value[:4])
            is_end = is_alone and bool(((years > int(value[:4])) == (value in EARLY_DATES)).all())
            if count >= self.repeats and is_end:
                score += plain.str.starts_with(value).cast(pl.Float64).fill_null(0.0) * 0.9
        return score

    def _sentinels(self, series: pl.Series) -> pl.Series:
        """Return scores, float64 (rows,), of numbers that repeat far from all others."""
        values = series.cast(pl.Float64).fill_nan(None)
        score = pl.zeros(len(series), pl.Float64, eager=True)
        finite = values.filter(values.is_finite().fill_null(False))
        candidates = finite.filter(finite.is_in([float(one) for one in self.numbers]))
        rest = finite.filter(~finite.is_in([float(one) for one in self.numbers]))
        if candidates.is_empty() or rest.is_empty():
            return score
        usual = rest.value_counts(name="count", sort=False).sort(rest.name)
        for value, count in candidates.value_counts(name="count").iter_rows():
            far = _farness(value, count, usual[rest.name].to_numpy(), usual["count"].to_numpy())
            if count >= self.repeats and far:
                score += (values == value).fill_null(False).cast(pl.Float64) * far
        return score

    def _finding(self, table: Table, name: str, score: pl.Series, severity: Severity = "warning") -> list[Finding]:
        rows = score.gt(0).arg_true()
        if rows.is_empty():
            return []
        written = table.data.frame[name].rename(CELL)[rows].value_counts(name="count")
        which = listed(
            f"{_written(value)} ({count})"
            for value, count in written.sort("count", CELL, descending=[True, False]).iter_rows()
        )
        fact = f"column '{name}': {counted(len(rows), 'row')} with a word or number for a missing value: {which}"
        remedy = (
            "a model learns them as values; name them under `missing` of the data, or make them missing"
            if severity == "warning"
            else "leave them where they are an answer of their own, else name them under `missing` of the data"
        )
        nothing = (None,) * len(rows)
        scores = tuple(score[rows].clip(0, 1).to_list())
        advice = f"{fact} (first: {table.data.place(rows[0])}); {remedy}"
        return [Finding(self.kind, severity, tuple(rows.to_list()), scores, advice, name, suggestions=nothing)]


def _own_words(plain: pl.Series) -> set[str]:
    """Return the words that others of a column show to be values: a minus beside a plus, a size among sizes."""
    beside = {"-": ["+"], "xx": SIZES, "xxx": SIZES}
    return {word for word, others in beside.items() if plain.is_in(others).any()}


def _farness(value: float, count: int, values: np.ndarray, counts: np.ndarray) -> float:
    """Return how far a value stands from all others, sorted float64 (values,), in 0..1; 0 where it is among them."""
    low, high = values[0], values[-1]
    gap = low - value if value < low else value - high
    if gap <= 0:
        return 0.0
    spread = high - low
    if abs(value) >= SMALL:
        return gap / (gap + spread) if gap >= spread / 2 else 0.0
    if low < 0 or len(values) < DISTINCT:
        return 0.0
    steps = np.diff(values[: DISTINCT * DISTINCT])
    is_apart = gap > GAPS * np.median(steps)
    is_crowded = count >= CROWD * counts[:DISTINCT].mean()
    return 0.9 if is_apart and is_crowded else 0.7 if is_apart or is_crowded else 0.0


def _written(value: object) -> str:
    """Return a placeholder as a person can see it."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if not isinstance(value, str) or (value.isprintable() and value.strip()) else "blank"
