"""The small detector: it learns to find squares, and its outputs are pixels of the picture."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from tunesmith.data import Encoded
from tunesmith.data.encoded import Ragged
from tunesmith.data.pixels import Picture
from tunesmith.model.network import Net, Network
from tunesmith.parts.bases import Shape
from tunesmith.parts.bases.query_net import QueryNet
from tunesmith.parts.losses.set_prediction import SetPrediction
from tunesmith.parts.tasks.detection import Detection
from tunesmith.testing.images import ppm
from tunesmith.testing.squares import squares
from tunesmith.training.labels import Shelf

TRAIN, TEST, STEPS, SIDE = 150, 45, 100, 48
SHAPE = Shape(images=((SIDE, SIDE),), reads="object")


def encoded(network, task, state):
    drawn, boxes = squares(TRAIN + TEST, SIDE)
    column = np.empty((len(drawn), 1), object)
    column[:, 0] = [Picture.of(ppm(one), Path(), "a row", 10**6) for one in drawn]
    inputs = {"image": column}
    targets = task.placed(task.encode(pl.Series("boxes", boxes), state), inputs)
    whole = network.prepare(Encoded(tuple(map(str, range(len(drawn)))), inputs, targets))
    return whole.take(np.arange(TRAIN)), whole.take(np.arange(TRAIN, TRAIN + TEST))


def test_it_learns_to_find_squares():
    task, state = Detection(), {"classes": ["blue", "red"]}
    body = QueryNet(side=SIDE, width=32, depth=1).build(SHAPE, 0)
    network = Network(Net({"body": body}, task.width(state), 0.0, 0), SHAPE, "body", torch.device("cpu"))
    train, test = encoded(network, task, state)
    hurt, shelf = SetPrediction().build(train.targets, task.width(state)), Shelf(train.targets, torch.device("cpu"))
    optimizer = torch.optim.AdamW(network.net.parameters(), lr=3e-3)
    random = np.random.default_rng(0)
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * min(1.0, (step + 1) / 10, 2 * (1 - step / STEPS))
        rows = random.choice(TRAIN, 16, replace=False)
        loss = hurt(network.net(network.collate(train, rows)), shelf[rows]).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.net.parameters(), 1.0)
        optimizer.step()
        network.net.train()
    given = task.answered(test.targets, task.scores(network.outputs(test), state), state)
    assert task.measured(given, np.ones((1, TEST)), "map_50")["map_50"][0] > 0.5


def test_outputs_are_pixels_of_the_picture_and_stay_inside_of_it():
    body = QueryNet(side=32, width=32, depth=1).build(SHAPE, 0)
    sizes = np.array([[200, 100], [50, 80]])
    logits = np.array([[9.0, 0.0, 0.0, 0.0, 0.0], [9.0, 50.0, -50.0, 0.0, 0.0]])
    found = body.finished(Ragged.cut(logits, np.array([1, 1])), {"sizes": sizes})
    assert found.values[:, 1:] == pytest.approx(np.array([[50, 25, 100, 50], [37.5, 0, 12.5, 20]]), abs=1e-6)
    assert found.values[:, 0].tolist() == [9.0, 9.0]


def test_sizes_stand_beside_the_pixels_however_the_picture_was_held(tmp_path):
    image = pytest.importorskip("PIL.Image")
    turned = image.new("RGB", (30, 20))
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.jpg", exif=exif)
    column = np.empty((1, 1), object)
    column[0, 0] = Picture.of("turned.jpg", tmp_path, "a row", 10**6)
    body = QueryNet(side=32, width=32, depth=1).build(SHAPE, 0)
    prepared = body.prepare({"image": column})
    assert prepared["sizes"].tolist() == [[20, 30]]
    assert body.units(prepared).tolist() == [16]


def test_a_query_for_every_eight_pixels():
    body = QueryNet(side=64, width=32, depth=1).build(Shape(images=((100, 200),), reads="object"), 0)
    assert (body.view.height, body.view.width, body.queries) == (32, 64, 32)
