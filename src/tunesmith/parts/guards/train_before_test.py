"""Nothing is learnt from what came after the first test row."""

from __future__ import annotations

from typing import ClassVar

import polars as pl

from ...data import Dataset
from ...data.leaks import Leaks, later_rows
from . import Apart, Evidence, Guard, Station
from ._leaks import refuse_leaks
from ._samples import rows


class TrainBeforeTest(Guard):
    """A model that is to answer for tomorrow must not have read the day after."""

    station: ClassVar[Station] = "split"

    def check(self, evidence: Evidence) -> str:
        """Raise InputGuardError naming training rows later than the first test row, unless that was allowed."""
        time, test = evidence.apart.time, evidence.splits.get("test")
        if time is None or test is None:
            return "no time is to be kept in order"

        def later(first: Dataset, second: Dataset) -> Leaks:
            return later_rows(first, second, time)

        judged = {name: evidence.splits[name] for name in ("train", "test")}
        return refuse_leaks(
            Evidence(splits=judged, apart=evidence.apart),
            later,
            "after",
            f"are later in '{time}' than the first row that is tested on",
        )

    @classmethod
    def faults(cls) -> list[Evidence]:
        """Plant a training row from after the test, in days and in numbers."""
        return [
            Evidence(splits={"train": _at(*before), "test": _at(*after)}, apart=Apart(time="day"))
            for before, after in ((("2024-01-01", "2024-03-01"), ("2024-02-01", "2024-04-01")), ((1, 3), (2, 4)))
        ]


def _at(*times: str | int) -> Dataset:
    data = rows([f"a row of {time}" for time in times], ["a"] * len(times))
    return Dataset(data.frame.with_columns(pl.Series("day", times)), data.index)
