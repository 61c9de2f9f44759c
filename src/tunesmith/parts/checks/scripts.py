"""Texts in another script or language than the others, and texts broken by a wrong encoding."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import polars as pl
from pydantic import Field

from . import Check, Finding, Table
from ._languages import languages
from ._mojibake import SUSPECT, repaired
from ._wide import CELL, having, stacked
from ._words import counted, listed

SCRIPTS = {
    "Latin": r"\p{Latin}",
    "Cyrillic": r"\p{Cyrillic}",
    "Greek": r"\p{Greek}",
    "Han": r"\p{Han}",
    "kana": r"[\p{Hiragana}\p{Katakana}]",
    "Hangul": r"\p{Hangul}",
    "Arabic": r"\p{Arabic}",
    "Hebrew": r"\p{Hebrew}",
    "Devanagari": r"\p{Devanagari}",
    "Bengali": r"\p{Bengali}",
    "Tamil": r"\p{Tamil}",
    "Telugu": r"\p{Telugu}",
    "Thai": r"\p{Thai}",
    "Georgian": r"\p{Georgian}",
    "Armenian": r"\p{Armenian}",
    "Ethiopic": r"\p{Ethiopic}",
}
BEYOND_LATIN = r"[^\x00-\x{24f}]"
WITHIN_WORD = r"\p{Latin}\p{Cyrillic}|\p{Cyrillic}\p{Latin}"
LATIN = "A-Za-z\u00c0-\u024f"
SHORTEST = 3  # spaces in a text whose language is looked for
LOST = "\ufffd"
LOOKALIKES = str.maketrans("АВЕЗКМНОРСТХІЈЅУаеорсухіјѕԁ", "ABE3KMHOPCTXIJSYaeopcyxijsd")


class Scripts(Check):
    """Rows in a script or language that few rows have, words of two scripts, and characters lost to a wrong encoding.

    The script of a row is that of most of its letters. Languages are told for English, German, French, Spanish,
    Italian, Portuguese and Dutch only, and only where a text has enough of their small words; other texts, and
    short ones, are passed over. Whether rows of a script or language are wanted, only a person knows.
    """

    remedies = ("normalise", "map", "drop", "review")

    share: float = Field(0.2, gt=0, le=0.5)
    """The share of rows up to which a script or language is a minority that gets a warning; above, it is noted."""
    letters: int = Field(3, ge=1)
    """The number of letters that a row needs before its script counts."""
    languages: bool = True
    """Whether languages of one script are told apart."""

    def find(self, table: Table) -> list[Finding]:
        """Return findings per column; a score is the share of the row's letters that are in the minority's script."""
        found: list[Finding] = []
        frame, asked = table.data.frame, [*table.of_kind("text", "category"), *([table.target] if table.target else [])]
        types, read = frame.schema, set(table.of_kind("text"))
        names = [name for name in dict.fromkeys(asked) if types[name] == pl.String]
        texts = [name for name in names if name in read]
        broken = having(
            frame, names, lambda cells: cells.str.contains(SUSPECT) | cells.str.contains(LOST, literal=True)
        )
        mixed = having(frame, texts, lambda cells: cells.str.contains(WITHIN_WORD))
        foreign = having(frame, texts, lambda cells: cells.str.contains(BEYOND_LATIN))
        told = _several_languages(frame, texts) if self.languages else {}
        for name in names:
            series = frame[name].rename(CELL)
            found += self._broken(table, name, series) if name in broken else []
            found += self._mixed_words(table, name, series) if name in mixed else []
            found += self._scripts(table, name, series) if name in foreign else []
            found += self._minorities(table, name, told[name], "language") if name in told else []
        return sorted(found, key=lambda one: one.severity != "warning")

    def _broken(self, table: Table, name: str, series: pl.Series) -> list[Finding]:
        found = []
        suspect = series.str.contains(SUSPECT).fill_null(False).arg_true()
        before = series[suspect].to_list()
        after = [repaired(text) for text in before]
        changed = [(row, new) for row, old, new in zip(suspect.to_list(), before, after, strict=True) if old != new]
        if changed:
            example = _around(series[changed[0][0]], changed[0][1])
            fact = f"{counted(len(changed), 'row')} with UTF-8 read in a wrong encoding: {example}"
            remedy = "read the source as UTF-8, or take the repaired text"
            rows = [row for row, _ in changed]
            found.append(self._finding(table, name, rows, f"{fact}|{remedy}", [new for _, new in changed]))
        lost = series.str.contains(LOST, literal=True).fill_null(False).arg_true().to_list()
        if lost:
            fact = f"{counted(len(lost), 'row')} with the sign � where a character was lost"
            found.append(
                self._finding(table, name, lost, f"{fact}|name the `encoding` of the source, the text itself is gone")
            )
        return found

    def _mixed_words(self, table: Table, name: str, series: pl.Series) -> list[Finding]:
        rows = series.str.contains(WITHIN_WORD).fill_null(False).arg_true().to_list()
        words = (re.findall(r"\w+", text) for text in series[rows[:5]])
        mixed = listed(word for found in words for word in found if _is_mixed(word))
        fact = f"{counted(len(rows), 'row')} with words of Latin and Cyrillic letters that look alike: {mixed}"
        fixed = [re.sub(r"\w+", lambda match: _latin(match[0]), text) for text in series[rows]]
        return [self._finding(table, name, rows, f"{fact}|write them in one script; no tokenizer knows them", fixed)]

    def _scripts(self, table: Table, name: str, series: pl.Series) -> list[Finding]:
        """Return a finding per script that fewer rows have than another."""
        rows = series.str.contains(BEYOND_LATIN).fill_null(False)
        plain = (~rows & series.str.contains(f"(?:[{LATIN}][^{LATIN}]*){{{self.letters}}}")).fill_null(False)
        latin = plain.arg_true().to_frame("row").with_columns(script=pl.lit("Latin"), score=pl.lit(1.0))
        told = _script(series.filter(rows), self.letters)
        told = told.with_columns(row=rows.arg_true()).select("row", "script", "score").drop_nulls()
        return self._minorities(table, name, pl.concat([latin, told]).sort("row"), "script")

    def _minorities(self, table: Table, name: str, told: pl.DataFrame, what: str) -> list[Finding]:
        """Return a finding for every script or language but the most frequent, from `row script score`."""
        sizes = told["script"].value_counts(sort=True, name="count").sort("count", "script", descending=[True, False])
        if sizes.height < 2:
            return []
        usual, most = sizes.row(0)
        found = []
        for script, count in sizes.iter_rows():
            if script == usual:
                continue
            some = told.filter(pl.col("script") == script)
            fact = f"{counted(count, 'row')} in {script}, while {most} are in {usual}"
            remedy = (
                f"drop them if the model shall read {usual} only, else see that the base knows {script} "
                "and look at its figures apart"
            )
            found.append(
                Finding(
                    self.kind,
                    "warning" if count <= self.share * told.height else "info",
                    tuple(some["row"].to_list()),
                    tuple(some["score"].fill_null(1.0).clip(0, 1).to_list()),
                    f"column '{name}': {fact} (first: {table.data.place(some['row'][0])}); {remedy}",
                    name,
                )
            )
        return found

    def _finding(self, table: Table, name: str, rows: list[int], said: str, right: Sequence[Any] = ()) -> Finding:
        """Return a warning over rows, `said` being fact and remedy with a bar between."""
        fact, _, remedy = said.rpartition("|")
        advice = f"column '{name}': {fact} (first: {table.data.place(rows[0])}); {remedy}"
        return Finding(self.kind, "warning", tuple(rows), (1.0,) * len(rows), advice, name, suggestions=tuple(right))


def _several_languages(frame: pl.DataFrame, names: Sequence[str]) -> dict[str, pl.DataFrame]:
    """Return `row script score` of the columns in which more than one language is told."""
    found: dict[str, pl.DataFrame] = {}
    for some, texts in stacked(frame, names):
        long = (texts.str.count_matches(" ", literal=True) >= SHORTEST).fill_null(False).arg_true()
        if long.is_empty():
            continue
        told = pl.DataFrame({"place": long.cast(pl.Int64), "script": languages(texts[long])}).drop_nulls()
        told = told.select(column=pl.col("place") // frame.height, row=pl.col("place") % frame.height, script="script")
        several = told.filter(pl.col("script").n_unique().over("column") > 1).with_columns(score=pl.lit(1.0))
        parts = several.partition_by("column", maintain_order=True, include_key=False, as_dict=True)
        found |= {some[int(str(key))]: part for (key,), part in parts.items()}
    return found


def _script(texts: pl.Series, letters: int) -> pl.DataFrame:
    """Return `script score` of texts: whose letters are the most, and their share; null where there are too few."""
    counts = pl.DataFrame({script: texts.str.count_matches(look) for script, look in SCRIPTS.items()})
    has_kana = counts["kana"] > 0
    japanese = pl.when(has_kana).then(pl.col("Han") + pl.col("kana")).otherwise(0)
    counts = counts.with_columns(Japanese=japanese, Han=pl.when(has_kana).then(0).otherwise("Han")).drop("kana")
    every, most = texts.str.count_matches(r"\p{L}"), counts.max_horizontal()
    is_told = (every >= letters) & (most > 0)
    named = pl.coalesce(pl.when((pl.col(one) == most) & is_told).then(pl.lit(one)) for one in counts.columns)
    return counts.select(script=named, score=(most / every).clip(0, 1))


def _around(old: str, new: str, width: int = 12) -> str:
    """Return the first difference between two texts with a little of what is around it."""
    at = next((place for place, (one, two) in enumerate(zip(old, new, strict=False)) if one != two), 0)
    start = max(0, at - width)
    return f"'{old[start : at + width]}' for '{new[start : at + width]}'"


def _is_mixed(word: str) -> bool:
    return bool(re.search("[A-Za-z\u00c0-\u024f]", word) and re.search("[\u0400-\u052f]", word))


def _latin(word: str) -> str:
    """Return a word of Latin and Cyrillic letters in Latin ones, where every Cyrillic letter has a lookalike."""
    if not _is_mixed(word):
        return word
    changed = word.translate(LOOKALIKES)
    return word if re.search("[\u0400-\u052f]", changed) else changed
