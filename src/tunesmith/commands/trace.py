"""`tunesmith trace`: one row at each station."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from ..core.events import Events
from ..recipe import load
from ..story import Run
from ..trace import follow
from . import Answer


def run(options: Namespace) -> Answer:
    """Follow one row along the line."""
    recipe, text = load(options.recipe, options.set)
    stations = follow(Run(recipe, options.recipe.parent, options.home, Events(), text), options.row)
    return Answer(stations, "\n".join(line for one in stations for line in told(one["station"], one["value"])))


def told(station: str, value: Any) -> list[str]:
    """Return a station's lines: one for each key of its value, or one for all."""
    pairs = value if isinstance(value, dict) else {"": value}
    width = max(map(len, pairs), default=0)
    texts = [f"{key:<{width}}  {json.dumps(one, ensure_ascii=False)}".lstrip() for key, one in pairs.items()]
    return [f"{station if at == 0 else '':<10} {text}" for at, text in enumerate(texts)]
