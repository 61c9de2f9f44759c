"""What bodies for images have in common: one picture per row to pixels, and batches of them to a net."""

from __future__ import annotations

import dataclasses
import json
from abc import abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import ClassVar

import numpy as np
import torch
from torch import nn

from ...data import Ragged
from ...data.array_file import Spec
from ...data.pixels import View, decoder, fill
from ._encoder import Arrays, Encoder

__all__ = ["View", "VisionEncoder", "memory_format"]

NARROW = 16  # channels: fewer do not fill a block of oneDNN


def memory_format(body: nn.Module) -> torch.memory_format:
    """Return how images lie in memory for a body: colours side by side, which saves a third of the time on processors.

    Not so where a convolution of single places takes every second one of fewer than 16 channels: then oneDNN's gradient
    of its weights is wrong, or writes where it must not (uxlfoundation/oneDNN, issue 6035; seen with torch 2.13).
    """
    convolutions = [one for one in body.modules() if isinstance(one, nn.Conv2d)]
    narrow = [one for one in convolutions if one.in_channels // one.groups < NARROW]
    is_struck = any(set(one.kernel_size) == {1} and max(one.stride) > 1 for one in narrow)
    return torch.contiguous_format if is_struck else torch.channels_last


class VisionEncoder(Encoder):
    """A body that sees one image per row. Its `prepare` decodes; `vectors` is all that is left to a subclass."""

    reads: ClassVar[frozenset[str]] = frozenset({"pixels"})

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view
        scale = 255.0 * torch.tensor(view.deviation, dtype=torch.float64)
        self._slope = (1.0 / scale).float()
        self._shift = (-torch.tensor(view.mean, dtype=torch.float64) * 255.0 / scale).float()

    def prepare(self, inputs: Arrays) -> dict[str, np.ndarray | Ragged]:
        """Add `pixels`, uint8 (rows, height, width, 3), where they are not there yet, as of rows that were augmented.

        Raises DataError naming the first row whose image cannot be read.
        """
        if "pixels" in inputs:
            return dict(inputs)
        arrays = {name: np.zeros(spec.shape, spec.numpy) for name, spec in self.plan(inputs).items()}
        self.fill(inputs, arrays)
        return dict(inputs) | arrays

    def plan(self, inputs: Arrays) -> dict[str, Spec]:
        """Return the size of `pixels`, which is known before a picture is opened."""
        return {"pixels": Spec("uint8", (len(np.asarray(inputs["image"])), self.view.height, self.view.width, 3))}

    def fill(self, inputs: Arrays, arrays: Mapping[str, np.ndarray]) -> None:
        """Decode the pictures into `pixels`, which may be a map of a file."""
        fill(np.asarray(inputs["image"])[:, 0].tolist(), self.view, arrays["pixels"])

    def preparation(self) -> str:
        """Return the view, and what decodes: the pixels follow from these and from the files."""
        seen = {one: getattr(self.view, one) for one in ("height", "width", "short_side", "interpolation")}
        return json.dumps([decoder(), seen])

    def describe(self) -> str:
        """Return the kind of body and its view; a subclass adds what else its vectors follow from."""
        return json.dumps([type(self).__name__, dataclasses.asdict(self.view)])

    def collate(self, inputs: Arrays, positions: np.ndarray) -> dict[str, torch.Tensor]:
        """Return `pixels`, float32 (rows, 3, height, width), in the scale of the view."""
        pixels_NHWC = torch.from_numpy(np.asarray(inputs["pixels"])[positions]).float()
        scaled = pixels_NHWC.mul_(self._slope).add_(self._shift)
        return {"pixels": scaled.permute(0, 3, 1, 2).contiguous(memory_format=self._format)}

    @cached_property
    def _format(self) -> torch.memory_format:
        """How images lie in memory for all convolutions of the body."""
        return memory_format(self)

    def forward(self, tensors: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return vectors, float (rows, width)."""
        return self.vectors(tensors["pixels"])

    @abstractmethod
    def vectors(self, pixels_NCHW: torch.Tensor) -> torch.Tensor:
        """Return what the net makes of normalised pixels, float (rows, width)."""
