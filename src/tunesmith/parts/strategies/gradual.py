"""The head moves first, then one layer after the other from the top (Howard & Ruder, ACL 2018, section 3.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from . import Layers, Renewing, hold

if TYPE_CHECKING:
    import torch

ROUNDING = 1e-9  # a share of steps that is due must not miss by the last bit


class Gradual(Renewing):
    """Every weight is trained in the end, but what is near the task starts first, so the lower layers forget less."""

    until: float = Field(0.5, gt=0.0, lt=1.0)
    """Share of the steps after which everything moves; the layers and the embeddings start at equal distances."""

    def prepare(self, body: torch.nn.Module, layers: Layers) -> None:
        """Freeze the body. Raises RecipeError where the base has fewer layers than are to be renewed."""
        self.renew_top(body, layers)
        hold([body])

    def ever_moves(self, body: torch.nn.Module, layers: Layers) -> list[torch.nn.Parameter]:
        """Return all weights of the body: each moves in the end."""
        return list(body.parameters())

    def release(self, layers: Layers, done: float) -> bool:
        """Free the top `done / until * len(layers)` of the layers, rounded down; return whether any was frozen."""
        count = min(len(layers), int(done / self.until * len(layers) + ROUNDING))
        inside = [one for depth in layers[len(layers) - count :] for module in depth for one in module.parameters()]
        frozen = [one for one in inside if not one.requires_grad]
        for parameter in frozen:
            parameter.requires_grad_(True)
        return bool(frozen)
