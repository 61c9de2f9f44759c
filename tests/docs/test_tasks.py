"""The page on tasks is true: its recipes train on rows like those it names, and report what it says."""

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from journeys.conftest import call
from journeys.test_asked import documents, table

PAGE = (Path(__file__).parents[2] / "docs" / "tasks.md").read_text("utf-8")
BLOCKS = {
    re.findall(r"# (\w+)\.csv", one)[0]: one for one in re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.M | re.S)
}
SHORT = ["--set", "train.epochs=1", "--set", "checks.near_duplicates=off", "--set", "split.near_duplicates=ignore"]
PRIMARY = {"pairs": "accuracy", "similarity": "spearman", "reviews": "mae", "documents": "ndcg", "houses": "merit"}


def rows(name):
    """Return rows with the columns that the recipe's first comment names."""
    pairs = documents(24)
    made = {
        "pairs": pairs.select(
            question="query",
            other="document",
            same=(pl.col("relevance") > 0).replace_strict({True: "yes", False: "no"}),
        ),
        "similarity": pairs.select(
            one="query", two="document", score=pl.col("relevance") + pl.int_range(pl.len()) / 1e3
        ),
        "documents": pairs,
        "reviews": table().select(price="size", weeks="age", grade="grade"),
        "houses": table().select(rooms="size", age="age", price="price", kind="grade"),
    }
    return made[name]


def test_every_task_of_the_page_is_here():
    assert set(BLOCKS) == set(PRIMARY)


@pytest.mark.parametrize("name", sorted(PRIMARY))
def test_the_recipe_trains(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    block = BLOCKS[name]
    given = rows(name)
    (columns,) = re.findall(r"has the columns (.*)", block)
    assert given.columns == columns.split(", ")
    given.write_csv(f"{name}.csv")
    (tmp_path / "recipe.yaml").write_text(block, "utf-8")
    is_text = "minilm" in block
    cut = ["--set", "base.kind=minilm", "--set", "base.max_tokens=24"] if is_text else []
    made = call("train", "recipe.yaml", "--json", *SHORT, *cut, *(["--set", "split.leaks=allow"] if is_text else []))
    assert made.code == 0, made.err
    assert made.json["primary"] == PRIMARY[name]
    assert ("pair_overlap" in made.json["baselines"]) == is_text


def test_the_losses_named_are_read():
    (line,) = re.findall(r"`(train: \{loss: \{kind: several.*?)`", PAGE)
    assert yaml.safe_load(line)["train"]["loss"]["losses"] == ["huber", "focal"]
    assert np.all([f"`{name}`" in PAGE for name in ("cumulative", "spearman", "pearson")])
