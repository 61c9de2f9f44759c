"""The page on augmentation is true: recipes load, commands run, and the table holds every part with its kinds."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tunesmith.core.part import find, kinds
from tunesmith.demo import data_path
from tunesmith.recipe import load

PAGE = (Path(__file__).parents[2] / "docs" / "augmentation.md").read_text("utf-8")
FAMILY = "parts.augmentations"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.M | re.S)


@pytest.mark.parametrize("piece", blocks("yaml"), ids=lambda piece: piece.split("\n")[0])
def test_every_piece_of_a_recipe_loads(tmp_path, piece):
    path = tmp_path / "recipe.yaml"
    path.write_text(f"data: tickets.csv\ntarget: team\n{piece}", "utf-8")
    assert load(path)[0].augment


def test_the_commands_run(tmp_path):
    (tmp_path / "tunesmith-demo").mkdir()
    (tmp_path / "tunesmith-demo" / "tickets.csv").write_bytes(data_path().read_bytes())
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for line in "".join(blocks("bash")).splitlines():
        done = subprocess.run(line, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
    assert re.search(r"^augment +epoch +1\n +by +\[\"typo\"\]", done.stdout, re.M), done.stdout


def test_every_part_stands_in_the_table_with_what_it_works_on():
    rows = dict(re.findall(r"^\| `(\w+)` \| ([\w, ]+) \|", PAGE, flags=re.M))
    assert rows.keys() == set(kinds(FAMILY))
    for kind, told in rows.items():
        assert set(told.split(", ")) == find(FAMILY, kind).works_on, kind


def test_every_field_named_is_one():
    for kind, fields in re.findall(r"^\| `(\w+)` \|.*\|([^|]*)\|$", PAGE, flags=re.M):
        known = set(find(FAMILY, kind).model_fields)
        named = set(re.findall(r"`(\w+)`", fields)) - {"iqr", "deviation"}
        assert named <= known, kind
        assert named or kind == "colour"
