"""The page on chat is true: its row and recipe train, its commands run, its lines load, its figures are those told."""

import json
import re
import shlex
from pathlib import Path

import pytest

from journeys.conftest import call
from journeys.test_chat import talks
from tunesmith.recipe import load
from tunesmith.testing import tiny

PAGE = (Path(__file__).parents[2] / "docs" / "chat.md").read_text("utf-8")
LINES = re.findall(r"^\| `((?:task|base): .*?)` \|", PAGE, flags=re.M)
SETTINGS = [
    "--set",
    "split.near_duplicates=ignore",
    "--set",
    "train.epochs=1",
    "--set",
    "base.writing.max_new_tokens=4",
]


def block(kind):
    return dict(re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, flags=re.M | re.S))[kind]


@pytest.mark.parametrize("line", LINES)
def test_every_line_loads(tmp_path, line):
    path = tmp_path / "recipe.yaml"
    path.write_text(f"data: {{kind: chat, path: talks.jsonl}}\n{line}\n", "utf-8")
    assert load(path)[0].model_fields_set > {"data"}


def test_the_row_and_the_commands_are_what_they_say(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [json.loads(block("json")), *talks()]
    (tmp_path / "talks.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows), "utf-8")
    (tmp_path / "recipe.yaml").write_text(block("yaml"), "utf-8")
    tiny.save_language(tmp_path / "model")
    train, trace, predict, evaluate = (shlex.split(line)[1:] for line in block("").splitlines())
    made = call(*train, "--json", *SETTINGS)
    assert made.code == 0, made.err
    figures = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| `token.*|^\| `exact.*", PAGE, flags=re.M))))
    assert figures == set(made.json["metrics"])
    assert set(made.json["baselines"]) == {"zero_shot", "few_shot", "nearest_answer", "majority"}
    assert "learnt" in call(*trace).out
    (answer,) = call(*predict).json
    assert isinstance(answer["answer"], str)
    assert call(*evaluate).code == 0
