"""Images from a worse sensor."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from ...core.draws import Draws
from . import ImageAugmentation
from ._images import to_bytes

WHITE = 255


class ImageNoise(ImageAugmentation):
    """Normal noise on every value of every pixel."""

    keeps_places: ClassVar[bool] = True

    share: float = Field(0.03, gt=0.0, le=1.0)
    """The noise's standard deviation, as a share of the way from black to white."""

    def change(self, images_NHWC: np.ndarray, draws: Draws) -> np.ndarray:
        """Return the images with noise."""
        noise = draws.normal(int(np.prod(images_NHWC.shape[1:]))).reshape(images_NHWC.shape)
        return to_bytes(images_NHWC + self.share * WHITE * noise)
