"""A recipe as it was written: values, the line of every key, and mistakes told as `file:line: where: what`."""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .core.errors import RecipeError
from .core.part import Part, find, kinds

Location = tuple[str, ...]

# What `base: minilm`, `data: rows.csv` and `decide: auto` say; other fields are not from there.
SHORTHAND = (("kind",), ("path",), ("threshold",))


class _Loader(yaml.SafeLoader):
    """YAML 1.1 as people mean it: `1e-3` is a number, and yes, no, on, off are words."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in resolvers if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:float")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|false|False)$"), list("tTfF"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:(?:\d+\.\d*|\.\d+)(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)$"),
    list("-+0123456789."),
)


@dataclass(frozen=True, slots=True)
class RecipeText:
    """The values of a recipe file, where each key stands, and which were set on the command line."""

    file: str
    values: dict[str, Any]
    lines: dict[Location, int] = field(default_factory=dict)
    flags: frozenset[Location] = frozenset()

    def origin(self, path: str) -> str | None:
        """Return `file:line` or `--set` for a dotted path, None where the text does not speak of it."""
        location = tuple(path.split("."))
        for length in range(len(location), 0, -1):
            at, rest = location[:length], location[length:]
            if rest and (rest not in SHORTHAND or isinstance(_look_up(self.values, at), dict | list)):
                continue
            if at in self.flags:
                return "--set"
            if at in self.lines:
                return f"{self.file}:{self.lines[at]}"
        return None

    def explain(self, error: ValidationError, root: type[BaseModel]) -> str:
        """Return one line per mistake, in the order of the file.

        Where a value may take several forms, each form that did not fit is an error of its own: they become one line,
        and a form is passed over where another went deeper.
        """
        found: dict[Location, list[ErrorDetails]] = {}
        for one in error.errors():
            found.setdefault(_written(one["loc"]), []).append(one)
        deepest = [at for at in found if not any(at == other[: len(at)] for other in found if other != at)]
        told = [(self._line(at), ".".join(at), self._tell(at, found[at], root)) for at in deepest]
        return "\n".join(text for *_, text in sorted(told))

    def _line(self, location: Location) -> int:
        return next((self.lines[location[:n]] for n in range(len(location), 0, -1) if location[:n] in self.lines), 1)

    def _tell(self, location: Location, errors: list[ErrorDetails], root: type[BaseModel]) -> str:
        length = len(location)
        is_flag = any(location[: len(flag)] == flag or location == flag[:length] for flag in self.flags if location)
        place = "--set" if is_flag else f"{self.file}:{self._line(location)}"
        message = ", or: ".join(dict.fromkeys(one["msg"].removeprefix("Value error, ") for one in errors))
        kind = errors[0]["type"]
        if kind == "extra_forbidden":
            near = difflib.get_close_matches(location[-1], self._fields(location[:-1], root), 1)
            message = "unknown key" + (f", did you mean '{near[0]}'?" if near else "")
        elif kind == "missing":
            message = "is required"
        elif not kind.startswith("kind"):
            got = repr(errors[0]["input"])
            message += f" (got {got if len(got) <= 60 else got[:57] + '...'})"
        return f"{place}: {'.'.join(location) or 'recipe'}: {message}"

    def _fields(self, location: Location, root: type[BaseModel]) -> list[str]:
        """Return the known keys at a place: those of the chosen kind where the text names one."""
        at: Any = root
        for depth, key in enumerate(location, start=1):
            info = getattr(at, "model_fields", {}).get(key)
            if info is None:
                return []
            at = next(_sections(info.annotation), None)
            if isinstance(at, type) and issubclass(at, Part) and at.family:
                at = self._chosen(at, location[:depth])
        return (
            ["kind", *at.model_fields]
            if at is not None and issubclass(at, Part)
            else list(getattr(at, "model_fields", ()))
        )

    def _chosen(self, family: type[Part], location: Location) -> type[Part]:
        written, known = _look_up(self.values, location), kinds(family.family)
        if isinstance(written, dict) and written.get("kind") not in known:
            written = family.shorthand(written) or written
        kind = written.get("kind") if isinstance(written, dict) else written
        return find(family.family, kind) if isinstance(kind, str) and kind in known else family


def _written(location: tuple[int | str, ...]) -> Location:
    """Return where an error is in the words of the file: without the names of the forms that were tried."""
    forms = ("function-", "constrained", "literal[", "dict[", "list[", "tuple[", "[key]")
    names = (str(one) for one in location)
    return tuple(one for one in names if not one.startswith(forms) and one not in ("str", "int", "float", "none"))


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the sections that a field may hold, also within `Annotated[...]` and `... | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for one in typing.get_args(annotation):
        yield from _sections(one)


def read_text(path: Path, overrides: list[str]) -> RecipeText:
    """Read a recipe file. Raises RecipeError where it is missing, no YAML, no mapping, or names a key twice."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        near = difflib.get_close_matches(path.name, [one.name for one in path.parent.glob("*.y*ml")], 1)
        hint = (
            f", did you mean '{path.parent / near[0]}'?"
            if near
            else "; `tunesmith init DATA -o recipe.yaml` writes one"
        )
        raise RecipeError(f"{path}: there is no such file{hint}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read: {error}; a recipe is a text file in UTF-8") from None
    try:
        node = yaml.compose(text, Loader=_Loader)
        values = yaml.load(text, Loader=_Loader)
        lines = _lines(node, str(path))
    except RecursionError:
        raise RecipeError(f"{path}:1: a value holds itself, or is nested too deeply; write it out plainly") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise RecipeError(f"{path}:{line}: this is no YAML: {getattr(error, 'problem', error)}") from None
    if not isinstance(values, dict):
        raise RecipeError(f"{path}:1: a recipe is a list of `key: value` lines; two are enough: data and target")
    flags = {_override(values, one) for one in overrides}
    return RecipeText(str(path), values, lines, frozenset(flags))


def _override(values: dict[str, Any], text: str) -> Location:
    key, equals, value = text.partition("=")
    location = tuple(key.strip().split("."))
    if not equals or not all(location):
        raise RecipeError(f"--set {text}: write it as key.path=value, for instance train.epochs=5")
    at = values
    for name in location[:-1]:
        below = at.get(name)
        at[name] = below if isinstance(below, dict) else ({} if below is None else {"kind": below})
        at = at[name]
    try:
        at[location[-1]] = yaml.load(value, Loader=_Loader)
    except yaml.YAMLError:
        raise RecipeError(f"--set {text}: '{value}' is no YAML value; put it in quotes") from None
    return location


def _look_up(values: Any, location: Location) -> Any:
    for key in location:
        if not isinstance(values, dict) or key not in values:
            return None
        values = values[key]
    return values


def _lines(node: yaml.Node | None, file: str, prefix: Location = ()) -> dict[Location, int]:
    found: dict[Location, int] = {}
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            at = (*prefix, str(key.value))
            if at in found:
                raise RecipeError(f"{file}:{key.start_mark.line + 1}: {'.'.join(at)}: the key is given twice; keep one")
            found[at] = key.start_mark.line + 1
            found |= _lines(value, file, at)
    return found
