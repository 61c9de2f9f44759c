"""Images mirrored."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ...core.draws import Draws
from . import ImageAugmentation


class Flip(ImageAugmentation):
    """Left and right change places, or top and bottom. Not for what has a reading direction, such as digits."""

    direction: Literal["horizontal", "vertical"] = "horizontal"
    """horizontal: left to right; vertical: top to bottom."""

    def change(self, images_NHWC: np.ndarray, draws: Draws) -> np.ndarray:
        """Return the images mirrored."""
        return images_NHWC[:, :, ::-1] if self.direction == "horizontal" else images_NHWC[:, ::-1]

    def moved(self, boxes: np.ndarray, draws: Draws) -> np.ndarray:
        """Return the boxes mirrored."""
        axis = 0 if self.direction == "horizontal" else 1
        mirrored = boxes.copy()
        mirrored[:, axis] = 1.0 - boxes[:, axis] - boxes[:, axis + 2]
        return mirrored
