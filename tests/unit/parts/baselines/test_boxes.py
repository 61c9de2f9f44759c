"""Baselines of boxes: the usual places relative to the picture, and nothing at all."""

import numpy as np
import pytest

from tunesmith.data import Encoded
from tunesmith.data.encoded import Ragged
from tunesmith.parts.baselines import Question
from tunesmith.parts.baselines.mean_box import MeanBox
from tunesmith.parts.baselines.no_box import NoBox
from tunesmith.parts.tasks.detection import Detection


def question(true, sizes):
    rows = len(sizes)
    test = Encoded(tuple(map(str, range(rows))), {"sizes": np.array(sizes)}, None)
    train = Encoded(tuple(map(str, range(len(true)))), {}, true)
    return Question(train, train, test, "boxes", 2 + 5, 0, "tiny")


def test_the_mean_box_is_relative_to_the_picture():
    true = Ragged.cut(
        np.array([[0, 10, 10, 20, 20, 100, 100], [0, 20, 20, 40, 40, 200, 200.0]]), np.array([1, 1, 0, 0])
    )
    outputs = MeanBox().outputs(question(true, [(50, 30), (100, 100)]))
    assert outputs.lengths.tolist() == [1, 1]
    assert outputs.values[:, -4:] == pytest.approx(np.array([[5, 3, 10, 6], [10, 10, 20, 20]]))
    scores = Detection().scores(outputs, {"classes": ["cat", "dog"]})
    assert scores.values[:, :2] == pytest.approx(np.array([[0, 0.5], [0, 0.5]]))


def test_each_usual_place_has_a_box():
    near, far = [1, 0, 0, 10, 10, 100, 100], [1, 80, 80, 10, 10, 100, 100]
    true = Ragged.cut(np.array([near, far, near, near], float), np.array([2, 2]))
    boxes = Detection().scores(MeanBox().outputs(question(true, [(100, 100)])), {"classes": ["cat", "dog"]})
    assert boxes.values == pytest.approx(np.array([[1, 0.99, 0, 0, 10, 10], [1, 0.5, 80, 80, 10, 10]]))


def test_without_a_box_there_is_no_mean():
    true = Ragged.cut(np.zeros((0, 7)), np.array([0, 0]))
    assert not MeanBox().applies(question(true, [(9, 9)]))


def test_nothing_is_found_anywhere():
    found = NoBox().outputs(question(Ragged.cut(np.zeros((0, 7)), np.array([0])), [(9, 9), (9, 9)]))
    scores = Detection().scores(found, {"classes": ["cat", "dog"]})
    assert scores.lengths.tolist() == [0, 0]
    assert scores.values.shape == (0, 6)
