"""L1: the sum of absolute weights, which draws what is not needed to zero (Tibshirani 1996)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from . import Penalty, Regularizer, Scene, moving_matrices

if TYPE_CHECKING:
    import torch


class L1(Regularizer):
    """Weight times the sum of |w| over the matrices that move (Goodfellow et al. 2016, Deep Learning, equation 7.19).

    The pull is the same for every weight, however small; gradient steps bring weights near zero, seldom to it.
    """

    forms: ClassVar[frozenset[str] | None] = None

    weight: float = Field(1e-6, gt=0.0)
    """Counts once per single weight, so it is small: a body has millions."""

    def build(self, net: torch.nn.Module) -> Penalty:
        """Return the penalty; it looks at the weights alone."""
        matrices = moving_matrices(net)

        def penalty(scene: Scene) -> torch.Tensor:
            total = sum((one.float().abs().sum() for one in matrices), scene.outputs.new_zeros(()))
            return self.weight * total

        return penalty
