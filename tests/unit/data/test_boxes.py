"""Boxes: two ways to write them, overlaps by hand and by pycocotools, suppression."""

from __future__ import annotations

import numpy as np
import pytest

from tunesmith.data.boxes import centred, cornered, distinct, generalised_overlaps, overlaps


def test_boxes_come_back_from_their_centres() -> None:
    boxes = np.random.default_rng(0).uniform(0, 9, (5, 4))
    assert cornered(centred(boxes)) == pytest.approx(boxes)
    assert centred(np.array([2.0, 4.0, 6.0, 8.0])).tolist() == [5.0, 8.0, 6.0, 8.0]


def test_overlaps_by_hand() -> None:
    ones = np.array([[0.0, 0.0, 2.0, 2.0], [5.0, 5.0, 0.0, 3.0]])
    others = np.array([[1.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 2.0], [2.0, 0.0, 2.0, 2.0], [4.0, 4.0, 4.0, 4.0]])
    assert overlaps(ones, others) == pytest.approx(np.array([[1 / 3, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]))


def test_beside_a_crowd_the_area_of_the_box_alone_counts() -> None:
    inside = overlaps(np.array([[1.0, 1.0, 2.0, 2.0]]), np.array([[0.0, 0.0, 10.0, 10.0]] * 2), np.array([True, False]))
    assert inside == pytest.approx(np.array([[1.0, 0.04]]))


def test_generalised_overlaps_by_hand() -> None:
    box = np.array([[0.0, 0.0, 2.0, 2.0]])
    others = np.array([[0.0, 0.0, 2.0, 2.0], [4.0, 0.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]])
    assert generalised_overlaps(box, others) == pytest.approx(np.array([[1.0, -4 / 12, 1 / 7 - 2 / 9]]))
    assert generalised_overlaps(np.zeros((1, 4)), np.zeros((1, 4))).tolist() == [[0.0]]


def test_suppression_keeps_the_most_confident_of_those_that_overlap() -> None:
    boxes = np.array([[0.0, 0.0, 4.0, 4.0], [1.0, 0.0, 4.0, 4.0], [2.0, 0.0, 4.0, 4.0], [20.0, 0.0, 4.0, 4.0]])
    assert distinct(boxes, np.array([0.5, 0.9, 0.4, 0.1]), 0.5).tolist() == [1, 3]
    assert distinct(boxes, np.array([0.5, 0.5, 0.5, 0.5]), 0.5).tolist() == [0, 2, 3]
    assert distinct(boxes, np.array([0.5, 0.9, 0.4, 0.1]), 1.0).tolist() == [1, 0, 2, 3]
    assert distinct(np.zeros((0, 4)), np.zeros(0), 0.5).tolist() == []


@pytest.mark.parametrize("seed", range(3))
def test_overlaps_are_those_of_pycocotools(seed: int) -> None:
    mask = pytest.importorskip("pycocotools.mask")
    random = np.random.default_rng(seed)
    ones, others = random.integers(0, 9, (20, 4)).astype(float), random.uniform(0, 9, (15, 4))
    crowd = random.random(15) < 0.4
    theirs = mask.iou(ones, others, crowd.astype(np.uint8).tolist())
    has_area = (ones[:, 2:] > 0).all(axis=1)
    assert overlaps(ones, others, crowd)[has_area] == pytest.approx(theirs[has_area], abs=1e-12)
