"""Everything moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import Strategy

if TYPE_CHECKING:
    import torch


class Full(Strategy):
    """Every weight of the base is trained; the best quality where there are enough rows."""

    def prepare(self, body: torch.nn.Module, layers: list[list[torch.nn.Module]]) -> None:
        """Freeze nothing."""
        return
