import io

import numpy as np
import polars as pl
import pytest

from tunesmith.data.near import near_pairs
from tunesmith.data.near.images import BITS, Images, perceptual_hashes

Image = pytest.importorskip("PIL.Image")


def picture(random, side=96):
    """Return something with structure on several scales, as photographs have."""
    layers = [random.normal(0, size, (size, size, 3)) for size in (3, 6, 12)]
    grown = [np.asarray(Image.fromarray(_bytes(one)).resize((side, side), Image.Resampling.BICUBIC)) for one in layers]
    return Image.fromarray(np.mean(grown, axis=0).astype(np.uint8))


def _bytes(layer):
    return (255 * (layer - layer.min()) / np.ptp(layer)).astype(np.uint8)


def compressed(image):
    stored = io.BytesIO()
    image.save(stored, "JPEG", quality=40)
    return Image.open(stored)


def brighter(image):
    return image.point(lambda value: min(255, int(value * 1.06 + 4)))


EDITS = [compressed, brighter, lambda image: image.resize((61, 70)), lambda image: image.crop((1, 1, 95, 95))]


def found(folder, images):
    for at, image in enumerate(images):
        image.save(folder / f"{at}.png")
    frame = pl.DataFrame({"picture": [f"{at}.png" for at in range(len(images))]})
    near = near_pairs(frame, {"picture": "image"}, folder=folder)
    return list(zip(near.first.tolist(), near.second.tolist(), strict=True))


def test_edited_copies_are_found_and_nothing_else(tmp_path):
    random = np.random.default_rng(0)
    originals = [picture(random) for _ in range(60)]
    edited = [EDITS[at % len(EDITS)](image) for at, image in enumerate(originals)]
    ours = set(found(tmp_path, originals + edited))
    truth = {(at, at + 60) for at in range(60)}
    assert len(ours & truth) >= 0.95 * len(truth)
    assert len(ours & truth) >= 0.95 * len(ours)


def test_equal_pictures_of_two_names_have_similarity_one(tmp_path):
    image = picture(np.random.default_rng(1))
    image.save(tmp_path / "a.png")
    image.save(tmp_path / "b.png")
    near = near_pairs(pl.DataFrame({"x": ["a.png", "b.png"]}), {"x": "image"}, folder=tmp_path)
    assert near.similarity.tolist() == [1.0]


def test_flat_pictures_are_near_where_their_colour_is(tmp_path):
    colours = [(255, 255, 255), (0, 0, 0), (200, 0, 0), (255, 255, 254), (0, 59, 200)]
    assert found(tmp_path, [Image.new("RGB", (40, 40), colour) for colour in colours]) == [(0, 3)]


def test_the_same_shapes_in_another_colour_are_not_near(tmp_path):
    grey = np.asarray(picture(np.random.default_rng(2)).convert("L"), float)
    red, blue = np.stack([grey, grey * 0.5, grey * 0.2], -1), np.stack([grey * 0.2, grey * 0.5, grey], -1)
    assert found(tmp_path, [Image.fromarray(one.astype(np.uint8)) for one in (red, blue)]) == []


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_what_cannot_be_read_is_near_to_nothing(tmp_path, content):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(content)
    frame = pl.DataFrame({"x": ["a.png", "b.png", "absent.png", None]})
    assert len(near_pairs(frame, {"x": "image"}, folder=tmp_path)) == 0


def test_a_picture_too_large_to_decode_is_near_to_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("tunesmith.data.near.images.MOST_PIXELS", 100)
    assert found(tmp_path, [picture(np.random.default_rng(3))] * 2) == []


def test_no_pair_of_hashes_that_differ_in_few_bits_is_missed():
    random = np.random.default_rng(5)
    hashes = random.integers(0, 1 << 63, 500, dtype=np.uint64)
    flips = [random.choice(64, random.integers(1, BITS + 3), replace=False) for _ in hashes]
    close = hashes ^ np.array([sum(1 << int(bit) for bit in one) for one in flips], np.uint64)
    both = np.concatenate([hashes, close])
    images = Images(both, np.zeros((1000, 16, 16, 3), np.uint8), np.ones(1000, bool))
    first, second = images.candidates()
    truth = np.argwhere(np.triu(np.bitwise_count(both[:, None] ^ both[None]) <= BITS, 1))
    assert sorted(zip(first.tolist(), second.tolist(), strict=True)) == sorted(map(tuple, truth.tolist()))
    assert 300 < len(truth) < 500


def test_hashes_differ_in_about_half_their_bits_for_unlike_pictures():
    random = np.random.default_rng(4)
    grey = np.stack([np.asarray(picture(random, 32).convert("L"), np.float32) for _ in range(40)])
    hashes = perceptual_hashes(grey)
    apart = np.bitwise_count(hashes[:, None] ^ hashes[None])[np.triu_indices(40, 1)]
    assert 24 < apart.mean() < 40
    assert np.bitwise_count(hashes).tolist() == [32] * 40


def test_reading_images_is_told_of(tmp_path):
    random, told = np.random.default_rng(1), []
    for at in range(5):
        picture(random).save(tmp_path / f"{at}.png")
    frame = pl.DataFrame({"picture": [f"{at}.png" for at in range(5)]})
    near_pairs(frame, {"picture": "image"}, folder=tmp_path, told=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(set(told)) == 6
