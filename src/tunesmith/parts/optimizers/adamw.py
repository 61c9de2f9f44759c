"""AdamW: steps scaled by running moments, decay apart from the gradient (Loshchilov & Hutter, ICLR 2019)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pydantic import Field

from ...core.need import lazy
from . import Optimizer

if TYPE_CHECKING:
    import torch
else:
    torch = lazy("torch")


class Adamw(Optimizer):
    """The usual choice for pre-trained networks, with bias correction."""

    beta1: float = Field(0.9, ge=0.0, lt=1.0)
    """Memory of the first moment."""
    beta2: float = Field(0.999, ge=0.0, lt=1.0)
    """Memory of the second moment."""
    epsilon: float = Field(1e-8, gt=0.0)
    """Keeps the division finite."""

    def build(self, groups: Iterable[dict[str, Any]]) -> torch.optim.Optimizer:
        """Return torch's fused AdamW."""
        return torch.optim.AdamW(list(groups), betas=(self.beta1, self.beta2), eps=self.epsilon, fused=True)
