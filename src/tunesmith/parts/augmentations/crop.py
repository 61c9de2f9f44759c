"""A part of the image, brought back to its size."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from ...core.draws import Draws
from . import ImageAugmentation
from ._images import between, sampled


class Crop(ImageAugmentation):
    """A random part of the image, stretched to the size of the whole (Szegedy et al., CVPR 2015, section 6)."""

    least: float = Field(0.5, gt=0.0, le=1.0)
    """The smallest share of the image's area that is kept; each share up to the whole is as likely."""
    stretch: float = Field(4 / 3, ge=1.0)
    """How much wider or higher than the image the part may be, as a ratio of its sides."""

    def change(self, images_NHWC: np.ndarray, draws: Draws) -> np.ndarray:
        """Return the parts, in the images' size."""
        _, height, width, _ = images_NHWC.shape
        area, ratio, down, across = draws.uniform(4).T
        share = between(area, self.least, 1.0)
        ratio = np.exp(between(ratio, -1.0, 1.0) * np.log(self.stretch))
        rows = height * np.minimum(np.sqrt(share / ratio), 1.0)
        columns = width * np.minimum(np.sqrt(share * ratio), 1.0)
        top, left = down * (height - rows), across * (width - columns)
        # the centre of pixel i of n lies at (i + 1/2) / n of the part
        y = top[:, None] + (np.arange(height) + 0.5) * (rows[:, None] / height) - 0.5
        x = left[:, None] + (np.arange(width) + 0.5) * (columns[:, None] / width) - 0.5
        shape = images_NHWC.shape[:3]
        return sampled(images_NHWC, np.broadcast_to(y[:, :, None], shape), np.broadcast_to(x[:, None, :], shape))
