"""`tunesmith versions`: the list."""

from __future__ import annotations

from argparse import Namespace

from ..registry import Registry
from ..terminal import figure, table
from . import Answer


def run(options: Namespace) -> Answer:
    """List versions with their figures."""
    registry = Registry(options.home)
    stored = registry.versions(options.name)
    aliases = {name: registry.aliases(name) for name in {one.name for one in stored}}
    value = [
        {
            "version": one.label,
            "digest": one.digest,
            "created": one.manifest["created"],
            "task": one.manifest["task"],
            "base": one.manifest["base"],
            "primary": one.manifest["primary"],
            "metrics": one.manifest["metrics"],
            "aliases": sorted(alias for alias, number in aliases[one.name].items() if number == one.number),
            "verdict": one.manifest["verdict"]["decision"],
        }
        for one in stored
    ]
    if not value:
        return Answer(value, f"no versions in {options.home}; `tunesmith train RECIPE` makes one")
    columns = ["version", "created", "task", "base", "figure", "verdict", "aliases"]
    lines = [
        [
            one["version"],
            one["created"][:16].replace("T", " "),
            one["task"],
            one["base"],
            f"{one['primary']} {figure(one['metrics'][one['primary']])}",
            one["verdict"],
            ", ".join(one["aliases"]),
        ]
        for one in value
    ]
    return Answer(value, table(columns, lines))
