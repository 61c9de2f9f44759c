"""The page on tags is true: its row and recipe train, its lines load, and the answer is what it says."""

import json
import re
from pathlib import Path

import pytest

from journeys.conftest import call
from journeys.rows import tags
from tunesmith.recipe import load

PAGE = (Path(__file__).parents[2] / "docs" / "tagging.md").read_text("utf-8")
LINES = re.findall(r"^\| `(task: .*?)` \|", PAGE, flags=re.M)


@pytest.mark.parametrize("line", LINES)
def test_every_line_loads(tmp_path, line):
    path = tmp_path / "recipe.yaml"
    path.write_text(f"data: tags.jsonl\n{line}\n", "utf-8")
    assert load(path)[0].task.kind == "tagging"


def test_the_row_and_the_recipe_make_a_version_that_answers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (row,) = re.findall(r"^```json\n(.*?)\n```", PAGE, flags=re.M | re.S)
    (recipe,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.M | re.S)
    (tmp_path / "tags.jsonl").write_text(f"{row}\n{tags()}", "utf-8")
    (tmp_path / "recipe.yaml").write_text(recipe, "utf-8")
    settings = ["--set", "split.near_duplicates=ignore", "--set", "train.epochs=1"]
    made = call("train", "recipe.yaml", "--json", *settings)
    assert made.code == 0, made.err
    assert made.json["primary"] == "entity_f1"
    assert set(made.json["baselines"]) == {"majority", "word_features", "linear_probe"}
    words = json.loads(row)["words"]
    (answer,) = call("predict", made.json["version"], "--row", json.dumps({"words": words}), "--json").json
    assert len(answer["answer"]) == len(words)
    assert 0 < answer["confidence"] <= 1
