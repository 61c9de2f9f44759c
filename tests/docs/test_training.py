"""The training guide is true: its recipes load, its commands run, and it names every field, part and remark."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tunesmith.core.part import kinds
from tunesmith.demo import data_path
from tunesmith.options import parser
from tunesmith.parts.strategies.full import Full
from tunesmith.parts.strategies.head import Head
from tunesmith.recipe import load
from tunesmith.training import monitor
from tunesmith.training.settings import LEAST_EPOCHS, LEAST_STEPS, Train

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "training.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8").split("## Training")[1].split("\n## ")[0]


def blocks(language: str, page: str = PAGE) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, flags=re.M | re.S)


def table(heading: str) -> dict[str, list[str]]:
    """Return the first table below a heading: the name in each row's first cell, and the other cells."""
    below = PAGE.split(f"\n## {heading}\n")[1]
    lines = re.search(r"(?:^\|.*\n)+", below, flags=re.M).group().splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {cells[0].strip("`"): cells[1:] for cells in rows}


PIECES = [*blocks("yaml"), *(one for block in blocks("yaml", README) for one in block.split("---\n"))]


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.split("\n")[0])
def test_every_piece_of_a_recipe_loads(tmp_path, piece):
    path = tmp_path / "recipe.yaml"
    path.write_text(f"data: tickets.csv\ntarget: team\n{piece}", "utf-8")
    recipe, _ = load(path)
    assert recipe.model_fields_set > {"data", "target"}


def test_the_commands_run(tmp_path):
    (tmp_path / "tunesmith-demo").mkdir()
    (tmp_path / "tunesmith-demo" / "tickets.csv").write_bytes(data_path().read_bytes())
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for line in "".join(blocks("bash")).splitlines():
        done = subprocess.run(line, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{line}\n{done.stderr}"


def test_the_commands_that_would_train_are_known():
    lines = "".join(blocks("console")).splitlines()
    assert lines
    for line in lines:
        name, *arguments = shlex.split(line)
        assert name == "tunesmith"
        assert parser().parse_args(arguments).command == "train"


def test_every_field_is_explained_with_its_default():
    rows = table("Every field of `train`")
    assert list(rows) == list(Train.model_fields)
    for name, (default, *_) in rows.items():
        known = getattr(Train(), name)
        told = {"loss": "the task's", "minutes": "none"}.get(name, str(getattr(known, "kind", known)))
        assert default.strip("`") in (told, told.lower()), name
    most, alone = Full.most_epochs, Head.most_epochs
    words = f"{LEAST_STEPS} steps, from {LEAST_EPOCHS} to {most} ({alone} where only a head moves)"
    assert rows["epochs"][1].endswith(words)


@pytest.mark.parametrize(
    ("heading", "family"),
    [("Which weights move: strategies", "parts.strategies"), ("Regularizers", "parts.regularizers")],
)
def test_every_part_of_a_family_is_in_its_table(heading, family):
    assert set(table(heading)) == set(kinds(family))


def test_every_optimizer_and_loss_is_named():
    assert all(f"`{kind}`" in PAGE for family in ("parts.optimizers", "parts.losses") for kind in kinds(family))


def test_the_remarks_are_those_of_the_monitor():
    source = Path(monitor.__file__).read_text("utf-8")
    said = set(re.findall(r'_remark\("(\w+)"', source)) | set(re.findall(r'\("(\w+_gradient)", sign\)', source))
    said |= {"exploding_gradient", "vanishing_gradient"}
    unheard = {"dead_units"}  # only `heads` says it, which training does not call
    assert set(table("What the monitor says")) == said - unheard


def test_every_link_leads_somewhere():
    headings = {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in re.findall("^#+ (.*)$", PAGE, re.M)}
    for link in re.findall(r"\]\(([^)]+)\)", PAGE):
        path, _, anchor = link.partition("#")
        assert not path or (ROOT / "docs" / path).exists(), link
        assert not anchor or anchor in headings, link
