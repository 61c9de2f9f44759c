"""The words and dates that people and programs write where a value is missing."""

from __future__ import annotations

import polars as pl

WORDS = (
    *("n/a", "n.a.", "n.a", "n/a.", "#n/a", "na", "<na>", "(na)", "nan", "none", "null", "(null)", "<null>", "nil"),
    *("-", "--", "---", "–", "—", ".", "..", "...", "…", "?", "??", "???", "_", "*", "xx", "xxx", "xxxx"),
    *("unknown", "(unknown)", "undefined", "unspecified", "missing", "(missing)", "blank", "(blank)", "empty"),
    *("not available", "not applicable", "not specified", "not provided", "not known", "no data", "no value"),
    *("tbd", "t.b.d.", "tba", "tbc", "to be determined", "to be announced", "to be confirmed"),
    *("#null!", "#value!", "#ref!", "#div/0!", "#name?", "#num!", "#error!"),
)
"""Whole cells, in lower case and without space around them."""

AMBIGUOUS = frozenset({"none", "nil", "unknown", "undefined", "unspecified", "not applicable", "empty", "blank"})
"""Words that may also be an answer of their own: `garage: none`."""

INVISIBLE = "\\s\u00ad\u034f\u115f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u3164\ufeff"
"""What takes no ink, as the inside of a regular expression's class: a cell of these is empty to a person."""


def bare(series: pl.Series) -> pl.Series:
    """Return texts as placeholders are compared: without space or invisible signs around them, in lower case."""
    return series.str.replace_all(f"^[{INVISIBLE}]+|[{INVISIBLE}]+$", "").str.to_lowercase()
