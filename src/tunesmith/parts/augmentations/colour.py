"""Images in another light."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from ...core.draws import Draws
from . import ImageAugmentation
from ._images import between, to_bytes

LUMA = np.array([0.299, 0.587, 0.114])  # how bright red, green and blue look (ITU-R BT.601)


class Colour(ImageAugmentation):
    """Brightness, contrast and saturation, each times a factor of its own around 1 (Krizhevsky et al., NIPS 2012)."""

    keeps_places: ClassVar[bool] = True

    brightness: float = Field(0.2, ge=0.0, le=1.0)
    """The factor lies between 1 minus this and 1 plus this: 0.2 is from 0.8 to 1.2."""
    contrast: float = Field(0.2, ge=0.0, le=1.0)
    """The same for the distance of each pixel from the image's mean grey."""
    saturation: float = Field(0.2, ge=0.0, le=1.0)
    """The same for the distance of each pixel from its own grey; nothing where there are not three channels."""

    def change(self, images_NHWC: np.ndarray, draws: Draws) -> np.ndarray:
        """Return the images in another light."""
        chance = draws.uniform(3)[:, :, None, None, None]
        spans = (self.brightness, self.contrast, self.saturation)
        light, contrast, colour = (between(chance[:, at], 1 - span, 1 + span) for at, span in enumerate(spans))
        is_coloured = images_NHWC.shape[3] == len(LUMA)
        images = images_NHWC * light
        grey = images @ LUMA if is_coloured else images.mean(axis=3)
        middle = grey.mean(axis=(1, 2))[:, None, None, None]
        images = middle + (images - middle) * contrast
        if is_coloured:
            own = (images @ LUMA)[..., None]
            images = own + (images - own) * colour
        return to_bytes(images)
