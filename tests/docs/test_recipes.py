"""Every recipe in `recipes/` says how it is run, loads, and fits its rows. That each trains is held elsewhere."""

from pathlib import Path

import pytest

from tunesmith.recipe import load
from tunesmith.stages.watch import Watch
from tunesmith.story import Run, divide, understand

ROOT = Path(__file__).parents[2]
RECIPES = sorted((ROOT / "recipes").glob("*.yaml"))


def test_there_is_a_recipe_for_every_task_and_way_of_training():
    loaded = [load(path)[0] for path in RECIPES]
    assert {one.task.kind for one in loaded if one.task} == {"classification", "multilabel", "regression"}
    assert {one.strategy.kind for one in loaded} == {"full", "head", "freeze", "lora"}


def test_every_data_file_is_used():
    used = {ROOT / "recipes" / load(path)[0].data.path for path in RECIPES}
    assert used == set((ROOT / "recipes" / "data").iterdir())


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_the_first_line_says_how_to_run_it(path):
    assert path.read_text("utf-8").splitlines()[0] == f"# Run: tunesmith train recipes/{path.name}"


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_the_rows_are_few_and_fill_every_split(path, tmp_path):
    recipe, text = load(path)
    run = Run(recipe, path.parent, tmp_path, text=text)
    known = understand(run)
    assert 60 <= len(known.rows) <= 120
    assert all(len(part) >= 5 for part in divide(known, [], Watch(), run.events).parts.values())
