"""Histograms of oriented gradients: of one direction in one bin, blind to brightness and contrast, and small copies."""

import numpy as np
import pytest

from tunesmith.parts.baselines._gradients import BINS, image_features, oriented_gradients, shrunk


def ramp(degrees, size=16):
    """Return an image whose brightness rises in one direction, (1, size, size)."""
    y, x = np.mgrid[:size, :size]
    angle = np.deg2rad(degrees)
    return (x * np.cos(angle) + y * np.sin(angle))[None] / size


@pytest.mark.parametrize("bin_", range(BINS))
def test_a_direction_in_the_middle_of_a_bin_counts_there_alone(bin_):
    for turn in (0, 180):
        degrees = (bin_ + 0.5) * 180 / BINS + turn
        blocks = oriented_gradients(ramp(degrees), 2).reshape(-1, BINS)
        assert blocks.argmax(axis=1).tolist() == [bin_] * 4
        assert (np.delete(blocks, bin_, axis=1) < 1e-3).all()


def test_brightness_and_contrast_do_not_matter():
    image = np.random.default_rng(0).random((1, 24, 24)).astype(np.float32)
    plain = oriented_gradients(image, 3)
    assert np.allclose(plain, oriented_gradients(image * 3 + 5, 3), atol=1e-3)
    assert not np.allclose(plain, oriented_gradients(image.transpose(0, 2, 1), 3), atol=1e-2)


def test_a_flat_image_has_no_direction():
    assert (oriented_gradients(np.full((2, 16, 16), 7.0), 2) == 0).all()


def test_a_smaller_copy_has_the_means_of_boxes():
    image = np.arange(24, dtype=np.float32).reshape(1, 4, 6, 1)
    assert shrunk(image, 2, 2)[0, :, :, 0].tolist() == [[4.0, 7.0], [16.0, 19.0]]
    assert np.allclose(shrunk(image, 4, 6), image)
    uneven = shrunk(image, 3, 5)
    assert uneven.shape == (1, 3, 5, 1)
    assert uneven.min() >= 0
    assert uneven.max() <= 23


@pytest.mark.parametrize("size", [(8, 8), (1, 1), (1, 50), (3, 200), (64, 48), (224, 224)])
def test_images_of_any_size_have_features_of_their_own(size):
    images = np.random.default_rng(0).integers(0, 256, (5, *size, 3), dtype=np.uint8)
    found = image_features(images)
    assert np.isfinite(found).all()
    assert np.array_equal(found[2:3], image_features(images[2:3]))
    assert found.shape[1] <= 192 + 900
