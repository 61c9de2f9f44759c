"""Steps with a loss that is no finite number are not taken, and do not follow one another."""

from __future__ import annotations

import math
from typing import ClassVar

from ...core.errors import GuardError
from . import Evidence, Guard, Station

MOST_IN_A_ROW = 5  # the loop halves its rate at each and stops by itself before this


class FiniteLoss(Guard):
    """A run whose loss is NaN or infinite would train on and end in weights that mean nothing."""

    station: ClassVar[Station] = "step"

    def check(self, evidence: Evidence) -> str:
        """Raise GuardError where a loss that is not finite was used, or the run does not recover from such steps."""
        if not math.isfinite(evidence.loss) and not 0 < evidence.skipped <= MOST_IN_A_ROW:
            raise GuardError(
                f"training step {evidence.step}: the loss is {evidence.loss}; nothing was registered; lower "
                "train.optimizer.learning_rate (a tenth is a good try), or use train.engine.precision: fp32"
            )
        return "the loss of every step taken was finite"

    @classmethod
    def faults(cls) -> list[Evidence]:
        """Plant NaN and infinity."""
        return [Evidence(loss=math.nan, step=3), Evidence(loss=math.inf, step=9, skipped=MOST_IN_A_ROW + 1)]
