"""Images turned by a small angle."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from ...core.draws import Draws
from . import ImageAugmentation
from ._images import between, sampled


class Rotate(ImageAugmentation):
    """Turned around the middle, either way; where a corner comes in from outside, the edge goes on."""

    degrees: float = Field(15.0, gt=0.0, le=180.0)
    """The largest angle; each up to it is as likely."""

    def change(self, images_NHWC: np.ndarray, draws: Draws) -> np.ndarray:
        """Return the images turned."""
        _, height, width, _ = images_NHWC.shape
        angle = np.deg2rad(between(draws.uniform(1), -self.degrees, self.degrees))[:, :, None]
        y, x = np.arange(height)[:, None] - (height - 1) / 2, np.arange(width) - (width - 1) / 2
        back_y = y * np.cos(angle) - x * np.sin(angle) + (height - 1) / 2
        back_x = y * np.sin(angle) + x * np.cos(angle) + (width - 1) / 2
        return sampled(images_NHWC, back_y, back_x)
