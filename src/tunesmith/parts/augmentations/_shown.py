"""What an epoch shows of images, and of the boxes in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...core.draws import Draws
from ...data import Ragged
from ...data.array_file import scratch
from . import BLOCK, ImageAugmentation

Parts = Sequence[tuple[ImageAugmentation, Draws]]
"""What is done to images, one after another, with the chance of each row."""


def changed(images_NHWC: np.ndarray, parts: Parts) -> np.ndarray:
    """Return images as these parts change them, uint8 (rows, height, width, 3).

    They are changed a block at a time, and those of many rows lie in a file without a name, not in memory.
    """
    shown = scratch(images_NHWC.shape, np.uint8)
    for start in range(0, len(images_NHWC), BLOCK):
        block = np.arange(start, min(start + BLOCK, len(images_NHWC)))
        some = images_NHWC[block]
        for part, own in parts:
            some = part.apply(some, own.take(block))
        shown[block] = some
    return shown


def followed(targets: Ragged, parts: Parts) -> Ragged:
    """Return boxes as they lie in images that these parts have changed; those that left their image are gone.

    Values are float64 (boxes, 7): class, left, top, width, height, and the image's width and height in pixels. Boxes
    of images that were not changed keep their numbers to the last digit.
    """
    sizes = np.tile(targets.values[:, 5:7], 2)
    before = Ragged(targets.values[:, 1:5] / sizes, targets.offsets)
    shares = before
    for part, draws in parts:
        shares = part.apply_boxes(shares, draws)
    values = targets.values.copy()
    values[:, 1:5] = np.where(shares.values == before.values, values[:, 1:5], shares.values * sizes)
    is_left = (values[:, 3:5] > 0).all(axis=1)
    return Ragged.cut(values[is_left], np.bincount(targets.owners[is_left], minlength=len(targets)))
