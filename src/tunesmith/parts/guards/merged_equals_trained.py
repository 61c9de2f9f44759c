"""Merging adapters into the base changes no answer."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...core.errors import GuardError
from . import Evidence, Guard, Station

TOLERANCE = 1e-3  # relative to the largest output: a merged product is rounded once more


class MergedEqualsTrained(Guard):
    """The merged model is what gets registered, so it must be the one that validation chose."""

    station: ClassVar[Station] = "trained"

    def check(self, evidence: Evidence) -> str:
        """Raise GuardError where the validation outputs before and after the strategy's finish differ."""
        gap = evidence.gap()
        if not gap <= TOLERANCE:
            raise GuardError(
                f"train: finishing the strategy changed the outputs by {gap:.2g} of the largest "
                f"(allowed {TOLERANCE:g}); nothing was registered; use train.engine.precision: fp32"
            )
        return f"finishing the strategy changed no output (difference {gap:.1g})"

    @classmethod
    def faults(cls) -> list[Evidence]:
        """Plant a merge that moved an output."""
        before = np.array([[1.0, -2.0]])
        return [Evidence(before=before, after=before * 1.01)]
