"""Rows with the same inputs and different targets."""

from __future__ import annotations

import polars as pl

from . import Check, Finding, Table
from ._words import answers_of, counted, first_equal, listed

SHOWN = 3


class Contradictions(Check):
    """Rows equal in every input that do not agree on the target: no model can get all of them right."""

    def find(self, table: Table) -> list[Finding]:
        """Return one finding over all rows involved; the score is 1 - the share of the group's commonest answer.

        A row's origin is the first row of its group that has another answer. Rows without a target
        say nothing, and contradict nothing.
        """
        if table.target is None or not table.inputs or not len(table.data):
            return []
        answers = answers_of(table)
        rows = first_equal(table, table.inputs)
        rows = rows.with_columns(answer=answers[rows["position"]]).filter(pl.col("answer").is_not_null())
        rows = rows.with_columns(
            same=pl.len().over("first", "answer"),
            size=pl.len().over("first"),
        ).with_columns(commonest=pl.col("same").max().over("first"))
        odd = rows.filter(pl.col("commonest") < pl.col("size"))
        if not odd.height:
            return []
        scores = odd.select(1 - pl.col("commonest") / pl.col("size"))[:, 0]
        return [
            Finding(
                self.kind,
                "warning",
                tuple(odd["position"].to_list()),
                tuple(scores.to_list()),
                self._advice(table, odd),
                table.target,
                origins=tuple(_opposed(odd).to_list()),
            )
        ]

    def _advice(self, table: Table, odd: pl.DataFrame) -> str:
        group = odd.filter(pl.col("first") == odd["first"][0])
        answers = listed(group["answer"].unique(maintain_order=True).to_list())
        groups = counted(odd["first"].n_unique(), "group")
        places = ", ".join(table.data.place(position) for position in group["position"][:SHOWN])
        more = ", ..." if group.height > SHOWN else ""
        return (
            f"{counted(odd.height, 'row')} in {groups} have the same inputs and different values of '{table.target}' "
            f"(for instance {places}{more}: {answers}); correct or remove the wrong ones, or add the column that "
            "tells them apart to the inputs"
        )


def _opposed(odd: pl.DataFrame) -> pl.Series:
    """Return for each row the first row of its group with another answer."""
    is_first_answer = pl.col("answer") == pl.col("answer").first()
    first, other = pl.col("position").first(), pl.col("position").filter(~is_first_answer).first()
    return odd.select(pl.when(is_first_answer.over("first")).then(other.over("first")).otherwise(first.over("first")))[
        :, 0
    ]
