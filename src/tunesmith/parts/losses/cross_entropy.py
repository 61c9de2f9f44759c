"""Cross-entropy, with label smoothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from ...core.need import lazy
from ...data import Ragged
from . import Hurt, Loss

if TYPE_CHECKING:
    import torch

    from ._lines import Lines
else:
    torch = lazy("torch")


class CrossEntropy(Loss):
    """Minus the log of the true class's probability; of labels their mean, of words their sum over the usual length."""

    forms: ClassVar[frozenset[str]] = frozenset({"class", "classes", "tags"})

    label_smoothing: float = Field(0.0, ge=0.0, lt=1.0)
    """Share of the probability spread over all classes (Szegedy et al. 2016, section 7)."""

    def build(self, targets: np.ndarray | Ragged, width: int) -> Hurt:
        """Return the loss for class numbers (rows,), indicators (rows, classes), or class numbers of words."""
        smooth = self.label_smoothing

        def one_class(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.cross_entropy(outputs.float(), labels, label_smoothing=smooth, reduction="none")

        def many_classes(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            soft = labels * (1 - smooth) + smooth / 2
            return torch.nn.functional.binary_cross_entropy_with_logits(outputs.float(), soft, reduction="none").mean(
                dim=1
            )

        def words(outputs: torch.Tensor, labels: Lines) -> torch.Tensor:
            return labels.summed(one_class(outputs, labels.values.long())) / usual

        if isinstance(targets, Ragged):
            usual = max(len(targets.values) / max(len(targets), 1), 1.0)
            return words
        return one_class if targets.ndim == 1 else many_classes
