"""Focal loss: easy rows count less (Lin et al., ICCV 2017, equation 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from pydantic import Field

from ...core.need import lazy
from . import Hurt, Loss

if TYPE_CHECKING:
    import torch
else:
    torch = lazy("torch")


LEAST_DOUBT = 1e-7


class Focal(Loss):
    """Cross-entropy times (1 - probability of the truth) to the power gamma."""

    forms: ClassVar[frozenset[str]] = frozenset({"class", "classes"})

    gamma: float = Field(2.0, ge=0.0)
    """How strongly easy rows are discounted; 0 is plain cross-entropy."""

    @classmethod
    def samples(cls) -> list[Self]:
        """Return one on each side of gamma 1, where the discount's slope at full certainty turns from infinite to 0."""
        return [cls(), cls(gamma=0.5)]

    def build(self, targets: np.ndarray, width: int) -> Hurt:
        """Return the loss for class numbers (rows,) or indicators (rows, classes)."""
        gamma = self.gamma

        def one_class(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            log_true = outputs.float().log_softmax(dim=1).gather(1, labels[:, None])[:, 0]
            return -(_doubt(log_true) ** gamma) * log_true

        def many_classes(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            log_true = torch.nn.functional.logsigmoid(outputs.float() * (2 * labels - 1))
            return (-(_doubt(log_true) ** gamma) * log_true).mean(dim=1)

        return one_class if targets.ndim == 1 else many_classes


def _doubt(log_true: torch.Tensor) -> torch.Tensor:
    """Return 1 - probability, kept off zero: there, a power below 1 has no finite slope."""
    return (-torch.expm1(log_true)).clamp(min=LEAST_DOUBT)
