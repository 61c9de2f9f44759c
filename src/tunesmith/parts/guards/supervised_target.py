"""There is something to learn: labels in every split, and labels that differ."""

from __future__ import annotations

from typing import ClassVar

from ...core.errors import InputGuardError
from . import Evidence, Guard, Station
from ._samples import rows


class SupervisedTarget(Guard):
    """Training without labels ends with a loss of 0.0 that looks like success."""

    station: ClassVar[Station] = "read"

    def check(self, evidence: Evidence) -> str:
        """Raise InputGuardError where no row has a label."""
        data = evidence.splits["all"]
        labelled = len(data) - data.frame[evidence.target].null_count()
        if not labelled:
            source = data.index["source"][0] if len(data) else "the data"
            raise InputGuardError(
                f"{source}, column '{evidence.target}': none of {len(data)} rows has a label; name another `target`"
            )
        return f"{labelled} of {len(data)} rows have a label"

    @classmethod
    def faults(cls) -> list[Evidence]:
        """Plant rows without labels."""
        return [Evidence(splits={"all": rows(["x", "y"], [None, None])}, target="label")]
