"""No row is near to a row on another side of a split."""

from __future__ import annotations

from typing import ClassVar

import polars as pl

from ...data.leaks import near_rows
from . import Apart, Evidence, Guard, Station
from ._leaks import REMEDY, refuse_leaks
from ._samples import rows


class DisjointNearRows(Guard):
    """A row that differs by a comma from one that was trained on tests the memory, not the model."""

    station: ClassVar[Station] = "split"

    def check(self, evidence: Evidence) -> str:
        """Raise InputGuardError naming near rows on both sides, unless leaks were allowed in writing."""
        near = evidence.apart.near
        if near is None:
            return "near-duplicates were not looked for"
        fact = "are near to rows on another side"
        remedy = f"{REMEDY}, `split: {{near_duplicates: ignore}}` does not look for them"
        return refuse_leaks(evidence, lambda first, second: near_rows(first, second, near), "~", fact, remedy)

    @classmethod
    def faults(cls) -> list[Evidence]:
        """Plant near rows in train and test, the earlier one first in train, then in test."""
        train, test = rows(["x", "much ado"], ["a", "b"]), rows(["much ado.", "z"], ["b", "a"])
        one, other = train.contents[1], test.contents[0]
        return [
            Evidence(splits={"train": train, "test": test}, apart=Apart(near=pl.DataFrame(pair)))
            for pair in ({"first": [one], "second": [other]}, {"first": [other], "second": [one]})
        ]
