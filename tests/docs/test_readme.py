"""The README is true: its commands, its recipe and its Python are run as they stand, in order, in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tunesmith.recipe import load

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.M | re.S)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An empty folder in which every command of the README has been run."""
    folder = tmp_path_factory.mktemp("readme")
    here = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{here}{os.pathsep}{os.environ['PATH']}", "HF_HUB_OFFLINE": "1"}
    environment.pop("TUNESMITH_HOME", None)
    for block in blocks("bash"):
        for line in block.strip().splitlines():
            done = subprocess.run(line, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, f"{line}\n{done.stderr}"
            assert "Traceback" not in done.stderr, line
    return folder


def test_the_first_commands_are_make_targets():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    named = re.findall(r"^make (\w+)", README, flags=re.M)
    assert named == ["demo", "test"]
    assert all(re.search(rf"^{name}:", makefile, flags=re.M) for name in named)


def test_the_tour_leaves_what_it_says(folder):
    assert {"recipe.yaml", "check.html", "answers.csv", "report.html", "tunesmith-demo"} <= set(os.listdir(folder))
    assert (folder / "answers.csv").read_text("utf-8").count("\n") == 605  # a header and one line per ticket


def test_the_recipe_loads_and_is_followed(folder):
    (folder / "readme.yaml").write_text(blocks("yaml")[0], "utf-8")
    recipe, _ = load(folder / "readme.yaml")
    assert recipe.strategy.rank == 8
    assert recipe.train.loss.label_smoothing == 0.1


def test_the_python_runs(folder):
    for block in blocks("python"):
        done = subprocess.run([sys.executable, "-c", block], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_every_link_leads_somewhere():
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / link).exists(), link


def test_every_command_of_the_tour_is_known():
    from tunesmith.options import COMMANDS

    used = set(re.findall(r"^tunesmith (\w+)", README, flags=re.M))
    assert used == set(COMMANDS)
