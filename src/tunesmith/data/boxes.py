"""Boxes in pictures: other ways to write them, how much two have in common, and which of them say the same."""

from __future__ import annotations

import numpy as np


def centred(boxes: np.ndarray) -> np.ndarray:
    """Return (left, top, width, height), the last axis of `boxes`, as (centre x, centre y, width, height)."""
    return np.concatenate([boxes[..., :2] + boxes[..., 2:] / 2, boxes[..., 2:]], axis=-1)


def cornered(boxes: np.ndarray) -> np.ndarray:
    """Return (centre x, centre y, width, height), the last axis of `boxes`, as (left, top, width, height)."""
    return np.concatenate([boxes[..., :2] - boxes[..., 2:] / 2, boxes[..., 2:]], axis=-1)


def overlaps(ones: np.ndarray, others: np.ndarray, is_crowd: np.ndarray | None = None) -> np.ndarray:
    """Return the intersection over union of each pair, float64 (..., ones, others).

    Boxes are (..., boxes, 4): left, top, width, height. Beside a crowd, bool (..., others), the union is the area of
    the one alone, as COCO has it. Boxes that do not meet, those without an area among them, have 0.
    """
    shared = _shared(ones, others)
    areas, theirs = _area(ones)[..., :, None], _area(others)[..., None, :]
    union = areas + theirs - shared
    if is_crowd is not None:
        union = np.where(is_crowd[..., None, :], areas, union)
    return np.divide(shared, union, out=np.zeros_like(shared), where=shared > 0)


def generalised_overlaps(ones: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the generalised intersection over union of each pair, float64 (..., ones, others), from -1 to 1.

    Boxes are (..., boxes, 4): left, top, width, height. What two boxes have in common, less the share of the smallest
    box around both that neither of them covers: Rezatofighi et al., CVPR 2019, algorithm 1.
    """
    shared = _shared(ones, others)
    union = _area(ones)[..., :, None] + _area(others)[..., None, :] - shared
    first, second = ones[..., :, None, :], others[..., None, :, :]
    ends = np.maximum(first[..., :2] + first[..., 2:], second[..., :2] + second[..., 2:])
    around = (ends - np.minimum(first[..., :2], second[..., :2])).prod(axis=-1)
    alike = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return alike - np.divide(around - union, around, out=np.zeros_like(shared), where=around > 0)


def distinct(boxes: np.ndarray, confidence: np.ndarray, most_overlap: float) -> np.ndarray:
    """Return the positions of boxes that remain, the most confident first: greedy non-maximum suppression.

    `boxes` (boxes, 4) are left, top, width, height. A box goes that overlaps a more confident one that stays by more
    than `most_overlap`. Of equally confident ones the earlier stays.
    """
    order = np.argsort(-confidence, kind="stable")
    shared = overlaps(boxes[order], boxes[order]) > most_overlap
    stays = np.ones(len(order), bool)
    for at in range(len(order)):
        if stays[at]:
            stays[at + 1 :] &= ~shared[at, at + 1 :]
    return order[stays]


def _shared(ones: np.ndarray, others: np.ndarray) -> np.ndarray:
    first, second = ones[..., :, None, :], others[..., None, :, :]
    ends = np.minimum(first[..., :2] + first[..., 2:], second[..., :2] + second[..., 2:])
    sides = ends - np.maximum(first[..., :2], second[..., :2])
    return np.where((sides > 0).all(axis=-1), sides.prod(axis=-1), 0.0)


def _area(boxes: np.ndarray) -> np.ndarray:
    return boxes[..., 2] * boxes[..., 3]
