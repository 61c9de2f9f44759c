"""Cross-entropy, with label smoothing."""

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


class CrossEntropy(Loss):
    """Minus the log of the true class's probability; for several labels per row, the mean over labels."""

    forms: ClassVar[frozenset[str]] = frozenset({"class", "classes"})

    label_smoothing: float = Field(0.0, ge=0.0, lt=1.0)
    """Share of the probability spread over all classes (Szegedy et al. 2016, section 7)."""

    def build(self, targets: np.ndarray, width: int) -> Hurt:
        """Return the loss for class numbers (rows,) or indicators (rows, classes)."""
        smooth = self.label_smoothing

        def one_class(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.cross_entropy(outputs.float(), labels, label_smoothing=smooth, reduction="none")

        def many_classes(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            soft = labels * (1 - smooth) + smooth / 2
            return torch.nn.functional.binary_cross_entropy_with_logits(outputs.float(), soft, reduction="none").mean(
                dim=1
            )

        return one_class if targets.ndim == 1 else many_classes
