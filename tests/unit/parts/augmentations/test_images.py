"""What happens to images, pixel by pixel."""

import numpy as np
import pytest

from tunesmith.core.draws import Draws
from tunesmith.core.part import find, kinds
from tunesmith.parts.augmentations import Augmentation
from tunesmith.parts.augmentations._images import boxes, sampled
from tunesmith.parts.augmentations.colour import Colour
from tunesmith.parts.augmentations.crop import Crop
from tunesmith.parts.augmentations.cutmix import Cutmix
from tunesmith.parts.augmentations.cutout import Cutout
from tunesmith.parts.augmentations.flip import Flip
from tunesmith.parts.augmentations.image_noise import ImageNoise
from tunesmith.parts.augmentations.rotate import Rotate

ROWS = 200
DRAWS = Draws.of([f"row {at}" for at in range(ROWS)])
IMAGES = np.random.default_rng(0).integers(0, 256, (ROWS, 16, 12, 3)).astype(np.uint8)
SMOOTH = np.broadcast_to(
    (np.arange(16)[:, None, None] * 8 + np.arange(12)[None, :, None] * 5).astype(np.uint8), IMAGES.shape
)
ALWAYS = {"probability": 1.0}


def test_there_is_one_part_for_each_change():
    found = {kind for kind in kinds("parts.augmentations") if find("parts.augmentations", kind).works_on == {"image"}}
    assert found == {"flip", "rotate", "crop", "colour", "image_noise", "cutout", "cutmix"}
    assert all(issubclass(find("parts.augmentations", kind), Augmentation) for kind in found)


def test_as_many_images_are_changed_as_asked_for():
    found = Flip(probability=0.3).apply(IMAGES, DRAWS)
    changed = (found != IMAGES).any(axis=(1, 2, 3))
    assert changed.mean() == pytest.approx(0.3, abs=0.08)


def test_flipped_twice_is_as_before():
    for direction in ("horizontal", "vertical"):
        part = Flip(direction=direction, **ALWAYS)
        once = part.apply(IMAGES, DRAWS)
        assert not np.array_equal(once, IMAGES)
        assert np.array_equal(part.apply(once, DRAWS), IMAGES)
    assert np.array_equal(Flip(**ALWAYS).apply(IMAGES, DRAWS)[0, 3, 0], IMAGES[0, 3, -1])


def test_at_whole_pixels_an_image_is_sampled_as_it_is():
    y, x = np.meshgrid(np.arange(16.0), np.arange(12.0), indexing="ij")
    shape = IMAGES.shape[:3]
    assert np.array_equal(sampled(IMAGES, np.broadcast_to(y, shape), np.broadcast_to(x, shape)), IMAGES)
    halfway = sampled(SMOOTH, np.broadcast_to(y, shape), np.broadcast_to(x - 0.4, shape))
    assert np.array_equal(halfway[:, :, 1:], SMOOTH[:, :, 1:] - 2), "bilinear on a slope is exact"
    assert np.array_equal(halfway[:, :, 0], SMOOTH[:, :, 0]), "beyond the edge, the edge goes on"


def test_a_quarter_turn_moves_pixels_where_they_belong():
    class Quarter(Draws):
        def uniform(self, count):
            return np.ones((len(self), count))

    square = IMAGES[:, :12]
    turned = Rotate(degrees=90, **ALWAYS).change(square, Quarter(DRAWS.states))
    assert np.array_equal(turned, np.rot90(square, axes=(1, 2))) or np.array_equal(turned, np.rot90(square, -1, (1, 2)))


def test_small_turns_go_both_ways_and_keep_the_middle():
    flat = np.full_like(IMAGES, 77)
    assert np.array_equal(Rotate(**ALWAYS).apply(flat, DRAWS), flat)
    slope = Rotate(degrees=10, **ALWAYS).apply(SMOOTH, DRAWS).astype(int) - SMOOTH
    assert np.abs(slope[:, 7:9, 5:7]).max() <= 3
    corner = slope[:, 2, 9, 0]
    assert (corner > 0).any()
    assert (corner < 0).any()


def test_a_crop_of_the_whole_is_the_image():
    assert np.array_equal(Crop(least=1.0, stretch=1.0, **ALWAYS).apply(IMAGES, DRAWS), IMAGES)


