"""A small residual network over images, whose norms look at one row alone."""

from __future__ import annotations

import torch
from torch import nn

from ._vision import View, VisionEncoder

GROUP = 8  # channels that are normalised together
LEAST = 4  # pixels: the shorter side of the last stage's maps is at least as long
MOST_STAGES = 4
LARGE = 48  # pixels: of larger images the first convolution takes every second place


class _Block(nn.Module):
    """Two convolutions beside a way around them, norms first (He et al. 2016b, figure 4e)."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.first = nn.GroupNorm(channels // GROUP, channels)
        self.enter = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.second = nn.GroupNorm(width // GROUP, width)
        self.leave = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.around = nn.Conv2d(channels, width, 1, stride, bias=False) if channels != width else nn.Identity()

    def forward(self, maps_NCHW: torch.Tensor) -> torch.Tensor:
        inner = self.first(maps_NCHW).relu()
        around = self.around(inner if isinstance(self.around, nn.Conv2d) else maps_NCHW)
        return around + self.leave(self.second(self.enter(inner)).relu())


class ResidualEncoder(VisionEncoder):
    """A ResNet with group norm (Wu and He 2018) in place of batch norm, so that a row never depends on its batch."""

    def __init__(self, view: View, width: int, depth: int, dropout: float) -> None:
        super().__init__(view)
        stride = 2 if min(view.height, view.width) > LARGE else 1
        self.stem = nn.Conv2d(3, width, 3, stride, 1, bias=False)
        side, stages, channels = min(view.height, view.width) // stride, [], width
        for at in range(MOST_STAGES):
            if at and side // 2 < LEAST:
                break
            wider, side = width << at, side // (2 if at else 1)
            blocks = [_Block(channels, wider, 2 if at else 1), *(_Block(wider, wider, 1) for _ in range(depth - 1))]
            stages.append(nn.Sequential(*blocks))
            channels = wider
        self.stages = nn.ModuleList(stages)
        self.norm = nn.GroupNorm(channels // GROUP, channels)
        self.dropout = nn.Dropout(dropout)
        self.width = channels

    def vectors(self, pixels_NCHW: torch.Tensor) -> torch.Tensor:
        """Return the mean over all places of the last stage's maps, (rows, width)."""
        maps = self.stem(pixels_NCHW)
        for stage in self.stages:
            maps = stage(maps)
        return self.dropout(self.norm(maps).relu().mean(dim=(2, 3)))

    def layers(self) -> list[list[nn.Module]]:
        """Return the first convolution, then each stage; the last norm belongs to the last stage."""
        stages: list[list[nn.Module]] = [[stage] for stage in self.stages]
        return [[self.stem], *stages[:-1], [*stages[-1], self.norm]]
