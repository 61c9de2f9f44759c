"""Weights: a row of a small class counts more."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from pydantic import Field

from . import Balance, class_counts


class ClassWeights(Balance):
    """Each class counts by the inverse of its rows, or of their effective number, whatever the loss.

    A row's loss is multiplied by its class's weight, and a step's loss is the sum of these products divided by the
    number of its rows. It is not divided by the sum of their weights: that would let a rare row count less in a batch
    where it has company, and differ between micro-batches. As the mean weight of the training rows is 1, the learning
    rate suits as before. Where a row may have several labels, a label's yes is weighed: as many times as there are
    rows without the label for each row with it.
    """

    forms: ClassVar[frozenset[str]] = frozenset({"class", "classes"})

    beta: float | None = Field(None, ge=0.0, lt=1.0)
    """Count by the effective number of rows, (1 - beta^n) / (1 - beta) (Cui et al., CVPR 2019, equation 2): 0 weighs
    all alike, 0.99 to 0.9999 are usual, towards 1 it is the inverse frequency, which is meant where none is given."""

    @classmethod
    def samples(cls) -> list[Self]:
        """Return the inverse frequency and a milder one."""
        return [cls(), cls(beta=0.9)]

    def weights(self, targets: np.ndarray, width: int) -> np.ndarray:
        """Return each class's weight, or what each label's yes counts, float64 (width,)."""
        counts = class_counts(targets, width)
        held = self._effective(np.maximum(counts, 1))
        if targets.ndim == 2:
            return self._effective(np.maximum(len(targets) - counts, 1)) / held
        return len(targets) / (held * (counts / held).sum())

    def _effective(self, counts: np.ndarray) -> np.ndarray:
        if self.beta is None:
            return counts.astype(np.float64)
        return -np.expm1(counts * np.log(self.beta)) / (1 - self.beta) if self.beta else np.ones(len(counts))
