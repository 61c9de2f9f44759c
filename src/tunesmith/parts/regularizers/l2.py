"""L2: half the sum of squared weights, so that no weight grows large for little gain (Hoerl & Kennard 1970)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from . import Penalty, Regularizer, Scene, moving_matrices

if TYPE_CHECKING:
    import torch


class L2(Regularizer):
    """Weight times half the sum of w squared over the matrices that move (Goodfellow et al. 2016, equation 7.2).

    With `sgd` this is weight decay. With `adamw` it is not: Adam divides the pull by each weight's own gradient size,
    which the optimiser's decoupled `weight_decay` avoids (Loshchilov & Hutter, ICLR 2019, section 2).
    """

    forms: ClassVar[frozenset[str] | None] = None

    weight: float = Field(1e-4, gt=0.0)
    """The pull on a weight, per unit of its size."""

    def build(self, net: torch.nn.Module) -> Penalty:
        """Return the penalty; it looks at the weights alone."""
        matrices = moving_matrices(net)

        def penalty(scene: Scene) -> torch.Tensor:
            total = sum((one.float().square().sum() for one in matrices), scene.outputs.new_zeros(()))
            return self.weight / 2 * total

        return penalty