def test_a_crop_shows_a_part_larger():
    found = Crop(least=0.25, stretch=1.0, **ALWAYS).apply(SMOOTH, DRAWS).astype(int)
    heights = (found[:, -1, 0, 0] - found[:, 0, 0, 0]) / (15 * 8)
    assert heights.min() > 0.45
    assert heights.max() <= 1.0
    assert heights.std() > 0.1
    assert found.min() >= SMOOTH.min()
    assert found.max() <= SMOOTH.max()


def test_light_contrast_and_colour_do_what_they_say():
    bright = Colour(brightness=0.5, contrast=0.0, saturation=0.0, **ALWAYS).apply(SMOOTH, DRAWS)
    factors = bright.mean(axis=(1, 2, 3)) / SMOOTH.mean(axis=(1, 2, 3))
    assert 0.5 <= factors.min() < 0.7
    assert 1.3 < factors.max() <= 1.5
    contrast = Colour(brightness=0.0, contrast=0.5, saturation=0.0, **ALWAYS).apply(SMOOTH + 40, DRAWS)
    assert np.abs(contrast.mean(axis=(1, 2, 3)) - SMOOTH.mean(axis=(1, 2, 3)) - 40).max() < 1.0
    assert contrast.std(axis=(1, 2, 3)).std() > 3
    grey = np.repeat(IMAGES[..., :1], 3, axis=3)
    colour = Colour(brightness=0.0, contrast=0.0, saturation=1.0, **ALWAYS)
    assert np.array_equal(colour.apply(grey, DRAWS), grey), "grey has no colour to change"
    assert not np.array_equal(colour.apply(IMAGES, DRAWS), IMAGES)
    assert np.array_equal(colour.apply(IMAGES[..., :1], DRAWS), IMAGES[..., :1])


def test_noise_has_its_width():
    middle = np.full_like(IMAGES, 128)
    noise = ImageNoise(share=0.05, **ALWAYS).apply(middle, DRAWS).astype(float) - 128
    assert noise.mean() == pytest.approx(0.0, abs=0.2)
    assert noise.std() == pytest.approx(0.05 * 255, rel=0.03)


def test_a_square_is_hidden_in_the_mean_colour():
    found = Cutout(side=0.5, **ALWAYS).apply(IMAGES, DRAWS)
    for before, after in zip(IMAGES, found, strict=True):
        hidden = (before != after).any(axis=2)
        rows, columns = np.flatnonzero(hidden.any(axis=1)), np.flatnonzero(hidden.any(axis=0))
        assert 1 <= len(rows) <= 6
        assert 1 <= len(columns) <= 6
        inside = after[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        assert (inside == np.rint(before.mean(axis=(0, 1))).astype(np.uint8)).all()


def test_boxes_have_their_sides_and_are_cut_at_the_edge():
    found = boxes(np.array([[0.5, 0.5], [0.0, 0.99]]), np.array([[4.0, 6.0], [4.0, 6.0]]), (2, 16, 12, 3))
    assert found.sum(axis=(1, 2)).tolist() == [24, 2 * 4]


def test_cutmix_mixes_targets_by_the_pixels_of_each():
    """Every image is of one colour, its row's number, so that what is pasted can be counted."""
    plain = np.broadcast_to(np.arange(ROWS, dtype=np.uint8)[:, None, None, None], IMAGES.shape)
    images, targets = Cutmix(**ALWAYS).mix(plain, np.eye(ROWS), DRAWS)
    for row in range(ROWS):
        colours, counts = np.unique(images[row, :, :, 0], return_counts=True)
        expected = np.zeros(ROWS)
        expected[colours] = counts / (16 * 12)
        assert np.allclose(targets[row], expected)
    shares = targets[np.arange(ROWS), np.arange(ROWS)]
    assert shares.std() > 0.15
    assert (shares < 1).mean() > 0.9
    few, _ = Cutmix(alpha=0.05, **ALWAYS).mix(plain, np.eye(ROWS), DRAWS)
    untouched = (few == plain).all(axis=(1, 2, 3)).mean()
    assert untouched > 0.2, "a small alpha makes most boxes tiny or whole"
