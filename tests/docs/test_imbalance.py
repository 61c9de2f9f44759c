"""The page on imbalance is true: its recipes load, it names every balance, and its example gives its figures."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tunesmith.core.part import kinds
from tunesmith.recipe import load

PAGE = (Path(__file__).parents[2] / "docs" / "imbalance.md").read_text("utf-8")
PIECES = re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.M | re.S)[0].split("---\n")
LINES = re.findall(r"^\| `((?:task|decide|balance): .*?)` \|", PAGE, flags=re.M)


@pytest.mark.parametrize("piece", [*PIECES, *LINES])
def test_every_piece_of_a_recipe_loads(tmp_path, piece):
    path = tmp_path / "recipe.yaml"
    path.write_text(f"data: rows.csv\ntarget: label\n{piece}\n", "utf-8")
    assert load(path)[0].model_fields_set > {"data", "target"}


def test_every_balance_is_in_the_table():
    below = PAGE.split("## Weights and draws")[1]
    assert set(re.findall(r"^\| `(\w+)` \|", below, flags=re.M)) == set(kinds("parts.balances"))


def test_the_example_gives_the_figures_of_the_table():
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.M | re.S)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = re.findall(r"macro-F1 ([\d.]+), recall ([\d.]+)", done.stdout)
    told = re.findall(r"\| ([\d.]+) \| ([\d.]+) \|$", PAGE, flags=re.M)
    assert len(found) == len(told) == 3
    for pair, figures in zip(found, told, strict=True):
        assert [float(one) for one in pair] == pytest.approx([float(one) for one in figures], abs=0.03)
