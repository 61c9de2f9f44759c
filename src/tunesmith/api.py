"""The Python verbs: the same as the command line's."""

from __future__ import annotations

import os
from pathlib import Path

from . import story
from . import version as versions
from .core.errors import RecipeError
from .core.events import Events
from .recipe import Recipe
from .recipe import load as load_recipe
from .recipe_text import RecipeText
from .version import Version


def train(recipe: Recipe | str | Path, home: str | Path | None = None, events: Events | None = None) -> Version:
    """Train, judge and register a version from a recipe or a recipe file, in one process. Raises TunesmithError."""
    text: RecipeText | None = None
    folder = Path()
    if not isinstance(recipe, Recipe):
        folder = Path(recipe).parent
        recipe, text = load_recipe(Path(recipe))
    if recipe.train.engine.world > 1:
        raise RecipeError(
            "train.engine: several processes train by the command line: torchrun --nproc-per-node 2 -m tunesmith train"
        )
    version = story.tell(story.Run(recipe, folder, _home(home), events or Events(), text))
    assert version is not None
    return version


def load(reference: str, home: str | Path | None = None) -> Version:
    """Return a registered version (NAME, NAME@N or NAME@ALIAS), every byte verified. Raises NotFoundError."""
    return versions.load(reference, _home(home))


def _home(home: str | Path | None) -> Path:
    return Path(home or os.environ.get("TUNESMITH_HOME", "./.tunesmith"))
