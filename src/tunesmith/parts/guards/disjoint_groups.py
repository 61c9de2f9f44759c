"""No group stands on two sides of a split."""

from __future__ import annotations

from typing import ClassVar

import polars as pl

from ...data import Dataset
from ...data.leaks import equal_groups
from . import Apart, Evidence, Guard, Station
from ._leaks import refuse_leaks
from ._samples import rows


class DisjointGroups(Guard):
    """A model that knows the customer answers for the customer; whom it has not met is what the test is about."""

    station: ClassVar[Station] = "split"

    def check(self, evidence: Evidence) -> str:
        """Raise InputGuardError naming rows of one group on both sides, unless leaks were allowed in writing."""
        group = evidence.apart.group
        if group is None:
            return "no group is to be kept on one side"
        fact = f"have a '{group}' that is also on another side"
        return refuse_leaks(evidence, lambda first, second: equal_groups(first, second, group), "and", fact)

    @classmethod
    def faults(cls) -> list[Evidence]:
        """Plant a group in train and test, and one in validation and test."""
        one, other, third = _of("u", "v"), _of("v", "w"), _of("y", "z")
        return [
            Evidence(splits={"train": one, "validation": third, "test": other}, apart=Apart(group="who")),
            Evidence(splits={"train": third, "validation": one, "test": other}, apart=Apart(group="who")),
        ]


def _of(*groups: str) -> Dataset:
    data = rows([f"a row of {one}" for one in groups], ["a"] * len(groups))
    return Dataset(data.frame.with_columns(pl.Series("who", groups)), data.index)
