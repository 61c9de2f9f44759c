"""What bodies for boxes have in common: several vectors per picture, each of which may stand for an object."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from ...data import Ragged, Rows
from ...data.array_file import Spec
from ...data.parallel import in_threads
from ...data.pixels import upright_size
from ._encoder import Arrays
from ._vision import View, VisionEncoder

CORNERS = 4  # numbers of a box


class ObjectEncoder(VisionEncoder):
    """A body with `queries` vectors per picture, of which the last four numbers are the place that it looks at.

    They are logits of centre x, centre y, width and height, relative to the picture, and the head begins by passing
    them on: so a box head of the body's own counts from the first step. The view must not cut the picture.
    """

    def __init__(self, view: View, queries: int) -> None:
        super().__init__(view)
        self.queries = queries

    def plan(self, inputs: Arrays) -> dict[str, Spec]:
        """Return the size of `pixels`, and of `sizes`: each picture's own width and height."""
        return super().plan(inputs) | {"sizes": Spec("int64", (len(np.asarray(inputs["image"])), 2))}

    def fill(self, inputs: Arrays, arrays: Mapping[str, np.ndarray]) -> None:
        """Decode the pictures into `pixels`, and read `sizes` from their headers."""
        super().fill(inputs, arrays)
        pictures = np.asarray(inputs["image"])[:, 0].tolist()
        for at, size in enumerate(in_threads(upright_size, pictures)):
            assert size is not None  # it was decoded just now
            arrays["sizes"][at] = size[::-1]

    def preparation(self) -> str:
        """Return what the pixels follow from, and that sizes stand beside them."""
        return f"sizes {super().preparation()}"

    def units(self, inputs: Arrays) -> np.ndarray:
        """Return the number of queries, for each row."""
        return np.full(len(np.asarray(inputs["image"])), self.queries, np.int64)

    def begin(self, head: nn.Linear) -> None:
        """Let a new head pass on the place that each vector looks at."""
        with torch.no_grad():
            head.weight[-CORNERS:] = 0.0
            head.weight[-CORNERS:, -CORNERS:] = torch.eye(CORNERS)

    def finished(self, outputs: Rows, inputs: Arrays) -> Rows:
        """Return outputs whose last four numbers are left, top, width and height in pixels of the picture."""
        assert isinstance(outputs, Ragged)
        sizes = np.asarray(inputs["sizes"], np.float64)[outputs.owners]
        shares = 1.0 / (1.0 + np.exp(-np.clip(outputs.values[:, -CORNERS:], -500, 500)))
        sides = shares[:, 2:] * sizes
        corners = shares[:, :2] * sizes - sides / 2
        ends = np.clip(corners + sides, 0.0, sizes)
        corners = np.clip(corners, 0.0, sizes)
        values = np.concatenate([outputs.values[:, :-CORNERS], corners, ends - corners], axis=1)
        return Ragged(values, outputs.offsets)

    def forward(self, tensors: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return vectors, float (rows * queries, width)."""
        return self.vectors(tensors["pixels"]).flatten(0, 1)

    @abstractmethod
    def vectors(self, pixels_NCHW: torch.Tensor) -> torch.Tensor:
        """Return what the net makes of normalised pixels, float (rows, queries, width)."""
