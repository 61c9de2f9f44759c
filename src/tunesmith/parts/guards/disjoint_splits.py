"""No row stands on two sides of a split."""

from __future__ import annotations

from itertools import combinations
from typing import ClassVar

from ...core.errors import InputGuardError
from ...data import Dataset
from . import Evidence, Guard, Station
from ._samples import rows

SHOWN = 3  # places that are named


class DisjointSplits(Guard):
    """A row that was trained on and is tested on makes the figures too good; rows of equal inputs are one row."""

    station: ClassVar[Station] = "split"

    def check(self, evidence: Evidence) -> str:
        """Raise InputGuardError naming rows that are on both sides, unless leaks were allowed in writing."""
        count, places = 0, []
        for first, second in combinations(evidence.splits, 2):
            seen = _first_places(evidence.splits[first])
            other = _first_places(evidence.splits[second])
            shared = [key for key in other if key in seen]
            count += len(shared)
            places += [f"{first} {seen[key]} = {second} {other[key]}" for key in shared[:SHOWN]]
        if count and not evidence.are_leaks_allowed:
            raise InputGuardError(
                f"split: {count} rows are on both sides ({'; '.join(places[:SHOWN])}); `split: {{leaks: drop}}` "
                "leaves out the training copies, `split: {leaks: allow}` goes on and says so in the report"
            )
        return f"{count} rows on both sides, allowed by the recipe" if count else "no row is on both sides"

    @classmethod
    def faults(cls) -> list[Evidence]:
        """Plant a test row in train."""
        train, test = rows(["x", "y"], ["a", "b"]), rows(["y", "z"], ["b", "a"])
        return [Evidence(splits={"train": train, "test": test})]


def _first_places(data: Dataset) -> dict[str, str]:
    """Return where each distinct row first stands, by the hash of its inputs."""
    places: dict[str, str] = {}
    for position, key in enumerate(data.contents):
        if key not in places:
            places[key] = data.place(position)
    return places
