"""Classes with too few rows to be learnt or measured."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from . import Check, Finding, Table
from ._words import answers_of, counted, listed


class Imbalance(Check):
    """Classes far smaller than an even share, or with so few rows that no figure about them means anything."""

    share: float = Field(0.05, ge=0, le=1)
    """The part of an even share below which a class is too small."""
    rows: int = Field(10, ge=0)
    """The number of rows below which a class is too small."""

    def find(self, table: Table) -> list[Finding]:
        """Return one finding over the rows of all small classes, or an error where every row has the same answer.

        A row scores how far its smallest class falls short of what is asked, 0 (hardly) to 1 (wholly).
        """
        if table.target is None or table.task not in ("classification", "multilabel"):
            return []
        answers = answers_of(table)
        labels = pl.DataFrame({"position": pl.int_range(len(answers), eager=True), "label": answers})
        labels = (labels.explode("label") if answers.dtype == pl.List else labels).drop_nulls()
        if not labels.height:
            return []
        if answers.drop_nulls().n_unique() == 1:
            return [self._single(table, table.target, labels)]
        classes = labels["label"].value_counts(sort=True)
        even = labels.height / classes.height
        asked = max(self.share * even, float(self.rows))
        small = classes.filter((pl.col("count") < self.rows) | (pl.col("count") < self.share * even))
        if not small.height:
            return []
        concerned = (
            labels.join(small, on="label")
            .group_by("position")
            .agg(score=1 - pl.col("count").min() / asked)
            .sort("position")
        )
        return [
            Finding(
                self.kind,
                "warning",
                tuple(concerned["position"].to_list()),
                tuple(concerned["score"].to_list()),
                self._advice(table, classes, small),
                table.target,
            )
        ]

    def _advice(self, table: Table, classes: pl.DataFrame, small: pl.DataFrame) -> str:
        sizes = [f"{label} ({count})" for label, count in small.sort("count", "label").iter_rows()]
        largest, most = classes.row(0)
        return (
            f"column '{table.target}': {counted(small.height, 'class')} of {classes.height} with too few rows: "
            f"{listed(sizes)}, while '{largest}' has {most}; collect more rows of them, join them with another class, "
            f"or let them count more with {self._remedies(table, classes.height)}; accuracy alone tells little here, "
            f"`task: {{kind: {table.task}, metric: f1_macro}}` judges all classes alike"
        )

    def _remedies(self, table: Table, classes: int) -> str:
        """Return what the recipe has for such classes: what a row can be drawn for, and what a threshold can divide."""
        found = ["`balance: class_weights`"]
        if table.task == "classification":
            found.append("`balance: {kind: oversample, ratio: 0.5}`")
        if table.task == "multilabel" or classes == 2:
            found.append("`decide: auto`")
        return f"{', '.join(found[:-1])} or {found[-1]}" if len(found) > 1 else found[0]

    def _single(self, table: Table, target: str, labels: pl.DataFrame) -> Finding:
        rows = labels["position"].n_unique()
        names = listed(labels["label"].unique(maintain_order=True).to_list())
        advice = (
            f"column '{target}': every row that has an answer has the same, {names} ({counted(rows, 'row')}); "
            "there is nothing to learn: add rows of other classes, or name another `target`"
        )
        return Finding(self.kind, "error", (), (), advice, target, rows)
