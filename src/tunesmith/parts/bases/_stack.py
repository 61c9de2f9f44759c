"""A network for images as a stack: a stem, blocks one upon the other, and the mean over all places."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


class Stack(nn.Module):
    """What all such networks share. `width` is the number of channels at the top."""

    width: int
    is_checkpointing = False
    """Run each block anew in the backward pass instead of keeping its inside (Chen et al. 2016)."""

    @abstractmethod
    def holders(self) -> list[nn.Module]:
        """Return the modules that the stem consists of."""

    @abstractmethod
    def stem(self, pixels_NCHW: torch.Tensor) -> torch.Tensor:
        """Return what goes into the first block."""

    @abstractmethod
    def blocks(self) -> list[nn.Module]:
        """Return the blocks, bottom to top."""

    def forward(self, pixels_NCHW: torch.Tensor) -> torch.Tensor:
        """Return the pooled values, float (rows, width)."""
        values_NCHW = self.stem(pixels_NCHW)
        for block in self.blocks():
            if self.is_checkpointing and torch.is_grad_enabled():
                values_NCHW = checkpoint(block, values_NCHW, use_reentrant=False)
            else:
                values_NCHW = block(values_NCHW)
        return values_NCHW.mean(dim=(2, 3))

    def depths(self) -> list[list[nn.Module]]:
        """Return all modules with weights by depth, bottom to top: the stem, then each block."""
        return [self.holders(), *([one] for one in self.blocks())]
