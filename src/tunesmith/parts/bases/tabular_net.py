"""A small network for tables, trained from nothing: for mixed rows, and where a smooth function is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from ...core.need import lazy
from ...core.seed import derive
from . import Base, Shape

if TYPE_CHECKING:
    import torch

    from . import _columns as columns
    from ._encoder import Encoder
else:
    torch = lazy("torch")
    columns = lazy("tunesmith.parts.bases._columns")


class TabularNet(Base):
    """Residual blocks over numbers and categories; boosting is usually the stronger start, so compare."""

    takes: ClassVar[frozenset[str]] = frozenset({"numbers", "categories"})

    width: int = Field(128, ge=4)
    """Numbers per row inside the network."""
    depth: int = Field(2, ge=1)
    """Residual blocks."""
    dropout: float = Field(0.1, ge=0.0, lt=1.0)
    """Share of the inner numbers switched off in training."""

    def build(self, shape: Shape, seed: int) -> Encoder:
        """Return the network with random weights drawn from the seed."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive(seed, "tabular_net"))
            return columns.ColumnEncoder(shape, self.width, self.depth, self.dropout)

    def restore(self, shape: Shape, assets: Mapping[str, bytes]) -> Encoder:
        """Return the network; its fields alone describe it."""
        return self.build(shape, 0)
