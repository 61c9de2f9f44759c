"""MobileNetV2 (Sandler et al., CVPR 2018, table 2) under the names that torchvision gives its weights."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from ._batch_norm import convolved
from ._stack import Stack

STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
"""Expansion, channels, blocks, stride of the first block."""
STEM, WIDTH = 32, 1280


class Unit(nn.Sequential):
    """Convolution, batch norm, ReLU6."""

    def __init__(self, inner: int, outer: int, size: int = 3, stride: int = 1, groups: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inner, outer, size, stride, (size - 1) // 2, groups=groups, bias=False), nn.BatchNorm2d(outer)
        )

    def forward(self, values_NCHW: torch.Tensor) -> torch.Tensor:
        """Return the unit's values, within 0 and 6."""
        return functional.relu6(convolved(self[0], self[1], values_NCHW), inplace=True)


class Block(nn.Module):
    """An inverted residual: widen, look around in each channel, narrow without ReLU (figure 4d)."""

    def __init__(self, inner: int, outer: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inner * expansion
        self.is_residual = stride == 1 and inner == outer
        self.conv = nn.Sequential(
            *([Unit(inner, wide, 1)] if expansion != 1 else []),
            Unit(wide, wide, stride=stride, groups=wide),
            nn.Conv2d(wide, outer, 1, bias=False),
            nn.BatchNorm2d(outer),
        )

    def forward(self, values_NCHW: torch.Tensor) -> torch.Tensor:
        """Return the block's values."""
        *units, narrow, norm = self.conv
        inside = values_NCHW
        for unit in units:
            inside = unit(inside)
        outside = convolved(narrow, norm, inside)
        return values_NCHW + outside if self.is_residual else outside


class MobileNetV2(Stack):
    """The body at width 1.0, without the classifier."""

    def __init__(self) -> None:
        super().__init__()
        units: list[nn.Module] = [Unit(3, STEM, stride=2)]
        channels = STEM
        for expansion, outer, blocks, stride in STAGES:
            for at in range(blocks):
                units.append(Block(channels, outer, stride if at == 0 else 1, expansion))
                channels = outer
        self.features = nn.Sequential(*units, Unit(channels, WIDTH, 1))
        self.width = WIDTH

    def holders(self) -> list[nn.Module]:
        """Return the first unit."""
        return [self.features[0]]

    def stem(self, pixels_NCHW: torch.Tensor) -> torch.Tensor:
        """Return the first unit's values, at half the size."""
        return self.features[0](pixels_NCHW)

    def blocks(self) -> list[nn.Module]:
        """Return the inverted residuals and the last, widest unit."""
        return list(self.features)[1:]
