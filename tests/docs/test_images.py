"""The page on images is true: its recipes load and its commands run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tunesmith.core.part import find, kinds
from tunesmith.recipe import load

pytest.importorskip("PIL.Image")

PAGE = (Path(__file__).parents[2] / "docs" / "images.md").read_text("utf-8")
PIECES = [one for block in re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.M | re.S) for one in block.split("---\n")]


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.split("  ")[0].strip())
def test_every_piece_of_a_recipe_loads(tmp_path, piece):
    path = tmp_path / "recipe.yaml"
    path.write_text(("" if "data:" in piece else "data: photos/\n") + f"target: label\n{piece}", "utf-8")
    assert load(path)[0].target == "label"


def test_every_base_for_images_stands_in_the_table():
    named = set(re.findall(r"^\| `(\w+)` \|", PAGE.split("## Which base")[1].split("\n## ")[0], flags=re.M))
    assert named <= {kind for kind in kinds("parts.bases") if "image" in find("parts.bases", kind).takes}
    assert "conv_net" in named


def test_the_commands_run(tmp_path):
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    (block,) = re.findall(r"^```bash\n(.*?)^```", PAGE, flags=re.M | re.S)
    said = {}
    for line in block.splitlines():
        done = subprocess.run(line, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        said[line] = done.stdout
    first, _, third, _ = said.values()
    assert "1797 images of digits were checked" in first
    accuracy = float(re.search(r"^accuracy +([\d.]+)", first, flags=re.M)[1])
    assert accuracy >= 0.97
    assert re.search(r" 3 +\d+", third), third
    assert (tmp_path / "answers.csv").read_text("utf-8").count("\n") == 1798
