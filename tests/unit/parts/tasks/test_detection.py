"""Boxes to numbers and back: what is refused, what is answered, how it is measured."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tunesmith.data.encoded import Ragged
from tunesmith.data.pixels import Picture
from tunesmith.parts.tasks import MisplacedError
from tunesmith.parts.tasks.detection import Detection
from tunesmith.testing.images import ppm

STATE = {"classes": ["cat", "dog"]}


def box(x, y, width, height, label="cat"):
    return {"x": float(x), "y": float(y), "width": float(width), "height": float(height), "label": label}


def column(*rows):
    dtype = pl.List(pl.Struct(dict.fromkeys(("x", "y", "width", "height"), pl.Float64) | {"label": pl.String}))
    return pl.Series("boxes", list(rows), dtype=dtype)


def inputs(*sizes):
    pictures = np.empty((len(sizes), 1), object)
    for at, (width, height) in enumerate(sizes):
        pictures[at, 0] = Picture.of(ppm(np.zeros((height, width, 3), np.uint8)), Path(), f"row {at}", 10**6)
    return {"image": pictures}


def said(*rows):
    """Return outputs from (label number or None, sure, x, y, width, height)."""
    values = []
    for row in rows:
        for number, sure, *edges in row:
            logits = np.full(3, -20.0)
            logits[number], logits[2] = np.log(sure), np.log1p(-sure)
            values.append([*logits, *edges])
    return Ragged.cut(np.array(values).reshape(-1, 7), np.array([len(row) for row in rows]))


def test_boxes_get_the_size_of_their_picture():
    task = Detection()
    found = task.placed(task.encode(column([box(1, 2, 3, 4, "dog")], []), STATE), inputs((30, 20), (9, 9)))
    assert found.values.tolist() == [[1, 1, 2, 3, 4, 30, 20]]
    assert found.lengths.tolist() == [1, 0]


@pytest.mark.parametrize("edges", [(-2, 0, 5, 5), (0, 0, 31.5, 5), (5, 18, 2, 4)])
def test_a_box_outside_of_its_picture_is_refused_and_named(edges):
    task = Detection()
    encoded = task.encode(column([box(0, 0, 9, 9)], [box(*edges)]), STATE)
    with pytest.raises(MisplacedError, match="leaves its picture") as caught:
        task.placed(encoded, inputs((30, 20), (30, 20)))
    assert caught.value.position == 1


def test_a_box_may_leave_by_the_rounding_of_a_pixel():
    task = Detection()
    task.placed(task.encode(column([box(-1, 0, 31, 21)]), STATE), inputs((30, 20)))


def test_a_row_without_a_picture_is_named():
    column_of = np.empty((1, 1), object)
    column_of[0, 0] = Picture.of("nowhere.png", Path(), "row 1", 10**6)
    with pytest.raises(MisplacedError, match="no picture to find boxes in"):
        Detection().placed(Detection().encode(column([]), STATE), {"image": column_of})


@pytest.mark.parametrize(
    ("bad", "fact"),
    [
        (box(0, 0, 0, 5), "has no area"),
        (box(0, 0, 5, -1), "has no area"),
        (box(float("nan"), 0, 5, 5), "no finite number"),
        (box(0, 0, float("inf"), 5), "no finite number"),
        (box(0, 0, 5, 5, None), "has no label"),
    ],
)
def test_boxes_that_are_none_are_refused_by_their_row(bad, fact):
    found = Detection().refuse(column([box(1, 1, 2, 2)], [], [box(1, 1, 2, 2), bad]))
    assert found is not None
    assert found[0] == 2
    assert fact in found[1]


def test_other_columns_are_no_boxes():
    task = Detection()
    for other in (pl.Series("a", ["x"]), pl.Series("a", [["x"]]), pl.Series("a", [[{"x": 1.0}]])):
        assert task.suits(other) == 0.0
        found = task.refuse(other)
        assert found is not None
        assert "not a list of boxes" in found[1]


def test_an_unseen_label_is_named():
    with pytest.raises(ValueError, match="label 'fox' does not occur"):
        Detection().encode(column([box(0, 0, 1, 1, "fox")]), STATE)


def test_answers_are_those_that_are_sure_enough_the_surest_first():
    task = Detection(confidence=0.5)
    scores = task.scores(said([(0, 0.6, 1, 2, 3, 4), (1, 0.9, 5, 6, 7, 8), (0, 0.4, 9, 9, 9, 9)], []), STATE)
    (answer, sure, highest), (nothing, none, zero) = task.answers(scores, STATE)
    assert [(one["label"], round(one["confidence"], 6), one["x"], one["height"]) for one in answer] == [
        ("dog", 0.9, 5.0, 8.0),
        ("cat", 0.6, 1.0, 4.0),
    ]
    assert sure == pytest.approx(0.6)
    assert highest == {"cat": pytest.approx(0.6), "dog": pytest.approx(0.9)}
    assert (nothing, none, zero) == ([], None, {"cat": 0.0, "dog": 0.0})


def test_suppression_and_the_most_boxes():
    outputs = said([(0, 0.9, 0, 0, 9, 9), (0, 0.8, 1, 0, 9, 9), (1, 0.7, 1, 0, 9, 9), (0, 0.6, 50, 0, 9, 9)])
    assert Detection().scores(outputs, STATE).lengths.tolist() == [4]
    assert Detection(most=2).scores(outputs, STATE).values[:, 1] == pytest.approx([0.9, 0.8])
    assert Detection(most_overlap=0.5).scores(outputs, STATE).values[:, 1] == pytest.approx([0.9, 0.7, 0.6])


def test_losses_by_hand():
    """Right with 0.9; a box too much with 0.4; one that is missed."""
    task = Detection()
    encoded = task.encode(column([box(0, 0, 10, 10)], [box(0, 0, 10, 10), box(30, 30, 10, 10, "dog")]), STATE)
    outputs = said([(0, 0.9, 0, 0, 10, 10), (1, 0.4, 0, 0, 10, 10)], [(0, 0.9, 0, 0, 10, 10)])
    given = task.answered(encoded, task.scores(outputs, STATE), STATE)
    assert task.losses(given) == pytest.approx([0.1**2 + 0.4**2, 0.1**2 + 1.0])
    assert task.support(given) == {"cat": 2, "dog": 1}
    by_class = task.measured_by_class(given, np.ones((1, 2)))
    assert by_class["cat"]["map"][0] == pytest.approx(1.0)
    assert by_class["dog"]["map"][0] == 0.0


def test_answers_agree_with_labels_that_overlap_by_half():
    task, label = Detection(), [box(0, 0, 10, 10), box(20, 20, 10, 10, "dog")]
    assert task.is_right([box(21, 20, 10, 10, "dog"), box(1, 0, 10, 10)], label)
    assert not task.is_right([box(21, 20, 10, 10, "cat"), box(1, 0, 10, 10)], label)
    assert not task.is_right([box(6, 0, 10, 10), box(20, 20, 10, 10, "dog")], label)
    assert not task.is_right([], label)
    assert task.is_right([], [])
