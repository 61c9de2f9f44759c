"""The first layers stay, the upper ones move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from ...core.errors import RecipeError
from . import Layers, Renewing, hold

if TYPE_CHECKING:
    import torch


class Freeze(Renewing):
    """Embeddings and the first `layers` layers are frozen: cheaper, and gentler to what the base knows."""

    layers: int = Field(3, ge=0)
    """How many layers above the embeddings stay as they are."""

    def prepare(self, body: torch.nn.Module, layers: Layers) -> None:
        """Freeze from the bottom. Raises RecipeError where the base has fewer layers."""
        if self.layers > len(layers) - 1:
            most = len(layers) - 1
            raise RecipeError(f"strategy.layers: the base has {most} layers, cannot freeze {self.layers}; name fewer")
        self.renew_top(body, layers, self.layers)
        for depth in layers[: self.layers + 1]:
            hold(depth)
