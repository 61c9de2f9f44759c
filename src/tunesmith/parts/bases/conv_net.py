"""A small convolutional network, trained from nothing: for images of few pixels, such as digits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from ...core.need import lazy
from ...core.seed import derive
from ...data.pixels import View
from . import Base, Shape

if TYPE_CHECKING:
    import torch

    from . import _residual as residual
    from ._encoder import Encoder
else:
    torch = lazy("torch")
    residual = lazy("tunesmith.parts.bases._residual")

LONGEST = 64  # pixels of the longer side, where the recipe does not say


class ConvNet(Base):
    """A residual network of a few layers; for photographs, a pre-trained base needs far fewer rows."""

    takes: ClassVar[frozenset[str]] = frozenset({"image"})
    learning_rate: ClassVar[float] = 3e-3

    side: int | None = Field(None, ge=8, le=1024)
    """The pixels to which an image's longer side is resized; where not given, its usual size, at most 64."""
    width: int = Field(32, ge=8, multiple_of=8)
    """Channels of the first stage; each further stage has twice as many at half the height and width."""
    depth: int = Field(1, ge=1)
    """Residual blocks in each stage."""
    dropout: float = Field(0.0, ge=0.0, lt=1.0)
    """Share of the vector's numbers switched off in training."""

    def build(self, shape: Shape, seed: int) -> Encoder:
        """Return the network with random weights drawn from the seed."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive(seed, "conv_net"))
            return residual.ResidualEncoder(self._view(shape), self.width, self.depth, self.dropout)

    def restore(self, shape: Shape, assets: Mapping[str, bytes]) -> Encoder:
        """Return the network; its fields and the usual size of the images describe it."""
        return self.build(shape, 0)

    def _view(self, shape: Shape) -> View:
        """Return the usual size of the images, or less; the proportions of each become the usual ones."""
        height, width = shape.images[0]
        longest = max(height, width)
        scale = (self.side or min(longest, LONGEST)) / longest
        sides = (max(round(height * scale), 8), max(round(width * scale), 8))
        return View(*sides, None, mean=(0.5, 0.5, 0.5), deviation=(0.25, 0.25, 0.25))
