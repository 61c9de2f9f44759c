"""Tags of words that contradict each other, or are not as many as the words."""

from __future__ import annotations

import polars as pl

from ...data.shapes import is_tags, shaped_inputs
from ...data.tags import scheme_of, tag_faults
from . import Check, Finding, Table
from ._words import counted


class TagSequences(Check):
    """Rows whose tags spell no sound entities: an I- without its B-, another type inside, an unknown prefix.

    Such tags are read differently by different tools, and a strict measure does not count the entity. The scheme is
    that of most of the column; a column without entities, as of parts of speech, has no such faults.
    """

    def find(self, table: Table) -> list[Finding]:
        """Return an error over rows with more or fewer tags than words, and a warning over rows that break the scheme.

        A row's score is the share of its tags at fault.
        """
        if table.target is None or not is_tags(table.data.frame, table.target):
            return []
        words, tags = table.data.frame[shaped_inputs(table.data.frame, table.target)[0]], table.data.frame[table.target]
        return [*self._lengths(table, words, tags), *self._scheme(table, tags)]

    def _lengths(self, table: Table, words: pl.Series, tags: pl.Series) -> list[Finding]:
        differ = (words.list.len().fill_null(0) != tags.list.len()).fill_null(False)
        rows = differ.arg_true().to_list()
        if not rows:
            return []
        first = rows[0]
        fact = f"{counted(len(rows), 'row')} with more or fewer tags than words"
        counts = f"{len(words[first]) if words[first] is not None else 0} words, {len(tags[first])} tags"
        advice = (
            f"column '{table.target}': {fact} ({table.data.place(first)}: {counts}); a tag belongs to each word, so "
            "correct or drop them"
        )
        return [Finding(self.kind, "error", tuple(rows), (1.0,) * len(rows), advice, table.target)]

    def _scheme(self, table: Table, tags: pl.Series) -> list[Finding]:
        scheme = scheme_of(tags)
        if scheme is None:
            return []
        found = tag_faults(tags, scheme)
        if found.is_empty():
            return []
        rows = found.group_by("row", maintain_order=True).agg(pl.len(), pl.first("place", "fact"))
        share = rows["len"] / tags[rows["row"].to_list()].list.len()
        first = rows.row(0, named=True)
        fact = f"{counted(rows.height, 'row')} with tags that contradict {scheme}"
        advice = (
            f"column '{table.target}': {fact} (first: {table.data.place(first['row'])}, word {first['place'] + 1}: "
            f"{first['fact']}); correct them, for what such an entity is depends on who reads it"
        )
        return [
            Finding(self.kind, "warning", tuple(rows["row"].to_list()), tuple(share.to_list()), advice, table.target)
        ]
