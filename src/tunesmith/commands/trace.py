"""`tunesmith trace`: one row at each station."""

from __future__ import annotations

import json
from argparse import Namespace

from ..core.events import Events
from ..recipe import load
from ..story import Run
from ..trace import follow
from . import Answer


def run(options: Namespace) -> Answer:
    """Follow one row along the line."""
    recipe, text = load(options.recipe, options.set)
    stations = follow(Run(recipe, options.recipe.parent, options.home, Events(), text), options.row)
    lines = [f"{one['station']:<10} {json.dumps(one['value'], ensure_ascii=False)}" for one in stations]
    return Answer(stations, "\n".join(lines))
