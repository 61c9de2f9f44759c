"""The first layers stay, the upper ones move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from . import Strategy, hold_still

if TYPE_CHECKING:
    import torch


class Freeze(Strategy):
    """Embeddings and the first `layers` layers are frozen: cheaper, and gentler to what the base knows."""

    layers: int = Field(3, ge=0)
    """How many layers above the embeddings stay as they are."""

    def prepare(self, body: torch.nn.Module, layers: list[list[torch.nn.Module]]) -> None:
        """Freeze from the bottom. Raises ValueError where the base has fewer layers."""
        if self.layers > len(layers) - 1:
            raise ValueError(f"strategy.layers: the base has {len(layers) - 1} layers, cannot freeze {self.layers}")
        for depth in layers[: self.layers + 1]:
            hold_still(depth)
