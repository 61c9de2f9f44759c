"""Images as an epoch shows them: changed row by row, the same each time, and told apart from the rows as they were."""

import numpy as np
import polars as pl
import pytest

from tunesmith.data import Dataset
from tunesmith.data.array_file import scratch
from tunesmith.parts.augmentations import Augmentation, Place, Question
from tunesmith.stages.augment import augment

ROWS = 150
QUESTION = Question({"photo": "image", "weight": "number"}, "label", "class")


@pytest.fixture
def rows():
    frame = pl.DataFrame(
        {"photo": [f"{at}.png" for at in range(ROWS)], "weight": np.arange(ROWS) * 1.0, "label": ["a", "b"] * 75}
    )
    return Dataset.of(frame, "photos.csv", "train").identified(["photo", "weight"], ["weight"])


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (ROWS, 9, 7, 3), dtype=np.uint8)


def augmenter(rows, tmp_path, *parts):
    made = [Augmentation.model_validate(part) for part in parts]
    return augment(rows, made, QUESTION, 3, Place(tmp_path))


def test_the_rows_that_are_changed_are_those_that_are_told(rows, images, tmp_path):
    made = augmenter(rows, tmp_path, {"kind": "image_noise", "share": 0.2})
    assert made.is_anew
    turn, shown = made.turn(0), made.pixels(0, images)
    differs = (shown != images).any(axis=(1, 2, 3))
    assert np.flatnonzero(differs).tolist() == turn.changed[0].tolist()
    assert 50 < differs.sum() < 100
    contents = np.array(turn.rows.contents) != np.array(rows.contents)
    assert np.array_equal(contents, differs)
    assert turn.rows.ids == rows.ids
    assert turn.rows.frame.equals(rows.frame)


def test_every_epoch_differs_and_each_comes_again(rows, images, tmp_path):
    made = augmenter(rows, tmp_path, "flip", "rotate")
    first = made.pixels(0, images)
    assert np.array_equal(first, made.pixels(0, images))
    assert not np.array_equal(first, made.pixels(1, images))
    assert made.turn(0).rows.contents != made.turn(1).rows.contents


def test_a_row_is_changed_alike_whatever_rows_are_beside_it(rows, images, tmp_path):
    parts = ("rotate", "crop", "colour", "image_noise", "cutout", "flip")
    whole = augmenter(rows, tmp_path, *parts).pixels(2, images)
    some = np.array([140, 3, 77])
    alone = augmenter(rows.take(some), tmp_path, *parts).pixels(2, images[some])
    assert np.array_equal(whole[some], alone)


def test_columns_beside_the_image_may_change_too(rows, images, tmp_path):
    made = augmenter(rows, tmp_path, "flip", {"kind": "number_noise", "probability": 1.0})
    turn = made.turn(0)
    assert (turn.rows.frame["weight"] != rows.frame["weight"]).all()
    assert turn.rows.frame["photo"].equals(rows.frame["photo"])
    assert len(turn.changed[0]) < ROWS == len(turn.changed[1])


def test_what_is_large_lies_in_a_file_without_a_name(monkeypatch):
    assert type(scratch((4, 3), np.uint8)) is np.ndarray
    monkeypatch.setattr("tunesmith.data.array_file.LARGE", 10)
    large = scratch((4, 3), np.uint8)
    assert isinstance(large, np.memmap)
    large[2] = 7
    assert large.sum() == 21
