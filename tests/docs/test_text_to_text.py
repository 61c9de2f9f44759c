"""The page on text to text is true: its recipe trains, its commands run, its lines load, and what it refuses is."""

import re
import shlex
from pathlib import Path

import pytest

from journeys.conftest import call
from journeys.test_seq2seq import rows
from tunesmith.recipe import load
from tunesmith.testing import tiny

PAGE = (Path(__file__).parents[2] / "docs" / "text-to-text.md").read_text("utf-8")
LINES = re.findall(r"^\| `((?:base|strategy|task): .*?)` \|", PAGE, flags=re.M)
BLOCKS = dict(re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, flags=re.M | re.S))
SETTINGS = ["--set", "split.near_duplicates=ignore", "--set", "train.epochs=1", "--set", "checks.near_duplicates=off"]


@pytest.mark.parametrize("line", LINES)
def test_every_line_loads(tmp_path, line):
    path = tmp_path / "recipe.yaml"
    path.write_text(f"data: sentences.csv\n{line}\n", "utf-8")
    assert load(path)[0].model_fields_set > {"data"}


def test_the_recipe_trains_and_the_commands_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows().write_csv(tmp_path / "sentences.csv")
    tiny.save_translator(tmp_path / "my-translator")
    (tmp_path / "recipe.yaml").write_text(BLOCKS["yaml"], "utf-8")
    train, predict, evaluate = (shlex.split(line)[1:] for line in BLOCKS[""].splitlines())
    made = call(*train, "--json", *SETTINGS, "--set", "base.writing.max_new_tokens=5")
    assert made.code == 0, made.err
    assert made.json["primary"] == "chrf"
    assert all(f"`{name}`" in PAGE for name in made.json["baselines"])
    assert {"chrf", "bleu", "rouge_l", "exact_match", "token_loss"} <= made.json["metrics"].keys()
    (answer,) = call(*predict).json
    assert isinstance(answer["answer"], str)
    assert call(*evaluate, "--json").json["rows"] == len(rows())


@pytest.mark.parametrize("strategy", re.findall(r"`strategy: (\w+)` and `(\w+)` are refused", PAGE)[0])
def test_what_is_refused_is_refused(tmp_path, monkeypatch, strategy):
    monkeypatch.chdir(tmp_path)
    rows().write_csv(tmp_path / "sentences.csv")
    tiny.save_translator(tmp_path / "my-translator")
    (tmp_path / "recipe.yaml").write_text(f"{BLOCKS['yaml']}strategy: {strategy}\n", "utf-8")
    told = call("train", "recipe.yaml", "--json", *SETTINGS, "--set", "base.writing={max_new_tokens: 2}")
    assert told.code != 0
    assert "no new head" in told.err or "without a new head" in told.err
