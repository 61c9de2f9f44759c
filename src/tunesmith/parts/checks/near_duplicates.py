"""Rows that nearly repeat an earlier row."""

from __future__ import annotations

import numpy as np
import polars as pl
from pydantic import Field

from ...data.near import Pairs, groups
from . import Check, Finding, Table
from ._near import nearest, nearly_equal
from ._words import answers_of, counted, listed

SHOWN = 3


class NearDuplicates(Check):
    """Rows that repeat an earlier one but for a few letters, pixels or decimals; `duplicates` names the exact copies.

    Texts are compared by their sets of five letters in a row, short ones also by one typing error, images by what is
    seen at a small size, numbers by a thousandth of their column's spread; categories must be equal. Rows of a few
    numbers alone are not compared.
    """

    similarity: float = Field(0.8, ge=0.6, le=1)
    """How alike texts must be: the share of five-letter pieces that both have among all that either has (Jaccard)."""
    differs: float = Field(0.5, ge=0)
    """How far numeric targets of near rows may lie apart, in interquartile ranges, before they contradict."""

    def find(self, table: Table) -> list[Finding]:
        """Return a finding over the later rows, and one over those of them whose earlier row has another answer.

        A row scores how similar it is to the row it repeats, which is the earlier one most like it.
        """
        if not table.inputs or len(table.data) < 2:
            return []
        pairs = nearly_equal(table, self.similarity)
        if not len(pairs):
            return []
        found = [self._finding(table, pairs, self._advice(table, pairs))]
        odd = self._contradicting(table, pairs)
        if len(odd):
            found.insert(0, self._finding(table, odd, self._contradiction(table, odd), table.target))
        return found

    def _finding(self, table: Table, pairs: Pairs, advice: str, column: str | None = None) -> Finding:
        later = nearest(pairs.second, pairs.first, pairs.similarity)
        rows, origins, scores = (tuple(later[name].to_list()) for name in ("row", "other", "similarity"))
        return Finding(self.kind, "warning", rows, scores, advice, column, origins=origins)

    def _advice(self, table: Table, pairs: Pairs) -> str:
        count = len(np.unique(pairs.second))
        families = len(np.unique(groups(pairs, len(table.data))[pairs.second]))
        fact = f"{counted(count, 'row')} nearly {'repeats' if count == 1 else 'repeat'} an earlier row"
        return (
            f"{fact}, in {counted(families, 'group')} ({_examples(table, pairs)}): across splits they make the verdict "
            "too good; keep each group on one side, or one row of it"
        )

    def _contradiction(self, table: Table, odd: Pairs) -> str:
        first, second = int(odd.first[0]), int(odd.second[0])
        assert table.target is not None
        target = table.data.frame[table.target]
        count = len(np.unique(odd.second))
        return (
            f"{counted(count, 'row')} nearly {'repeats' if count == 1 else 'repeat'} an earlier row with another value "
            f"of '{table.target}' ({_examples(table, odd)}: {listed([target[first], target[second]])}); one of the two "
            "may be mislabelled: look at both, and correct or remove one"
        )

    def _contradicting(self, table: Table, pairs: Pairs) -> Pairs:
        """Return the pairs whose targets are both there and differ."""
        if table.target is None or table.task == "spans":  # two questions to one text differ in few of its words
            return Pairs.none()
        answers = answers_of(table)
        if table.task == "regression":
            values = answers.cast(pl.Float64, strict=False).to_numpy()
            known = values[np.isfinite(values)]
            spread = np.subtract(*np.quantile(known, [0.75, 0.25])) if len(known) else 0.0
            apart = np.abs(values[pairs.first] - values[pairs.second])
            return pairs.where(apart > self.differs * spread)
        codes = answers.to_frame().select(pl.struct(pl.all()).rank("dense"))[:, 0].to_numpy()
        known = answers.is_not_null().to_numpy()
        both = known[pairs.first] & known[pairs.second]
        return pairs.where(both & (codes[pairs.first] != codes[pairs.second]))


def _examples(table: Table, pairs: Pairs) -> str:
    shown = [
        f"{table.data.place(int(second))} is {similarity:.0%} like {table.data.place(int(first))}"
        for first, second, similarity in zip(
            pairs.first[:SHOWN], pairs.second[:SHOWN], pairs.similarity[:SHOWN], strict=True
        )
    ]
    return ", ".join(shown) + (", ..." if len(pairs) > SHOWN else "")
