"""Everything moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import Layers, Renewing

if TYPE_CHECKING:
    import torch


class Full(Renewing):
    """Every weight of the base is trained; the best quality where there are enough rows."""

    def prepare(self, body: torch.nn.Module, layers: Layers) -> None:
        """Freeze nothing. Raises RecipeError where the base has fewer layers than are to be renewed."""
        self.renew_top(body, layers)
