"""Huber loss: squared near zero, linear beyond, so that outliers pull less (Huber 1964)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from ...core.need import lazy
from . import Hurt, Loss

if TYPE_CHECKING:
    import torch
else:
    torch = lazy("torch")


class Huber(Loss):
    """Half the squared error up to `delta` standard deviations of the target, linear beyond."""

    forms: ClassVar[frozenset[str]] = frozenset({"value"})

    delta: float = Field(1.0, gt=0.0)
    """Where the loss turns linear, in standard deviations of the training target."""

    def build(self, targets: np.ndarray, width: int) -> Hurt:
        """Return the loss for values (rows,)."""
        delta = self.delta

        def huber(outputs: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.huber_loss(outputs.float()[:, 0], values, delta=delta, reduction="none")

        return huber
