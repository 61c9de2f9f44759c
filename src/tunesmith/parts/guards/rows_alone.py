"""A row's outputs do not depend on the rows beside it."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...core.errors import GuardError
from . import Evidence, Guard, Station

TOLERANCE = 1e-3  # relative to the largest output: sums over padded rows are rounded otherwise


class RowsAlone(Guard):
    """Padding that is seen, or packed examples that see each other, make figures that no single row will have."""

    station: ClassVar[Station] = "encoded"

    def check(self, evidence: Evidence) -> str:
        """Raise GuardError where rows run together and each by itself differ."""
        if evidence.before is None:
            return "rows are answered one by one"
        gap = evidence.gap()
        if not gap <= TOLERANCE:
            raise GuardError(
                f"base: rows run together differ from the same rows run one by one by {gap:.2g} of the largest output "
                f"(allowed {TOLERANCE:g}); use another base, or `packing: false` where the base has it, and report this"
            )
        return f"rows run together equal rows run one by one (difference {gap:.1g})"

    @classmethod
    def faults(cls) -> list[Evidence]:
        """Plant an output that another row moved, and one that is not a number."""
        before = np.array([[1.0, 2.0], [0.5, -1.0]])
        return [Evidence(before=before, after=before + gap) for gap in (0.05, np.nan)]
