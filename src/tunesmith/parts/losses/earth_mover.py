"""Squared earth mover's distance: how far the probability would have to be moved to the true class."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ...core.need import lazy
from . import Hurt, Loss

if TYPE_CHECKING:
    import torch
else:
    torch = lazy("torch")


class EarthMover(Loss):
    """The sum over classes in order of the squared gap of cumulative probabilities (Hou et al. 2016, equation 9)."""

    forms: ClassVar[frozenset[str]] = frozenset({"class"})

    def build(self, targets: np.ndarray, width: int) -> Hurt:
        """Return the loss for class numbers (rows,), in the order of the outputs."""
        classes = torch.arange(width)

        def moved(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            answered_RC = outputs.float().softmax(dim=1).cumsum(dim=1)
            wanted_RC = (labels[:, None] <= classes.to(labels.device)[None, :]).float()
            return ((answered_RC - wanted_RC) ** 2).sum(dim=1)

        return moved
