"""The training target takes more than one value."""

from __future__ import annotations

from typing import ClassVar

from ...core.errors import InputGuardError
from . import Evidence, Guard, Station
from ._samples import rows


class SeveralClasses(Guard):
    """With a single value in the target, every model is perfect and none has learnt anything."""

    station: ClassVar[Station] = "split"

    def check(self, evidence: Evidence) -> str:
        """Raise InputGuardError where the training rows hold one value only."""
        train = evidence.splits["train"]
        target = train.frame[evidence.target]
        different = target.drop_nulls().n_unique()
        if different < 2:
            value = target.drop_nulls()[0] if len(target.drop_nulls()) else None
            raise InputGuardError(
                f"{train.index['source'][0]}, column '{evidence.target}': all {len(train)} training rows have the "
                f"value '{value}'; add rows of another value, or name another `target`"
            )
        return f"the training target takes {different} values"

    @classmethod
    def faults(cls) -> list[Evidence]:
        """Plant one class."""
        return [Evidence(splits={"train": rows(["x", "y"], ["a", "a"])}, target="label")]
