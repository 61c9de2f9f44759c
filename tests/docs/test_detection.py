"""The page on boxes is true: its recipe trains, its lines load."""

import re
from pathlib import Path

import pytest

from journeys.conftest import call
from journeys.test_detection import prepared
from tunesmith.recipe import load

PAGE = (Path(__file__).parents[2] / "docs" / "detection.md").read_text("utf-8")
LINES = re.findall(r"^\| `(.*?: .*?)` \|", PAGE, flags=re.M)


@pytest.mark.parametrize("line", LINES)
def test_every_line_loads(tmp_path, line):
    path = tmp_path / "recipe.yaml"
    path.write_text(f"{'' if line.startswith('data') else 'data: boxes.csv'}\n{line}\n", "utf-8")
    key = line.partition(":")[0]
    assert getattr(load(path)[0], key).model_dump(mode="json")


def test_the_recipe_makes_a_version_that_answers_with_boxes(tmp_path, monkeypatch):
    monkeypatch.chdir(prepared(tmp_path))
    (tmp_path / "images").rename(tmp_path / "pictures")
    (recipe,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.M | re.S)
    (tmp_path / "recipe.yaml").write_text(recipe, "utf-8")
    settings = ["--set", "split.near_duplicates=ignore", "--set", "train.epochs=1", "--set", "base.side=48"]
    settings += ["--set", "task.confidence=0.0", "--set", "base.kind=query_net", "--set", "task.kind=detection"]
    settings += ["--set", "train.optimizer.learning_rate=0.001"]
    made = call("train", "recipe.yaml", "--json", *settings)
    assert made.code == 0, made.err
    assert made.json["primary"] == "map"
    assert set(made.json["baselines"]) == {"mean_box", "no_box"}
    monkeypatch.chdir("pictures")
    told = call("predict", made.json["version"], "--row", '{"image": "001.png"}', "--home", "../.tunesmith", "--json")
    assert told.code == 0, told.err
    (answer,) = told.json
    assert {"x", "y", "width", "height", "label", "confidence"} == set(answer["answer"][0])
