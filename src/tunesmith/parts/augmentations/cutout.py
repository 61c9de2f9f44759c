"""A square of the image hidden (DeVries and Taylor 2017, arXiv 1708.04552)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from ...core.draws import Draws
from . import ImageAugmentation
from ._images import boxes, to_bytes


class Cutout(ImageAugmentation):
    """A square around a random pixel, which may stick out of the image, takes the image's mean colour."""

    keeps_places: ClassVar[bool] = True

    side: float = Field(0.5, gt=0.0, le=1.0)
    """The square's side, as a share of the image's shorter one."""

    def change(self, images_NHWC: np.ndarray, draws: Draws) -> np.ndarray:
        """Return the images with a square hidden."""
        shape = images_NHWC.shape
        side = max(1.0, self.side * min(shape[1:3]))
        hidden = boxes(draws.uniform(2), np.full((len(images_NHWC), 2), side), shape)
        mean = to_bytes(images_NHWC.mean(axis=(1, 2), keepdims=True))
        return np.where(hidden[..., None], mean, images_NHWC)
