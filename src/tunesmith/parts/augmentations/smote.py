"""New rows of the smaller classes, between rows that are there (SMOTE: Chawla et al., JAIR 2002)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import polars as pl
from pydantic import Field

from ...core.errors import DataError
from ...core.need import need
from . import Kind, Question, RowAugmentation


class Smote(RowAugmentation):
    """Each new row lies on the line between a row and one of its nearest neighbours of the same class.

    Distances are in standard deviations of each number. With categories this is SMOTE-NC (section 6.1 of the paper): a
    new row takes the category that most of its neighbours have. Rows with a missing value stay, but take no part.
    Nobody but training sees the new rows: what is learnt of columns (scales, categories) and all baselines are of the
    rows as they were.
    """

    works_on: ClassVar[frozenset[Kind]] = frozenset({"number", "category"})

    neighbours: int = Field(5, ge=1)
    """How many of a row's nearest neighbours of its class it may be mixed with."""
    share: float = Field(1.0, gt=0.0, le=1.0)
    """How large every smaller class becomes, as a share of the largest."""

    def refuse(self, question: Question) -> str | None:
        """Name the first input that is neither number nor category, or a target without classes."""
        for name, kind in question.inputs.items():
            if kind not in self.works_on:
                return f"smote works on rows of numbers and categories, and '{name}' is of kind {kind}; remove smote"
        if question.form != "class":
            return f"smote makes rows of the smaller classes, and target '{question.target}' has none; remove smote"
        if not question.of_kind(frozenset({"number"})):
            return "smote needs a number among the inputs, and all are categories; remove smote"
        return super().refuse(question)

    def synthesize(self, train: pl.DataFrame, question: Question, seed: int) -> pl.DataFrame:
        """Return the new rows. Raises DataError where a class to be enlarged has too few complete rows."""
        numbers, categories = (question.of_kind(frozenset({kind})) for kind in ("number", "category"))
        whole = train.with_columns(pl.col(numbers).fill_nan(None)).drop_nulls()
        classes = whole[question.target].unique().sort()
        codes = whole.join(classes.to_frame().with_row_index("code"), question.target, maintain_order="left")["code"]
        wanted = self._wanted(classes, np.bincount(codes.to_numpy(), minlength=len(classes)))
        if not wanted:
            return train.clear()
        deviations = {name: float(whole[name].std() or 1.0) for name in numbers}  # type: ignore[arg-type]
        scaled = [whole[name] / one for name, one in deviations.items()]
        rows = pl.DataFrame(
            [*scaled, *whole.select(categories).get_columns()]
        ).to_numpy()  # objects where there are categories
        made, labels = self._maker(wanted, len(numbers), len(categories), seed).fit_resample(rows, codes.to_numpy())
        made, labels = made[len(whole) :], labels[len(whole) :]
        columns = [pl.Series(name, made[:, at].tolist()) for at, name in enumerate([*numbers, *categories])]
        back = pl.DataFrame(columns).with_columns([pl.col(name) * one for name, one in deviations.items()])
        return back.with_columns(classes.gather(labels)).select(train.columns)

    def _wanted(self, classes: pl.Series, counts: np.ndarray) -> dict[int, int]:
        """Return how many rows each class to be enlarged shall have, by its position among the classes."""
        size = round(self.share * int(counts.max(initial=0)))
        small = np.flatnonzero(counts < size).tolist()
        for at in small:
            if counts[at] <= self.neighbours:
                advice = f"set `neighbours: {counts[at] - 1}`" if counts[at] > 1 else "add rows of it"
                raise DataError(
                    f"class '{classes[at]}' has {counts[at]} training rows without a missing value, and each needs "
                    f"{self.neighbours} neighbours; {advice}"
                )
        return dict.fromkeys(small, size)

    def _maker(self, wanted: dict[int, int], numbers: int, categories: int, seed: int) -> Any:
        library = need("imblearn.over_sampling", extra="imbalance")
        settings = {"sampling_strategy": wanted, "k_neighbors": self.neighbours, "random_state": seed % 2**32}
        if not categories:
            return library.SMOTE(**settings)
        return library.SMOTENC(categorical_features=list(range(numbers, numbers + categories)), **settings)
