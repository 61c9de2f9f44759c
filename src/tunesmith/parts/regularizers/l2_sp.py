"""L2-SP: pre-trained weights are pulled to where they started, not to zero (Li, Grandvalet & Davoine, ICML 2018)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from . import Penalty, Regularizer, Scene, moving_matrices

if TYPE_CHECKING:
    import torch


class L2Sp(Regularizer):
    """Half the squared distance from the start, and plain L2 on what is new: the paper's alpha and beta terms.

    What moves inside a pre-trained encoder has a start to return to, biases and norms included; adapters, too: they
    start where they change nothing. The head and encoders that begin from nothing are new; of them, matrices count.
    """

    forms: ClassVar[frozenset[str] | None] = None
    is_zero_at_start: ClassVar[bool] = True

    weight: float = Field(0.01, gt=0.0)
    """Alpha: the pull of a pre-trained weight to its start, per unit of distance."""
    new_weight: float = Field(0.01, ge=0.0)
    """Beta: the pull of a new weight to zero, per unit of its size; the paper keeps it at 0.01."""

    def build(self, net: torch.nn.Module) -> Penalty:
        """Copy the starting weights of what is pre-trained and moves, and return the penalty."""
        pretrained = _pretrained(net)
        starts = [(one, one.detach().clone().float()) for one in pretrained]
        known = {id(one) for one in pretrained}
        new = [one for one in moving_matrices(net) if id(one) not in known]

        def penalty(scene: Scene) -> torch.Tensor:
            nothing = scene.outputs.new_zeros(())
            distance = sum(((one.float() - start).square().sum() for one, start in starts), nothing)
            size = sum((one.float().square().sum() for one in new), nothing)
            return self.weight / 2 * distance + self.new_weight / 2 * size

        return penalty


def _pretrained(net: torch.nn.Module) -> list[torch.nn.Parameter]:
    """Return the weights that move inside the modules that say they are pre-trained, each once."""
    holders = [module for module in net.modules() if getattr(module, "is_pretrained", False)]
    found = {id(one): one for module in holders for one in module.parameters() if one.requires_grad}
    return list(found.values())
