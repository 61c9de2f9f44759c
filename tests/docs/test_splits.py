"""The page on splits is true: its recipes load, its code runs, and it names every field and guard."""

import re
from pathlib import Path

import polars as pl
import pytest

from tunesmith.core.part import kinds
from tunesmith.data import Dataset
from tunesmith.recipe import load
from tunesmith.stages.split import Split

PAGE = (Path(__file__).parents[2] / "docs" / "splits.md").read_text("utf-8")
PIECES = re.search(r"^```yaml\n(.*?)^```", PAGE, flags=re.M | re.S).group(1).split("---\n")


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.split("  ")[0])
def test_every_piece_of_a_recipe_loads(tmp_path, piece):
    path = tmp_path / "recipe.yaml"
    path.write_text(("" if piece.startswith("data:") else "data: rows.csv\n") + f"target: label\n{piece}", "utf-8")
    assert load(path)[0].model_fields_set & {"split", "data"}


def test_every_field_and_guard_is_named():
    prose = re.sub(r"^```.*?^```", "", PAGE, flags=re.M | re.S)
    named = set(re.findall(r"\w+", " ".join([*re.findall(r"`([^`]+)`", prose), *PIECES])))
    assert set(Split.model_fields) <= named
    guards = {kind for kind in kinds("parts.guards") if kind.startswith("disjoint_")} | {"train_before_test"}
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE.split("## Leaks")[1], flags=re.M)) == guards


def test_the_code_runs():
    frame = pl.DataFrame({"text": [f"row {number}" for number in range(20)], "label": ["a", "b"] * 10})
    held = {"rows": Dataset.of(frame, "rows.csv").identified(["text"])}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.M | re.S):
        exec(block, held)
    assert sorted(held["fold"].tolist()) == [fold for fold in range(5) for _ in range(4)]
