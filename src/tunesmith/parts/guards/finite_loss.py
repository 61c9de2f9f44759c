"""The loss of every step is a finite number."""

from __future__ import annotations

import math
from typing import ClassVar

from ...core.errors import GuardError
from . import Evidence, Guard, Station


class FiniteLoss(Guard):
    """A run whose loss is NaN or infinite would train on and end in weights that mean nothing."""

    station: ClassVar[Station] = "step"

    def check(self, evidence: Evidence) -> str:
        """Raise GuardError where the step's loss is not finite."""
        if not math.isfinite(evidence.loss):
            raise GuardError(
                f"training step {evidence.step}: the loss is {evidence.loss}; nothing was registered; lower "
                "train.optimizer.learning_rate (a tenth is a good try), or use train.engine.precision: fp32"
            )
        return "the loss of every step was finite"

    @classmethod
    def faults(cls) -> list[Evidence]:
        """Plant NaN and infinity."""
        return [Evidence(loss=math.nan, step=3), Evidence(loss=math.inf, step=1)]
