"""SGD: plain steps with momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from ...core.need import lazy
from . import Optimizer

if TYPE_CHECKING:
    import torch
else:
    torch = lazy("torch")


class Sgd(Optimizer):
    """Steps along the gradient; needs a larger rate than AdamW, and `auto` gives it one."""

    rate_scale: ClassVar[float] = 100.0

    momentum: float = Field(0.9, ge=0.0, lt=1.0)
    """How much of the last step is kept."""
    nesterov: bool = False
    """Look ahead by the momentum before taking the gradient."""

    def build(self, groups: Iterable[dict[str, Any]]) -> torch.optim.Optimizer:
        """Return torch's SGD."""
        return torch.optim.SGD(list(groups), lr=0.1, momentum=self.momentum, nesterov=self.nesterov)
