"""Boxes down the line: squares on noise, traced, trained, served, drawn, and refused where they are none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from journeys.checks import nothing_registered, refused
from journeys.conftest import call
from journeys.rows import write
from tunesmith.data.encoded import Ragged
from tunesmith.data.metrics_boxes import matched, summary
from tunesmith.registry import Registry
from tunesmith.testing.squares import COLOURS, squares
from tunesmith.version import load

image = pytest.importorskip("PIL.Image")

GOLDEN = Path(__file__).parent / "golden"
SIDE, PICTURES = 48, 80
EDGES = ("x", "y", "width", "height")
RECIPE = """
data: {kind: coco, path: boxes.json}
task: {kind: detection, confidence: 0.0}
base: {kind: query_net, side: 48, width: 32, depth: 1}
split: {near_duplicates: ignore}
train: {epochs: 3, batch_size: 16, optimizer: {kind: adamw, learning_rate: 0.003}}
"""


def coco(rows):
    """Return boxes in COCO's form."""
    names = sorted(COLOURS)
    told = [(at, box) for at, boxes in enumerate(rows) for box in boxes]
    annotations = [
        {"id": at, "image_id": owner, "category_id": names.index(box["label"]), "bbox": [box[one] for one in EDGES]}
        for at, (owner, box) in enumerate(told)
    ]
    return {
        "images": [{"id": at, "file_name": f"{at:03}.png", "width": SIDE, "height": SIDE} for at in range(len(rows))],
        "categories": [{"id": at, "name": name} for at, name in enumerate(names)],
        "annotations": annotations,
    }


def prepared(folder, spoil=None):
    drawn, rows = squares(PICTURES, SIDE)
    (folder / "images").mkdir()
    for at, pixels in enumerate(drawn):
        image.fromarray(pixels).save(folder / "images" / f"{at:03}.png")
    content = coco(rows)
    if spoil is not None:
        spoil(content)
    return write(folder, boxes_json=json.dumps(content), recipe_yaml=RECIPE)


def trained(folder):
    outcome = call("train", folder / "recipe.yaml", "--home", folder / "home", "--json")
    assert outcome.code == 0, outcome.err
    return outcome.json


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = prepared(tmp_path_factory.mktemp("boxes"))
    return folder, trained(folder)


def test_a_row_with_boxes_goes_down_the_line(tunesmith, tmp_path):
    prepared(tmp_path)
    outcome = tunesmith("trace", "recipe.yaml", "--row", 3)
    assert outcome.code == 0, outcome.err
    assert outcome.out == (GOLDEN / "boxes.txt").read_text("utf-8")


def test_what_is_served_is_what_was_measured(made, monkeypatch):
    folder, told = made
    monkeypatch.chdir(folder / "images")
    version = load(told["version"], folder / "home")
    tested = json.loads(version.stored.read("rows.json"))["test"]
    names = [f"{at:03}.png" for at in range(PICTURES)]
    answers = {one.id: (at, one.answer) for at, one in enumerate(version.predict(names))}
    rows, number = squares(PICTURES, SIDE)[1], {name: at for at, name in enumerate(sorted(COLOURS))}
    truth = [[[number[box["label"]], *map(box.get, EDGES)] for box in rows[answers[one][0]]] for one in tested]
    found = [
        [[number[box["label"]], box["confidence"], *map(box.get, EDGES)] for box in answers[one][1]] for one in tested
    ]
    pair = [
        Ragged.cut(np.array([box for row in side for box in row], float), np.array([len(row) for row in side]))
        for side in (truth, found)
    ]
    measured = summary(matched(*pair), np.ones((1, len(tested))))
    assert measured["map"][0] == pytest.approx(told["metrics"]["map"]["value"], abs=1e-9)
    assert measured["map_50"][0] == pytest.approx(told["metrics"]["map_50"]["value"], abs=1e-9)


def test_a_picture_is_answered_alike_alone_and_among_others_by_path_and_by_bytes(made, monkeypatch):
    folder, told = made
    monkeypatch.chdir(folder / "images")
    version = load(told["version"], folder / "home")
    names = [f"{at:03}.png" for at in range(6)]
    together = version.predict(names)
    alone = [version.predict([name])[0] for name in names]
    held = version.predict(pl.DataFrame({"image": [Path(name).read_bytes() for name in names]}))
    for one, other, third in zip(together, alone, held, strict=True):
        first, second, last = (
            [[box["confidence"], *map(box.get, EDGES)] for box in answered.answer] for answered in (one, other, third)
        )
        assert np.array(first) == pytest.approx(np.array(second), abs=1e-4)
        assert np.array(first) == pytest.approx(np.array(last), abs=1e-4)


def test_one_seed_makes_one_version(made, tmp_path):
    folder, told = made
    again = trained(prepared(tmp_path))
    digests = [
        Registry(home / "home").resolve(one["version"]).manifest["files"]["weights.safetensors"]
        for home, one in ((folder, told), (tmp_path, again))
    ]
    assert digests[0] == digests[1]


def test_the_report_draws_the_worst_boxes(made):
    folder, told = made
    outcome = call("report", told["version"], "--home", folder / "home", "--out", folder / "report.html")
    assert outcome.code == 0, outcome.err
    page = (folder / "report.html").read_text("utf-8")
    assert 'class="boxed"' in page
    assert 'class="true-box"' in page
    assert 'class="answered-box"' in page
    assert "Average precision of each class" in page
    assert {"mean_box", "no_box"} <= json.loads(load(told["version"], folder / "home").stored.read("report.json"))[
        "baselines"
    ].keys()


def test_a_picture_of_another_size_than_its_boxes_is_named(tmp_path):
    folder = prepared(tmp_path)
    image.new("RGB", (16, 16)).save(folder / "images" / "002.png")
    outcome = call("train", folder / "recipe.yaml", "--home", folder / "home")
    refused(outcome, "boxes.json row 3", "leaves its picture (16 x 16 pixels)")
    nothing_registered(folder / "home")


def test_a_box_outside_of_its_picture_is_refused_or_mended_as_the_recipe_says(tmp_path):
    def spoil(content):
        content["annotations"][0]["bbox"] = [40, 40, 20, 20]

    folder = prepared(tmp_path, spoil)
    refused(call("train", folder / "recipe.yaml", "--home", folder / "home"), "leaves the picture", "bad_boxes: mend")
    mended = RECIPE.replace("path: boxes.json", "path: boxes.json, bad_boxes: mend")
    write(folder, recipe_yaml=mended)
    outcome = call("trace", folder / "recipe.yaml", "--row", 2, "--json")
    assert outcome.code == 0, outcome.err
    target = next(one["value"]["value"] for one in outcome.json if one["station"] == "target")
    assert [(box["width"], box["height"]) for box in target] == [(8.0, 8.0)]


def test_boxes_follow_the_pictures_of_an_epoch(tmp_path):
    folder = prepared(tmp_path)
    write(folder, recipe_yaml=RECIPE + "augment: [{kind: flip, probability: 1.0}]\n")
    outcome = call("trace", folder / "recipe.yaml", "--row", 2, "--json")
    assert outcome.code == 0, outcome.err
    assert call("train", folder / "recipe.yaml", "--home", folder / "home", "--json").code == 0
    write(folder, recipe_yaml=RECIPE + "augment: [rotate]\n")
    refused(call("train", folder / "recipe.yaml", "--home", folder / "home"), "boxes cannot follow rotate")
