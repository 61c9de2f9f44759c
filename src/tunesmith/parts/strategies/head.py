"""Only the head moves: the base is a frozen feature extractor."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from . import Layers, Strategy, hold

if TYPE_CHECKING:
    import torch


class Head(Strategy):
    """The base stays as it is; fast, forgets nothing, and often the best choice for very few rows."""

    rate_scale: ClassVar[float] = 10.0
    most_epochs: ClassVar[int] = 400

    def prepare(self, body: torch.nn.Module, layers: Layers) -> None:
        """Freeze the whole body."""
        hold([body])
