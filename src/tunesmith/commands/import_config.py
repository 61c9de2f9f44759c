"""`tunesmith import`: a configuration of LLaMA-Factory, Axolotl or TRL as a recipe."""

from __future__ import annotations

import re
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import yaml

from ..core.errors import RecipeError
from ..importing import Draft, axolotl, llamafactory, trl
from . import Answer

TOOLS = {"llama-factory": llamafactory, "axolotl": axolotl, "trl": trl}


class _Loader(yaml.SafeLoader):
    """YAML as these tools mean it: `1e-4` is a number too."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?\d+(?:\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)


def run(options: Namespace) -> Answer:
    """Print the recipe, or write it to a file that is not there yet; what was not carried over is told on stderr."""
    values = _values(options.file)
    tool = options.tool or tell_apart(values, str(options.file))
    try:
        draft: Draft = TOOLS[tool].read(values, options.file.parent)
    except RecipeError as error:
        raise RecipeError(f"{options.file}: {error}") from None
    except ValueError as error:
        raise RecipeError(f"{options.file}: {error}; correct it") from None
    text = draft.text(f"{options.file.name}, a configuration of {tool}")
    for line in [*(f"note: {note}" for note in draft.notes), *(one.line() for one in draft.left)]:
        sys.stderr.write(f"{line}\n")
    left = [one.as_json() for one in draft.left]
    value = {"from": tool, "recipe": draft.recipe, "carried": draft.carried, "left": left, "notes": draft.notes}
    value |= {"assumed": draft.assumed, "path": None if options.output is None else str(options.output)}
    if options.output is None:
        return Answer(value, text.rstrip("\n"))
    try:
        with options.output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise RecipeError(f"{options.output}: exists already; give another name with -o") from None
    told = f"{len(draft.carried)} keys carried over, {len(draft.left)} not (listed at the recipe's end)"
    return Answer(value, f"{told}\nwritten   {options.output}\nnext      tunesmith show {options.output}")


def tell_apart(values: dict[str, Any], file: str) -> str:
    """Return the tool that a configuration is of, by its keys. Raises RecipeError where they tell none, or several."""
    counts = {name: sum(key in values for key in tool.MARKS) for name, tool in TOOLS.items()}
    best = max(counts.values())
    found = [name for name, count in counts.items() if count == best]
    if not best or len(found) > 1:
        raise RecipeError(f"{file}: its keys do not tell which tool it is of; say --from {', --from '.join(TOOLS)}")
    return found[0]


def _values(path: Path) -> dict[str, Any]:
    """Return the keys of a file. Raises RecipeError where it is no YAML mapping, or names a key twice."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        node, values = yaml.compose(text, Loader=_Loader), yaml.load(text, Loader=_Loader)
    except UnicodeDecodeError:
        raise RecipeError(f"{path}: this is no text in UTF-8; give the YAML file of a training") from None
    except RecursionError:
        raise RecipeError(f"{path}: a value is nested too deeply; write it out plainly") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise RecipeError(f"{path}:{line}: this is no YAML: {getattr(error, 'problem', error)}; correct it") from None
    if not isinstance(values, dict) or not isinstance(node, yaml.MappingNode):
        raise RecipeError(f"{path}: this is no list of `key: value` lines; give the YAML file of a training")
    seen: set[str] = set()
    for key, _ in node.value:
        if key.value in seen:
            raise RecipeError(f"{path}:{key.start_mark.line + 1}: {key.value}: the key is given twice; keep one")
        seen.add(key.value)
    return {str(name): value for name, value in values.items()}
