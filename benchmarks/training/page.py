"""The page docs/benchmarks.md: the prose of page.md with the tables of the runs that are there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

from . import ablation, few, speed, spread
from .runs import DISTURBED

TEMPLATE = Path(__file__).with_name("page.md")
MODULES: tuple[ModuleType, ...] = (speed, ablation, spread, few)
PLACE = re.compile(r"\{\{(\w+)\}\}")
PATHS = re.compile(r"(?<![\w.])(?:/[\w.+-]+){2,}")  # of the machine that was measured on, of no use to a reader


def write(kept: Path, to: Path) -> None:
    """Write the page from the runs kept in a folder."""
    values: dict[str, str] = {}
    for module in MODULES:
        values |= part(module, kept / f"{module.NAME}.json")
    text = PLACE.sub(lambda found: values.get(found[1], missing(found[1])), TEMPLATE.read_text("utf-8"))
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(PATHS.sub("...", text), "utf-8")


def part(module: ModuleType, path: Path) -> dict[str, str]:
    """Return what one part gives to the page: its tables, its settings, its machine, and how undisturbed it was."""
    if not path.exists():
        return {}
    content = json.loads(path.read_text("utf-8"))
    name = module.NAME
    return module.sections(content) | {
        f"{name}_machine": _machine(content["machine"]),
        f"{name}_commands": "\n".join(f"    python benchmarks/train.py {one}" for one in content["commands"]),
        f"{name}_settings": _settings(content["settings"]),
        f"{name}_disturbed": _disturbed(content["runs"]),
    }


def missing(name: str) -> str:
    return f"*(`{name}`: not measured yet)*"


def _machine(machine: dict[str, Any]) -> str:
    libraries = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())
    memory = f", {machine['memory_gigabytes']} GB of memory" if machine["memory_gigabytes"] else ""
    flags = " ".join(machine["flags"]) or "none of those that matter here"
    processor = f"{machine['processor']} (family and model {machine['family']})"
    return (
        f"{processor}, {machine['cores']} cores{memory}, flags: {flags}; "
        f"{machine['system']}, Python {machine['python']}, {libraries}; commit {machine['commit']}"
    )


def _settings(settings: dict[str, Any]) -> str:
    named = {name: value for name, value in settings.items() if name != "shape"}
    return ", ".join(f"{name.replace('_', ' ')} {_shown(value)}" for name, value in named.items())


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_shown(one)}" for name, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _disturbed(runs: list[dict[str, Any]]) -> str:
    """Return how many runs others disturbed, and which have no result, so that none is left out in silence."""
    others = [run["others"] for run in runs if "others" in run]
    busy = sum(one > DISTURBED for one in others)
    most = f"; at most it was {max(others):.2f}" if others else ""
    told = f"{busy} of {len(others)} runs had others keep more than {DISTURBED} cores busy{most}"
    lost = [f"{', '.join(map(str, run['what'].values()))} ({run['reason']})" for run in runs if "reason" in run]
    return told + (f". Without a result: {'; '.join(lost)}" if lost else "")
