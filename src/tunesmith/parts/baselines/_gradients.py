"""Images as features for linear models: a small copy, and histograms of oriented gradients."""

from __future__ import annotations

import numpy as np

BINS = 9  # directions, without their sign
CELLS = 6  # most cells along a side
CELL = 8  # most pixels along a cell's side
COPY = 8  # most pixels along a side of the small copy
AT_ONCE = 256  # rows
_GREY = np.array([0.299, 0.587, 0.114], np.float32)


def image_features(pixels_NHWC: np.ndarray) -> np.ndarray:
    """Return colours and gradients of images, float32 (rows, features), from uint8 pixels of any size."""
    starts = range(0, len(pixels_NHWC), AT_ONCE)
    return np.concatenate([_features(pixels_NHWC[start : start + AT_ONCE]) for start in starts])


def oriented_gradients(grey_NHW: np.ndarray, cells: int) -> np.ndarray:
    """Return histograms of gradients' directions, float32 (rows, features) (Dalal and Triggs, CVPR 2005, section 6).

    An image is `cells` x `cells` of them, a vote counts in the two nearest bins; blocks of 2 x 2 cells have length 1,
    after a cut at 0.2.
    """
    across, down = np.gradient(grey_NHW, axis=2), np.gradient(grey_NHW, axis=1)
    strength = np.hypot(across, down)
    bins = np.mod(np.arctan2(down, across), np.pi) * (BINS / np.pi) - 0.5
    low = np.floor(bins)
    share = bins - low
    votes = np.zeros((*grey_NHW.shape, BINS), np.float32)
    for at, weight in ((low, 1 - share), (low + 1, share)):
        votes += (at[..., None] % BINS == np.arange(BINS)) * (weight * strength)[..., None]
    maps = shrunk(votes, cells, cells)
    corners = [maps[:, y : cells - 1 + y, x : cells - 1 + x] for y in (0, 1) for x in (0, 1)] if cells > 1 else [maps]
    blocks = np.concatenate(corners, axis=3)
    blocks = np.minimum(_unit(blocks), 0.2)
    return _unit(blocks).reshape(len(grey_NHW), -1)


def shrunk(images_NHWC: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return smaller copies, float32 (rows, height, width, channels): each number is the mean of a box of pixels."""
    small: np.ndarray = images_NHWC.astype(np.float32)
    for axis, size in ((1, height), (2, width)):
        edges = np.linspace(0, small.shape[axis], size + 1).astype(np.int64)
        counts = np.diff(edges).reshape((-1,) + (1,) * (3 - axis))
        small = np.add.reduceat(small, edges[:-1], axis=axis) / counts.astype(np.float32)
    return small


def _features(images_NHWC: np.ndarray) -> np.ndarray:
    _, height, width, _ = images_NHWC.shape
    cells = max(min(CELLS, height // 2, width // 2), 1)
    small = shrunk(images_NHWC, min(height, COPY), min(width, COPY)).reshape(len(images_NHWC), -1) / 255
    if min(height, width) < 2:
        return small  # a line of pixels has no direction
    grey = shrunk(images_NHWC, min(height, cells * CELL), min(width, cells * CELL)) @ _GREY
    return np.concatenate([small, oriented_gradients(grey / 255, cells)], axis=1)


def _unit(blocks: np.ndarray) -> np.ndarray:
    return blocks / np.sqrt((blocks**2).sum(axis=3, keepdims=True) + 1e-6)
