"""Squared error: the mean is the best answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from . import Hurt, Loss

if TYPE_CHECKING:
    import torch


class Squared(Loss):
    """The square of the difference, on the standardised scale."""

    forms: ClassVar[frozenset[str]] = frozenset({"value"})

    def build(self, targets: np.ndarray, width: int) -> Hurt:
        """Return the loss for values (rows,)."""

        def squared(outputs: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
            return (outputs.float()[:, 0] - values) ** 2

        return squared
