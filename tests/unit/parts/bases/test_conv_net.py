"""Images to vectors: decoded once, kept as a map of a file, scaled as the view says, read by a small net."""

import mmap
from pathlib import Path

import numpy as np
import pytest
import torch

from tunesmith.core.errors import DataError
from tunesmith.data.pixels import Picture
from tunesmith.data.store import ArrayStore
from tunesmith.model.activations import prepared
from tunesmith.parts.bases import Shape
from tunesmith.parts.bases.conv_net import ConvNet
from tunesmith.testing.images import HEIGHT, WIDTH, pictures, pixels, ppm

pytest.importorskip("PIL.Image")

SIGNAL = np.linspace(-2, 2, 9)
SHAPE = Shape(images=((HEIGHT, WIDTH),))


def body(**fields):
    return ConvNet(**fields).build(SHAPE, 0)


def inputs(folder=None):
    """Return nine images, in memory or as files."""
    if folder is None:
        return {"image": pictures(SIGNAL, "test")}
    column = np.empty((len(SIGNAL), 1), object)
    for at, one in enumerate(pixels(SIGNAL, "test")):
        (folder / f"{at}.ppm").write_bytes(ppm(one))
        column[at, 0] = Picture.of(f"{at}.ppm", folder, f"row {at}", HEIGHT * WIDTH)
    return {"image": column}


def is_mapped(array):
    while isinstance(array, np.ndarray):
        array = array.base
    return isinstance(getattr(array, "obj", array), mmap.mmap)


def test_pixels_are_those_of_the_files_and_scaled_as_the_view_says():
    net = body()
    rows = net.prepare(inputs())
    assert rows["pixels"].dtype == np.uint8
    assert np.array_equal(rows["pixels"], pixels(SIGNAL, "test"))
    tensor = net.collate(rows, np.array([3, 0]))["pixels"]
    assert tensor.shape == (2, 3, HEIGHT, WIDTH)
    wanted = (rows["pixels"][[3, 0]].transpose(0, 3, 1, 2) / 255 - 0.5) / 0.25
    assert np.abs(tensor.numpy() - wanted).max() < 1e-5


def test_pixels_are_kept_between_runs_and_read_from_the_map(tmp_path, monkeypatch):
    store = ArrayStore(tmp_path / "cache", 1 << 30)
    net, rows = body(), inputs(tmp_path)
    first = prepared(net, rows, store)["pixels"]
    assert is_mapped(first), "written in its place, never held in memory"
    monkeypatch.setattr(type(net), "fill", lambda *_: pytest.fail("it was decoded again"))
    again = prepared(body(), inputs(tmp_path), store)["pixels"]
    assert is_mapped(again)
    assert np.array_equal(first, again)
    assert not again.flags.writeable


def test_a_changed_file_of_the_same_name_is_decoded_again(tmp_path):
    store = ArrayStore(tmp_path / "cache", 1 << 30)
    before = np.array(prepared(body(), inputs(tmp_path), store)["pixels"])
    rows = inputs(tmp_path)
    black = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    (tmp_path / "4.ppm").write_bytes(ppm(black))
    rows["image"][4, 0] = Picture.of("4.ppm", tmp_path, "row 4", HEIGHT * WIDTH)
    after = prepared(body(), rows, store)["pixels"]
    assert after[4].max() == 0
    assert np.array_equal(np.delete(after, 4, 0), np.delete(before, 4, 0))


def test_another_view_has_other_pixels(tmp_path):
    store = ArrayStore(tmp_path / "cache", 1 << 30)
    rows = inputs(tmp_path)
    assert prepared(body(), rows, store)["pixels"].shape[1:3] == (HEIGHT, WIDTH)
    assert prepared(body(side=24), rows, store)["pixels"].shape[1:3] == (24, 20)


def test_a_store_without_room_costs_nothing_but_time(tmp_path):
    store = ArrayStore(tmp_path / "cache", 10)
    assert np.array_equal(prepared(body(), inputs(), store)["pixels"], pixels(SIGNAL, "test"))


def test_a_broken_image_leaves_nothing_in_the_store(tmp_path):
    store, rows = ArrayStore(tmp_path / "cache", 1 << 30), inputs()
    rows["image"][2, 0] = Picture.of(b"none", Path(), "photos row 3", 99)
    with pytest.raises(DataError, match="photos row 3: the image is no image"):
        prepared(body(), rows, store)
    assert store.used_bytes() == 0


@pytest.mark.parametrize(
    ("usual", "side", "seen"),
    [
        ((8, 8), None, (8, 8)),
        ((28, 28), None, (28, 28)),
        ((480, 640), None, (48, 64)),
        ((480, 640), 128, (96, 128)),
        ((2000, 10), None, (64, 8)),
        ((3, 3), None, (8, 8)),
    ],
)
def test_what_is_seen_follows_from_the_usual_size(usual, side, seen):
    net = ConvNet(side=side).build(Shape(images=(usual,)), 0)
    assert (net.view.height, net.view.width) == seen
    vectors = net.vectors(torch.zeros(2, 3, *seen))
    assert vectors.shape == (2, net.width)


def test_every_weight_gets_a_gradient_and_a_row_none_from_its_neighbours():
    net = body(depth=2).train()
    rows = net.prepare(inputs())
    net(net.collate(rows, np.arange(9))).square().sum().backward()
    assert all(one.grad is not None and one.grad.abs().sum() > 0 for one in net.parameters())
    tensor = net.collate(rows, np.arange(4))["pixels"].requires_grad_()
    net.vectors(tensor)[1].sum().backward()
    touched = tensor.grad.abs().sum(dim=(1, 2, 3)) > 0
    assert touched.tolist() == [False, True, False, False]
