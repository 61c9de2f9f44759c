"""Images by fractions of pixels: values between pixels, and the way back to uint8."""

from __future__ import annotations

import numpy as np


def sampled(images_NHWC: np.ndarray, y_NHW: np.ndarray, x_NHW: np.ndarray) -> np.ndarray:
    """Return the images' values at places between pixels, uint8, by bilinear interpolation.

    `y_NHW` and `x_NHW` are in pixels, 0 for the centre of the first; beyond the edge, the edge goes on.
    """
    _, height, width, _ = images_NHWC.shape
    y, x = np.clip(y_NHW, 0, height - 1), np.clip(x_NHW, 0, width - 1)
    top, left = np.floor(y).astype(np.int64), np.floor(x).astype(np.int64)
    low, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    down, across = (y - top)[..., None], (x - left)[..., None]
    row = np.arange(len(images_NHWC))[:, None, None]
    above = images_NHWC[row, top, left] * (1 - across) + images_NHWC[row, top, right] * across
    below = images_NHWC[row, low, left] * (1 - across) + images_NHWC[row, low, right] * across
    return to_bytes(above * (1 - down) + below * down)


def to_bytes(values: np.ndarray) -> np.ndarray:
    """Return values rounded and cut to 0..255, uint8."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def between(chance: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return where numbers in [0, 1) lie between two ends."""
    return low + chance * (high - low)


def boxes(middle: np.ndarray, sides: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return which pixels lie in each image's box, bool (rows, height, width); what sticks out is cut off.

    `middle` (rows, 2) is in [0, 1) of height and width, `sides` (rows, 2) in pixels, rounded to whole ones.
    """
    masks = []
    for axis, size in enumerate(shape[1:3]):
        side = np.rint(sides[:, axis]).astype(np.int64)
        start = np.floor(middle[:, axis] * size).astype(np.int64) - side // 2
        places = np.arange(size)
        masks.append((places >= start[:, None]) & (places < (start + side)[:, None]))
    return masks[0][:, :, None] & masks[1][:, None, :]
