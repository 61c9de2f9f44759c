"""Cross-entropy of every question 'is it above this class?': a mistake costs more, the further off it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ...core.need import lazy
from . import Hurt, Loss

if TYPE_CHECKING:
    import torch
else:
    torch = lazy("torch")


class Cumulative(Loss):
    """The mean over the borders between classes in order of minus the log probability of the right side.

    The loss of CORAL (Cao, Mirjalili and Raschka 2020, arXiv:1901.07884, equation 5, all weights equal) on the
    cumulative sums of a softmax, which cannot cross each other; so there is one output per class as in classification.
    """

    forms: ClassVar[frozenset[str]] = frozenset({"class"})

    def build(self, targets: np.ndarray, width: int) -> Hurt:
        """Return the loss for class numbers (rows,), in the order of the outputs."""
        borders = torch.arange(max(width - 1, 1))

        def cumulative(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            logs_RC = outputs.float().log_softmax(dim=1)
            through_RB = logs_RC.logcumsumexp(dim=1)[:, :-1]
            above_RB = logs_RC.flip(1).logcumsumexp(dim=1).flip(1)[:, 1:]
            is_above_RB = labels[:, None] > borders.to(labels.device)[None, :]
            right_RB = torch.where(is_above_RB, above_RB, through_RB)
            return -right_RB.mean(dim=1)

        return cumulative
