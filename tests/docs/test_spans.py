"""The page on answers in a text is true: its rows and recipe train, its commands run, its lines load."""

import json
import re
import shlex
from pathlib import Path

import pytest

from journeys.conftest import call
from journeys.test_spans import squad
from tunesmith.recipe import load

PAGE = (Path(__file__).parents[2] / "docs" / "spans.md").read_text("utf-8")
LINES = re.findall(r"^\| `((?:task|base): .*?)` \|", PAGE, flags=re.M)
SETTINGS = ["--set", "split.near_duplicates=ignore", "--set", "train.epochs=1"]


def block(kind):
    return dict(re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, flags=re.M | re.S))[kind]


@pytest.mark.parametrize("line", LINES)
def test_every_line_loads(tmp_path, line):
    path = tmp_path / "recipe.yaml"
    path.write_text(f"data: {{kind: squad, path: questions.json}}\n{line}\n", "utf-8")
    assert load(path)[0].model_fields_set > {"data"}


def test_the_rows_and_the_commands_are_what_they_say(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows, more = json.loads(block("json")), squad()
    (tmp_path / "questions.json").write_text(json.dumps({"data": rows["data"] + more["data"]}), "utf-8")
    (tmp_path / "recipe.yaml").write_text(block("yaml"), "utf-8")
    train, predict, evaluate = (shlex.split(line)[1:] for line in block("").splitlines())
    made = call(*train, "--json", *SETTINGS)
    assert made.code == 0, made.err
    assert made.json["primary"] == "span_f1"
    assert set(made.json["baselines"]) == {"first_words", "overlap"}
    (answer,) = call(*predict).json
    assert all("Ann built it in 1698."[one["start"] :].startswith(one["text"]) for one in answer["answer"])
    assert call(*evaluate, "--json").json["rows"] == 50
