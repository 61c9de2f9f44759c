"""Boxes follow flips and crops, by value and by what is to be seen in the image."""

import numpy as np
import pytest

from tunesmith.core.draws import Draws
from tunesmith.core.errors import RecipeError
from tunesmith.core.part import find, kinds
from tunesmith.data.encoded import Ragged
from tunesmith.parts.augmentations import ImageAugmentation, Question
from tunesmith.parts.augmentations._shown import followed
from tunesmith.parts.augmentations.colour import Colour
from tunesmith.parts.augmentations.crop import Crop
from tunesmith.parts.augmentations.flip import Flip
from tunesmith.parts.augmentations.rotate import Rotate
from tunesmith.stages.augment import check

ROWS = 40


def draws(rows=ROWS):
    return Draws.of([f"row {at}" for at in range(rows)]).named(3, "boxes")


def one_each(edges, size=(100, 50), rows=ROWS):
    return Ragged.cut(np.tile([[1, *edges, *size]], (rows, 1)).astype(float), np.ones(rows, np.int64))


def test_a_flip_by_hand():
    flipped = followed(one_each((10, 5, 20, 30)), [(Flip(probability=1.0), draws())])
    assert flipped.values[0].tolist() == pytest.approx([1, 70, 5, 20, 30, 100, 50])
    turned = followed(one_each((10, 5, 20, 30)), [(Flip(probability=1.0, direction="vertical"), draws())])
    assert turned.values[0].tolist() == pytest.approx([1, 10, 15, 20, 30, 100, 50])
    twice = followed(one_each((10, 5, 20, 30)), [(Flip(probability=1.0), draws())] * 2)
    assert twice.values[0].tolist() == pytest.approx([1, 10, 5, 20, 30, 100, 50])


@pytest.mark.parametrize("part", [Flip(probability=0.6), Crop(probability=0.8), Colour(probability=1.0)])
def test_boxes_lie_where_the_bright_thing_is_seen(part):
    """A bright rectangle on black: after the change its rows and columns end where the box says."""
    height, width, edges = 60, 80, (24, 16, 30, 24)
    images = np.zeros((ROWS, height, width, 3), np.uint8)
    images[:, edges[1] : edges[1] + edges[3], edges[0] : edges[0] + edges[2]] = 200
    shown = part.apply(images, draws()).max(axis=3) > 60
    boxes = followed(one_each(edges, (width, height)), [(part, draws())])
    for at in np.flatnonzero(boxes.lengths):
        across, down = np.flatnonzero(shown[at].any(axis=0)), np.flatnonzero(shown[at].any(axis=1))
        seen = [across[0], down[0], across[-1] + 1, down[-1] + 1]
        left, top, wide, high = boxes[at][0, 1:5]
        assert [left, top, left + wide, top + high] == pytest.approx(seen, abs=1.6)


def test_boxes_of_images_that_stay_keep_every_digit():
    true = one_each((10.1, 5.3, 20.7, 30.9), (333, 77))
    part = Flip(probability=0.5)
    found = followed(true, [(part, draws())])
    same = (found.values == true.values).all(axis=1)
    assert 0 < same.sum() < ROWS
    assert followed(true, [(Flip(probability=0.0), draws())]).values.tolist() == true.values.tolist()


def test_a_box_that_is_cropped_away_is_gone_and_others_stay_with_their_image():
    corner, middle = [0, 0, 0, 2, 2, 100, 100], [1, 40, 40, 20, 20, 100, 100]
    true = Ragged.cut(np.tile([corner, middle], (ROWS, 1)).astype(float), np.full(ROWS, 2))
    found = followed(true, [(Crop(probability=1.0, least=0.3), draws())])
    assert set(found.lengths.tolist()) <= {0, 1, 2}
    assert (found.values[:, 0] == 0).sum() < ROWS
    assert (found.values[:, 0] == 1).sum() > ROWS / 2
    assert len(found) == ROWS
    assert (found.values[:, 1:3] >= 0).all()
    assert (found.values[:, 1:3] + found.values[:, 3:5] <= 100 + 1e-9).all()


def test_what_boxes_cannot_follow_is_refused():
    question = Question({"image": "image"}, "boxes", "boxes")
    with pytest.raises(RecipeError, match="boxes cannot follow rotate"):
        check([Rotate()], question, "query_net", False)
    check([Flip(), Crop(), Colour()], question, "query_net", False)
    check([Rotate()], Question({"image": "image"}, "label", "class"), "conv_net", False)


def test_every_part_for_images_says_whether_boxes_follow():
    parts = [
        part
        for name in kinds("parts.augmentations")
        if issubclass(part := find("parts.augmentations", name), ImageAugmentation)
    ]
    follow = {part.__name__ for part in parts if part().follows_boxes}
    assert follow == {"Flip", "Crop", "Colour", "ImageNoise", "Cutout"}
