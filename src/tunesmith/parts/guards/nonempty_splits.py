"""Training, validation and test each have rows."""

from __future__ import annotations

from typing import ClassVar

from ...core.errors import InputGuardError
from . import Evidence, Guard, Station
from ._samples import rows

LEAST = 2  # rows in a split, below which no figure means anything


class NonemptySplits(Guard):
    """Without validation rows nothing stops overfitting, without test rows every verdict is made up."""

    station: ClassVar[Station] = "split"

    def check(self, evidence: Evidence) -> str:
        """Raise InputGuardError naming the split that has too few rows."""
        counts = {name: len(data) for name, data in evidence.splits.items()}
        for name, count in counts.items():
            if count < LEAST:
                total = sum(counts.values())
                raise InputGuardError(
                    f"split: {name} has {count} of {total} rows, at least {LEAST} are needed; add rows, "
                    "or change the shares in `split: {validation: ..., test: ...}`"
                )
        return ", ".join(f"{name} {count}" for name, count in counts.items())

    @classmethod
    def faults(cls) -> list[Evidence]:
        """Plant an empty test split, and one of a single row."""
        full, none, one = rows(["x", "y"], ["a", "b"]), rows([], []), rows(["z"], ["a"])
        return [Evidence(splits={"train": full, "validation": full, "test": short}) for short in (none, one)]
