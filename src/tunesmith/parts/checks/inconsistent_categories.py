"""One category under several spellings."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

import polars as pl
from pydantic import Field

from . import Check, Finding, Table
from ._words import counted, listed

SPACE = r"[\s\u00ad\u200b-\u200f\u2060\ufeff]+"
MARKS = r"[ \-‐‑–—_.,;:'’`´\"&/()]+"  # not + or #: C, C++ and C# are three categories


LONGEST = 100  # characters; what is longer is no category that somebody mistyped


class InconsistentCategories(Check):
    """Categories and classes that differ only in case, spaces, Unicode form, punctuation or one mistyped letter.

    Values with digits are codes: only case, spaces and Unicode form are looked past, and `A1` is no slip of `A2`.
    """

    remedies = ("normalise", "map", "review")

    letters: int = Field(5, ge=3)
    """The letters that the longer of two words needs before one can be a typing error of the other."""
    ratio: float = Field(10.0, ge=1)
    """How many times more frequent the right spelling of a typing error has to be."""

    def find(self, table: Table) -> list[Finding]:
        """Return a finding per column; each row's suggestion is the most frequent spelling."""
        names = dict.fromkeys(table.of_kind("category"))
        if table.target is not None and table.task == "classification":
            names[table.target] = None
        return [one for name in names for one in self._column(table, name)]

    def _column(self, table: Table, name: str) -> list[Finding]:
        series = table.data.frame[name]
        if series.dtype != pl.String:
            return []
        counts = series.drop_nulls().alias("value").value_counts(name="count")
        right = self._spellings(counts)
        if not right:
            return []
        changed = pl.DataFrame(
            {"value": list(right), "right": [one for one, _ in right.values()], "score": [s for _, s in right.values()]}
        )
        rows = pl.DataFrame({"value": series, "row": pl.int_range(len(series), eager=True)})
        rows = rows.join(changed, on="value", maintain_order="left")
        return [
            Finding(
                self.kind,
                "warning",
                tuple(rows["row"].to_list()),
                tuple(rows["score"].to_list()),
                self._advice(table, name, rows),
                name,
                suggestions=tuple(rows["right"].to_list()),
            )
        ]

    def _spellings(self, counts: pl.DataFrame) -> dict[str, tuple[str, float]]:
        """Return value -> (right spelling, score) of the values that have a better spelling."""
        keyed = _keyed(counts).sort("count", "value", descending=[True, False])
        keyed = keyed.with_columns(first=pl.col("value").first().over("key"), sum=pl.col("count").sum().over("key"))
        found = {
            value: (first, 1.0)
            for value, first in keyed.filter(pl.col("value") != pl.col("first")).select("value", "first").iter_rows()
        }
        groups = keyed.filter(pl.col("value") == pl.col("first")).sort("sum", "value", descending=[True, False])
        sizes = dict(groups.select("value", "sum").iter_rows())
        for slip, meant in self._slips(sizes):
            found[slip] = (meant, 0.8)
            found |= {value: (meant, 0.8) for value, (first, _) in found.items() if first == slip}
        return found

    def _slips(self, sizes: Mapping[str, int]) -> Iterator[tuple[str, str]]:
        """Yield (mistyped, meant) of values, the most frequent first in `sizes`; nothing mistyped is meant itself.

        Words one slip apart share a word once a letter is taken out of one or of both, so nothing is compared in pairs.
        """
        near: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for value, size in sizes.items():
            if not near and size < self.ratio:
                return
            if len(value) > LONGEST:
                continue
            keys = list(self._shortened(_folded(value).split()))
            others = (other for key in keys for other in near.get(key, ()) if sizes[other] >= self.ratio * size)
            meant = next((other for other in others if self._is_slip(_folded(value), _folded(other))), None)
            if meant is not None:
                yield value, meant
            elif size >= self.ratio:
                for key in keys:
                    near[key].append(value)

    def _shortened(self, words: list[str]) -> Iterator[tuple[str, ...]]:
        """Yield the words with one of them blank and, in its place at the end, itself or itself less one letter."""
        for at, word in enumerate(words):
            if len(word) >= self.letters - 1 and word.isalpha():
                for one in {word, *(word[:cut] + word[cut + 1 :] for cut in range(1, len(word)))}:
                    yield (*words[:at], "", *words[at + 1 :], one)

    def _is_slip(self, value: str, other: str) -> bool:
        """Whether one word differs, by an insertion, a deletion, a change or a swap of neighbours in enough letters."""
        pairs = [(one, two) for one, two in zip(value.split(), other.split(), strict=True) if one != two]
        if len(pairs) != 1:
            return False
        short, long = sorted(pairs[0], key=len)
        if len(long) - len(short) > 1 or len(long) < self.letters:
            return False
        start = next((at for at, (one, two) in enumerate(zip(short, long, strict=False)) if one != two), len(short))
        if not start:  # people rarely mistype the first letter, and typical is not atypical
            return False
        tail, rest = short[start:], long[start:]
        if len(short) < len(long):
            return tail == rest[1:]
        return tail[1:] == rest[1:] or (tail[:2] == rest[1::-1] and tail[2:] == rest[2:])

    def _advice(self, table: Table, name: str, rows: pl.DataFrame) -> str:
        spellings = rows.group_by("value", "right").len().sort("len", "value", descending=[True, False])
        pairs = [f"{value} ({count}) for {right}" for value, right, count in spellings.iter_rows()]
        return (
            f"column '{name}': {counted(rows.height, 'row')} in {counted(spellings.height, 'spelling')} that another "
            f"is more frequent than: {listed(pairs)} (first: {table.data.place(rows['row'][0])}); each spelling counts "
            "as a category of its own: write them alike"
        )


def _keyed(counts: pl.DataFrame) -> pl.DataFrame:
    """Return the frame of distinct values with `key`, equal for spellings of one category."""
    value = pl.col("value").str.normalize("NFKC").str.replace_all(SPACE, " ").str.strip_chars()
    lowered = value.str.to_lowercase().str.replace_all("ß", "ss").str.normalize("NFC")
    bare = lowered.str.replace_all(MARKS, "")
    # One letter may be all there is, as in handwriting: there a and A are two classes.
    is_letter = value.str.len_chars() <= 1
    is_code = lowered.str.contains(r"\p{N}") | (bare == "")
    key = pl.when(is_letter).then(value).when(is_code).then(lowered).otherwise(bare)
    return counts.with_columns(key=key)


def _folded(value: str) -> str:
    return re.sub(MARKS, " ", value.casefold())
