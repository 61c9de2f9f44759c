"""A small detector, trained from nothing: for a laptop, few kinds of things, and tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ...core.need import lazy
from ...core.seed import derive
from ...data.pixels import View
from . import Base, Shape

if TYPE_CHECKING:
    import torch

    from . import _query_net as network
    from ._encoder import Encoder
else:
    torch = lazy("torch")
    network = lazy("tunesmith.parts.bases._query_net")


class QueryNet(Base):
    """A grid of queries over convolutions; for photographs, a pre-trained base (`detr`) needs far fewer rows."""

    takes: ClassVar[frozenset[str]] = frozenset({"image"})
    gives: ClassVar[frozenset[str]] = frozenset({"object"})
    learning_rate: ClassVar[float] = 1e-3
    is_rate_known: ClassVar[bool] = False

    side: int = Field(128, ge=32, le=1024)
    """The pixels to which an image's longer side is resized."""
    stride: Literal[4, 8, 16, 32] = 8
    """Pixels from one query to the next: every 8 by 8 of them have a query of their own."""
    width: int = Field(64, ge=32, multiple_of=32)
    """Numbers per query inside the network."""
    depth: int = Field(2, ge=1)
    """Blocks of attention."""
    dropout: float = Field(0.0, ge=0.0, lt=1.0)
    """Share of the inner numbers switched off in training."""

    def build(self, shape: Shape, seed: int) -> Encoder:
        """Return the network with random weights drawn from the seed."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive(seed, "query_net"))
            size = network.Size(self.width, self.depth, self.stride, self.dropout)
            return network.QueryEncoder(self._view(shape), size)

    def restore(self, shape: Shape, assets: Mapping[str, bytes]) -> Encoder:
        """Return the network; its fields and the usual size of the images describe it."""
        return self.build(shape, 0)

    def _view(self, shape: Shape) -> View:
        """Return the usual proportions of the images, stretched rather than cut."""
        height, width = shape.images[0]
        scale = self.side / max(height, width)
        sides = (max(round(height * scale), 32), max(round(width * scale), 32))
        return View(*sides, None, mean=(0.5, 0.5, 0.5), deviation=(0.25, 0.25, 0.25))
