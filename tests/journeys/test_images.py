"""Images down the line: a folder of classes and a table with paths; traced, trained, served, broken, and kept."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from journeys import rows
from journeys.checks import nothing_registered, refused
from journeys.conftest import call
from tunesmith.registry import Registry
from tunesmith.version import load

pytest.importorskip("PIL.Image")

GOLDEN = Path(__file__).parent / "golden"
PLAIN = "target: {}\nsplit: {{near_duplicates: ignore}}\ntrain: {{epochs: 2}}\n"
RECIPES = {
    "folder": "data: pictures/\nname: folder\n" + PLAIN.format("label"),
    "photos": "data: photos.csv\n" + PLAIN.format("ripe"),
}


def prepared(folder, kind):
    rows.write(folder, photos_csv=rows.photos(folder), recipe_yaml=RECIPES[kind])
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the folder with a version of a kind in it, and what training said."""
    known = {}

    def of(kind):
        if kind not in known:
            folder = prepared(tmp_path_factory.mktemp(kind), kind)
            outcome = call("train", folder / "recipe.yaml", "--home", folder / "home", "--json")
            assert outcome.code == 0, outcome.err
            known[kind] = folder, outcome.json
        return known[kind]

    return of


@pytest.mark.parametrize("kind", RECIPES)
def test_a_row_with_an_image_goes_down_the_line(tunesmith, tmp_path, kind):
    prepared(tmp_path, kind)
    outcome = tunesmith("trace", "recipe.yaml", "--row", 4)
    assert outcome.code == 0, outcome.err
    assert outcome.out == (GOLDEN / f"{kind}.txt").read_text("utf-8")


@pytest.mark.parametrize("kind", RECIPES)
def test_what_is_served_is_what_was_measured(tunesmith, made, monkeypatch, kind):
    folder, summary = made(kind)
    monkeypatch.chdir(folder)
    data = "pictures" if kind == "folder" else "photos.csv"
    answers = tunesmith("predict", summary["version"], data, "--home", "home", "--json").json
    stored = Registry(folder / "home").resolve(summary["version"])
    tested = json.loads(stored.read("rows.json"))["test"]
    given = {one["id"]: one["answer"] for one in answers}
    frame = pl.read_csv("photos.csv")
    truth = frame["ripe"].to_list() if kind == "photos" else ["green"] * 40 + ["ripe"] * 40
    labels = {one["id"]: label for one, label in zip(answers, truth, strict=True)}
    right = sum(given[one] == labels[one] for one in tested) / len(tested)
    assert right == pytest.approx(summary["metrics"]["accuracy"]["value"], abs=1e-9)


def test_a_row_is_answered_alike_alone_and_among_others_by_path_and_by_bytes(made, monkeypatch):
    folder, summary = made("folder")
    monkeypatch.chdir(folder / "pictures")
    version = load(summary["version"], folder / "home")
    names = [f"green/{number:03}.png" for number in range(0, 80, 2)]
    together = version.predict(names)
    alone = [version.predict([name])[0] for name in names[:5]]
    held = version.predict(pl.DataFrame({"image": [Path(name).read_bytes() for name in names[:5]]}))
    for one, other, third in zip(together, alone, held, strict=False):
        assert one.scores == pytest.approx(other.scores, abs=1e-6)
        assert other.scores == pytest.approx(third.scores, abs=1e-6)


@pytest.mark.parametrize("kind", RECIPES)
def test_the_same_seed_gives_the_same_bytes(tunesmith, made, kind):
    folder, summary = made(kind)
    again = tunesmith("train", folder / "recipe.yaml", "--json").json
    assert again["weights"] == summary["weights"]
    assert again["metrics"] == summary["metrics"]


@pytest.mark.parametrize(
    "data", [b"", b"not an image", None, b"\x89PNG\r\n\x1a\n"], ids=["empty", "text", "missing", "torn"]
)
def test_a_broken_image_stops_the_run_before_it_begins_or_is_set_aside(tunesmith, tmp_path, data):
    """Whichever split the row is in: no model can read it."""
    prepared(tmp_path, "photos")
    broken = [tmp_path / "pictures" / "green" / f"{number:03}.png" for number in range(0, 12, 2)]
    for path in broken:
        path.unlink() if data is None else path.write_bytes(data)
    refused(tunesmith("train", "recipe.yaml"), "photos.csv row ", "column 'photo'", "clean: {images: drop}")
    nothing_registered()
    outcome = tunesmith("train", "recipe.yaml", "--json", "--set", "clean={images: drop}", "--set", "train.epochs=1")
    assert outcome.code == 0, outcome.err
    stored = json.loads(Registry(Path(".tunesmith")).resolve(outcome.json["version"]).read("rows.json"))
    assert sum(map(len, stored.values())) == 80 - len(broken)


def test_a_broken_image_is_named_where_answers_are_asked_for(made, tunesmith, monkeypatch):
    folder, summary = made("folder")
    monkeypatch.chdir(folder)
    row = json.dumps({"image": "pictures/nowhere.png"})
    refused(tunesmith("predict", summary["version"], "--row", row, "--home", "home"), "rows row 1, column 'image'")


def test_augmentation_changes_what_is_learnt_and_nothing_else(tunesmith, made):
    folder, summary = made("folder")
    changed = ["--set", "augment=[rotate, colour]", "--set", "name=turned"]
    outcome = tunesmith("train", folder / "recipe.yaml", "--json", *changed)
    assert outcome.code == 0, outcome.err
    assert outcome.json["weights"] != summary["weights"]
    assert outcome.json["baselines"] == summary["baselines"], "they learn from the rows as they are"
    again = tunesmith("train", folder / "recipe.yaml", "--json", *changed)
    assert again.json["weights"] == outcome.json["weights"]


def test_the_page_shows_the_images_it_was_wrong_about(tunesmith, made, tmp_path):
    folder, summary = made("photos")
    page = tmp_path / "page.html"
    outcome = tunesmith("report", summary["version"], "--home", folder / "home", "-o", page)
    assert outcome.code == 0, outcome.err
    worst = json.loads(Registry(folder / "home").resolve(summary["version"]).read("report.json"))["worst"]
    assert page.read_text("utf-8").count("data:image/png;base64,") == len(worst)
