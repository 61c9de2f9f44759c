"""Small images with a signal in them, written without a library: for modalities, bases and baselines."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..core.seed import stream
from ..data.pixels import Picture

HEIGHT, WIDTH = 12, 10


def ppm(pixels_HWC: np.ndarray) -> bytes:
    """Return an image file of uint8 pixels (height, width, 3) (https://netpbm.sourceforge.net/doc/ppm.html)."""
    height, width, _ = pixels_HWC.shape
    return b"P6 %d %d 255\n" % (width, height) + np.ascontiguousarray(pixels_HWC).tobytes()


def pixels(signal: np.ndarray, part: str) -> np.ndarray:
    """Return an image for each number, uint8 (rows, HEIGHT, WIDTH, 3): the larger, the brighter its left half."""
    noise = stream(0, "images", part).normal(scale=8.0, size=(len(signal), HEIGHT, WIDTH, 3))
    side = np.where(np.arange(WIDTH) < WIDTH // 2, 1.0, -1.0)[:, None]
    values = 128 + 30 * np.asarray(signal)[:, None, None, None] * side + noise
    return np.clip(values, 0, 255).astype(np.uint8)


def pictures(signal: np.ndarray, part: str) -> np.ndarray:
    """Return the images as the modality `image` gives them, objects (rows, 1)."""
    column = np.empty((len(signal), 1), object)
    for at, one in enumerate(pixels(signal, part)):
        column[at, 0] = Picture.of(ppm(one), Path(), f"{part} row {at + 1}", HEIGHT * WIDTH)
    return column
