"""A gradient summed over micro-batches is that of the whole batch."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...core.errors import GuardError
from . import Evidence, Guard, Station

TOLERANCE = 1e-3  # of the gradient's norm, in fp32


class Accumulation(Guard):
    """Averaging over micro-batches of different sizes weighs their rows unequally, up to a multiple of the loss."""

    station: ClassVar[Station] = "start"

    def check(self, evidence: Evidence) -> str:
        """Raise GuardError where the two gradients (parameters,) differ by more than rounding."""
        assert evidence.before is not None
        assert evidence.after is not None
        size = float(np.linalg.norm(evidence.before))
        gap = float(np.linalg.norm(evidence.before - evidence.after)) / max(size, 1e-12)
        if not gap <= TOLERANCE:
            raise GuardError(
                f"before training: the gradient summed over micro-batches differs from the batch's own by {gap:.2g} of "
                "its norm; nothing was trained; set train.micro_batch to train.batch_size, and report this as a fault"
            )
        return f"micro-batches sum to the batch's gradient (gap {gap:.1g} of its norm)"

    @classmethod
    def faults(cls) -> list[Evidence]:
        """Plant the mean of two micro-batches' means where sizes differ, a sum that was never divided, and NaN."""
        whole = np.array([3.0, -4.0])
        return [Evidence(before=whole, after=one) for one in (whole * 1.25, whole * 8, whole * np.nan)]
