"""`tunesmith show`: the filled recipe, each value with its origin."""

from __future__ import annotations

import json
from argparse import Namespace

from ..core.events import Events
from ..recipe import leaves, load
from ..story import Run, understand
from . import Answer


def run(options: Namespace) -> Answer:
    """Fill in the recipe from the data, and print it."""
    recipe, text = load(options.recipe, options.set)
    known = understand(Run(recipe, options.recipe.parent, options.home, Events(), text))
    filled = known.recipe.model_dump(mode="json")
    flat = leaves(filled)
    shown = {path: json.dumps(value, ensure_ascii=False).strip('"') for path, value in flat.items()}
    left, middle = max(map(len, shown)), min(40, max(map(len, shown.values())))
    lines = [f"{path:<{left}}  {value:<{middle}}  {known.origins[path]}" for path, value in shown.items()]
    return Answer({"recipe": filled, "origins": known.origins}, "\n".join(lines))
