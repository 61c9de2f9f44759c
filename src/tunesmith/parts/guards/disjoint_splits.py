"""No row stands on two sides of a split."""

from __future__ import annotations

from typing import ClassVar

from ...data.leaks import equal_rows
from . import Evidence, Guard, Station
from ._leaks import refuse_leaks
from ._samples import rows


class DisjointSplits(Guard):
    """A row that was trained on and is tested on makes the figures too good; rows of equal inputs are one row."""

    station: ClassVar[Station] = "split"

    def check(self, evidence: Evidence) -> str:
        """Raise InputGuardError naming rows that are on both sides, unless leaks were allowed in writing."""
        return refuse_leaks(evidence, equal_rows, "=", "are on both sides")

    @classmethod
    def faults(cls) -> list[Evidence]:
        """Plant a test row in train, and one of validation in test."""
        train, test = rows(["x", "y"], ["a", "b"]), rows(["y", "z"], ["b", "a"])
        clean = rows(["u", "v"], ["a", "b"])
        return [
            Evidence(splits={"train": train, "test": test}),
            Evidence(splits={"train": clean, "validation": train, "test": test}),
        ]
