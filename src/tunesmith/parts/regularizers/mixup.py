"""Mixup of the joined vectors: between two rows, the answer should lie between theirs (Verma et al., ICML 2019)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from ...core.need import lazy
from . import Penalty, Regularizer, Scene

if TYPE_CHECKING:
    import torch
else:
    torch = lazy("torch")


class Mixup(Regularizer):
    """The loss of rows mixed before the head, as Sun et al. (COLING 2020) do for texts, beside that of the rows.

    Each row is mixed with a partner, a share lambda of itself drawn once per call from Beta(alpha, alpha), and judged
    by lambda times the loss against its own target plus 1 - lambda times that against its partner's. For cross-entropy
    this is the loss against the mixed target; for the squared error it differs by a number that no weight can change.
    """

    weight: float = Field(1.0, gt=0.0)
    """How much the mixed rows count beside the rows as they are."""
    alpha: float = Field(1.0, gt=0.0)
    """1 draws every share alike; below, rows stay mostly themselves; above, halves are likely."""

    def build(self, net: torch.nn.Module) -> Penalty:
        """Return the penalty; it needs one pass more through the head alone."""

        def penalty(scene: Scene) -> torch.Tensor:
            share = float(scene.generator.beta(self.alpha, self.alpha))
            order = scene.generator.permutation(len(scene.vectors))
            partners = torch.from_numpy(order).to(scene.vectors.device)
            outputs = scene.head(share * scene.vectors + (1 - share) * scene.vectors[partners])
            own, others = scene.loss(outputs, scene.targets), scene.loss(outputs, scene.targets[partners])
            return self.weight * (share * own + (1 - share) * others).mean()

        return penalty
