"""The version answers as the model did that was measured."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...core.errors import GuardError
from . import Evidence, Guard, Station

TOLERANCE = 1e-5  # relative to the largest output


class SavedEqualsLoaded(Guard):
    """A model that is saved, merged or exported and answers otherwise has figures that belong to another."""

    station: ClassVar[Station] = "saved"

    def check(self, evidence: Evidence) -> str:
        """Raise GuardError where outputs before and after saving differ beyond rounding."""
        gap = evidence.gap()
        if not gap <= TOLERANCE:
            raise GuardError(
                f"registry: the saved model's outputs differ from the trained one's by {gap:.2g} of the largest "
                f"(allowed {TOLERANCE:g}); nothing was registered; run `tunesmith doctor` and report this"
            )
        return f"the loaded model's outputs equal the trained one's (difference {gap:.1g})"

    @classmethod
    def faults(cls) -> list[Evidence]:
        """Plant another output, and one that is not a number."""
        before = np.array([[1.0, 2.0]])
        return [Evidence(before=before, after=before + gap) for gap in (0.01, np.nan)]
