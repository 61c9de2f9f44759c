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
        top, left, rows, columns = self._part(draws) * np.array([[height], [width], [height], [width]])
        # the centre of pixel i of n lies at (i + 1/2) / n of the part
        y = top[:, None] + (np.arange(height) + 0.5) * (rows[:, None] / height) - 0.5
        x = left[:, None] + (np.arange(width) + 0.5) * (columns[:, None] / width) - 0.5
        shape = images_NHWC.shape[:3]
        return sampled(images_NHWC, np.broadcast_to(y[:, :, None], shape), np.broadcast_to(x[:, None, :], shape))

    def moved(self, boxes: np.ndarray, draws: Draws) -> np.ndarray:
        """Return the boxes as they lie in the parts."""
        top, left, rows, columns = self._part(draws)
        corners = (boxes[:, :2] - np.stack([left, top], axis=1)) / np.stack([columns, rows], axis=1)
        return np.concatenate([corners, boxes[:, 2:] / np.stack([columns, rows], axis=1)], axis=1)

    def _part(self, draws: Draws) -> np.ndarray:
        """Return top, left, height and width of each image's part in shares of the image, float64 (4, rows)."""
        area, ratio, down, across = draws.uniform(4).T
        share = between(area, self.least, 1.0)
        ratio = np.exp(between(ratio, -1.0, 1.0) * np.log(self.stretch))
        rows, columns = np.minimum(np.sqrt(share / ratio), 1.0), np.minimum(np.sqrt(share * ratio), 1.0)
        return np.stack([down * (1 - rows), across * (1 - columns), rows, columns])
