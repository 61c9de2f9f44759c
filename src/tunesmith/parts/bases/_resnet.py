"""Residual networks (He et al., CVPR 2016) under the names of torchvision, and of the usual CIFAR-10 weights."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from ._batch_norm import convolved
from ._stack import Stack


def _convolution(inner: int, outer: int, size: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inner, outer, size, stride, (size - 1) // 2, bias=False)


class Padded(nn.Module):
    """The shortcut without weights: every second pixel, and zeros for the new channels (section 4.2, option A)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, values_NCHW: torch.Tensor) -> torch.Tensor:
        """Return half the height and width, with as many channels of zeros on both sides."""
        return functional.pad(values_NCHW[:, :, ::2, ::2], (0, 0, 0, 0, self.channels, self.channels))


class Projected(nn.Sequential):
    """The shortcut by a convolution of single pixels, with its batch norm (option B)."""

    def __init__(self, inner: int, outer: int, stride: int) -> None:
        super().__init__(_convolution(inner, outer, 1, stride), nn.BatchNorm2d(outer))

    def forward(self, values_NCHW: torch.Tensor) -> torch.Tensor:
        """Return the values in the shape of the block's own."""
        return convolved(self[0], self[1], values_NCHW)


class Block(nn.Module):
    """A residual block: convolutions of these sizes with a batch norm each, and a shortcut around them."""

    def __init__(
        self, channels: Sequence[int], sizes: Sequence[int], strides: Sequence[int], **shortcut: nn.Module
    ) -> None:
        """`channels` has one entry more than `sizes`. The shortcut has its own name in each family of weights."""
        super().__init__()
        self.depth = len(sizes)
        for at in range(self.depth):
            convolution = _convolution(channels[at], channels[at + 1], sizes[at], strides[at])
            setattr(self, f"conv{at + 1}", convolution)
            setattr(self, f"bn{at + 1}", nn.BatchNorm2d(channels[at + 1]))
        self.around = next(iter(shortcut), None)
        for name, module in shortcut.items():
            setattr(self, name, module)

    def forward(self, values_NCHW: torch.Tensor) -> torch.Tensor:
        """Return the block's values."""
        inside = values_NCHW
        for at in range(1, self.depth + 1):
            inside = convolved(getattr(self, f"conv{at}"), getattr(self, f"bn{at}"), inside)
            if at < self.depth:
                inside = functional.relu(inside, inplace=True)
        around = values_NCHW if self.around is None else getattr(self, self.around)(values_NCHW)
        return functional.relu(inside + around, inplace=True)


class CifarResNet(Stack):
    """The network for 32 x 32 pixels with `6 * blocks + 2` layers (section 4.2)."""

    def __init__(self, blocks: int) -> None:
        super().__init__()
        self.conv1 = _convolution(3, 16, 3)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = self._stage(16, 16, blocks)
        self.layer2 = self._stage(16, 32, blocks)
        self.layer3 = self._stage(32, 64, blocks)
        self.width = 64

    @staticmethod
    def _stage(inner: int, outer: int, blocks: int) -> nn.Sequential:
        made = []
        for _ in range(blocks):
            is_wider = inner != outer
            shortcut: dict[str, nn.Module] = {"shortcut": Padded((outer - inner) // 2)} if is_wider else {}
            made.append(Block((inner, outer, outer), (3, 3), (2 if is_wider else 1, 1), **shortcut))
            inner = outer
        return nn.Sequential(*made)

    def holders(self) -> list[nn.Module]:
        """Return the first convolution and its norm."""
        return [self.conv1, self.bn1]

    def stem(self, pixels_NCHW: torch.Tensor) -> torch.Tensor:
        """Return the first convolution's values, at full size."""
        return functional.relu(convolved(self.conv1, self.bn1, pixels_NCHW), inplace=True)

    def blocks(self) -> list[nn.Module]:
        """Return the residual blocks."""
        return [*self.layer1, *self.layer2, *self.layer3]


class ResNet(Stack):
    """The network for ImageNet (table 1), with torchvision's stride: in a bottleneck the 3 x 3 convolution has it."""

    def __init__(self, blocks: Sequence[int], is_bottleneck: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        inner, expansion = 64, 4 if is_bottleneck else 1
        for at, count in enumerate(blocks):
            middle = 64 << at
            made = []
            for place in range(count):
                stride = 2 if at and not place else 1
                made.append(self._block(inner, middle, middle * expansion, stride, is_bottleneck))
                inner = middle * expansion
            setattr(self, f"layer{at + 1}", nn.Sequential(*made))
        self.stages = len(blocks)
        self.width = inner

    @staticmethod
    def _block(inner: int, middle: int, outer: int, stride: int, is_bottleneck: bool) -> Block:
        is_other = stride != 1 or inner != outer
        shortcut: dict[str, nn.Module] = {"downsample": Projected(inner, outer, stride)} if is_other else {}
        if is_bottleneck:
            return Block((inner, middle, middle, outer), (1, 3, 1), (1, stride, 1), **shortcut)
        return Block((inner, outer, outer), (3, 3), (stride, 1), **shortcut)

    def holders(self) -> list[nn.Module]:
        """Return the first convolution and its norm."""
        return [self.conv1, self.bn1]

    def stem(self, pixels_NCHW: torch.Tensor) -> torch.Tensor:
        """Return the first convolution's largest values, at a quarter of the size."""
        values = functional.relu(convolved(self.conv1, self.bn1, pixels_NCHW), inplace=True)
        return functional.max_pool2d(values, 3, 2, 1)

    def blocks(self) -> list[nn.Module]:
        """Return the residual blocks."""
        return [one for at in range(self.stages) for one in getattr(self, f"layer{at + 1}")]
