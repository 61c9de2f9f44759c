"""Configurations of other tools as recipes: every key is carried over, or listed with why it is not."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from pydantic import ValidationError

from ..core.errors import RecipeError, first_line
from ..recipe import Recipe

Values = dict[str, Any]
Fault = tuple[tuple[str, ...], str]
UNKNOWN = "nothing here is known by that name"
NEEDED = ("data", "target", "task", "base")
EMPTY = "it is empty, and so says nothing"


@dataclass(frozen=True, slots=True)
class Left:
    """A key that the recipe does not hold, and why."""

    key: str
    value: Any
    why: str

    def as_json(self) -> Values:
        """Return it as JSON values; what JSON has no form for, such as a date, as text."""
        try:
            json.dumps(self.value, allow_nan=False)
        except (TypeError, ValueError):
            return {"key": self.key, "value": str(self.value), "why": self.why}
        return {"key": self.key, "value": self.value, "why": self.why}

    def line(self) -> str:
        """Return it as one line."""
        return f"not carried over: {self.key}: {_inline(self.value)}: {self.why}"


@dataclass(slots=True)
class Draft:
    """A configuration on its way to a recipe. Each key is taken out of `open` when it is dealt with."""

    open: Values
    recipe: Values = field(default_factory=dict)
    carried: dict[str, str] = field(default_factory=dict)
    """Key -> where its value stands in the recipe."""
    left: list[Left] = field(default_factory=list)
    assumed: dict[str, Any] = field(default_factory=dict)
    """Where in the recipe -> what the tool does where nothing is said, and Tunesmith would do otherwise."""
    notes: list[str] = field(default_factory=list)
    _placed: Values = field(default_factory=dict)
    """Path -> value, in the order they were put."""
    _given: Values = field(default_factory=dict)
    """Key -> value of what was carried over."""

    def carry(self, key: str, path: str, convert: Callable[[Any], Any] = lambda value: value) -> bool:
        """Put a key's value at a dotted path, as `convert` gives it; a ValueError of it says why it is left.

        Return whether it was put. What the recipe refuses is left in the end.
        """
        if not self.has(key):
            return False
        value = self._given[key] = self.open.pop(key)
        try:
            self.put(path, convert(value))
        except ValueError as error:
            self.left.append(Left(key, value, first_line(error)))
            return False
        self.carried[key] = path
        return True

    def has(self, key: str) -> bool:
        """Return whether a key is still open and says something; an empty one is listed."""
        if key in self.open and self.open[key] is None:
            self.leave(key, EMPTY)
        return key in self.open

    def leave(self, key: str, why: str) -> None:
        """List a key, if it is there."""
        if key in self.open:
            self.left.append(Left(key, self.open.pop(key), why))

    def agree(self, key: str, is_so: bool, path: str, why: str) -> None:
        """Carry a key that says what the recipe does anyway by `path`, or list it where it says otherwise."""
        if self.has(key) and is_so:
            self.carried[key] = path
            self._given[key] = self.open.pop(key)
        self.leave(key, why)

    def assume(self, path: str, value: Any) -> None:
        """Put what the tool does where nothing was said."""
        if _at(self.recipe, path) is None:
            self.put(path, value)
            self.assumed[path] = value

    def put(self, path: str, value: Any) -> None:
        """Put a value at a dotted path."""
        *folders, last = path.split(".")
        at = self.recipe
        for name in folders:
            at = at.setdefault(name, {})
        at[last] = value
        self._placed.pop(path, None)
        self._placed[path] = copy.deepcopy(value)

    def finish(self, reasons: Mapping[str, str]) -> None:
        """List every key that is still open, with a known reason or none."""
        for key in list(self.open):
            known = next((why for name, why in reasons.items() if key == name or key.startswith(f"{name}_")), UNKNOWN)
            self.leave(key, EMPTY if self.open[key] is None else known)
        while faults := _faults(self.recipe):
            self._drop(faults)

    def _drop(self, faults: list[Fault]) -> None:
        """Leave what a recipe refuses, by where its faults are. Raises RecipeError where it cannot do without."""
        found = [(path, fact) for at, fact in faults for path in self._causes(at)]
        if not found:
            raise RecipeError("; ".join(f"{'.'.join(at)}: {fact}" for at, fact in faults) + "; correct it")
        for path, fact in found:
            self._placed.pop(path, None)
            self.assumed.pop(path, None)
            for key in [key for key, where in self.carried.items() if where == path]:
                del self.carried[key]
                self.left.append(Left(key, self._given[key], f"{path}: {fact}"))
        placed, self.recipe, self._placed = self._placed, {}, {}
        for path, value in placed.items():
            self.put(path, value)

    def _causes(self, at: tuple[str, ...]) -> list[str]:
        """Return the paths that were put and may cause a fault: the one nearest to its place, else those below it."""
        above = [path for path in self._placed if _is_within(path.split("."), at) and path not in NEEDED]
        below = [path for path in self._placed if _is_within(list(at), tuple(path.split("."))) and path not in NEEDED]
        return sorted(above, key=len)[-1:] or below

    def text(self, made_from: str) -> str:
        """Return the recipe as YAML, and below it what became of each key."""
        body = yaml.safe_dump(self.recipe, sort_keys=False, allow_unicode=True, width=110)
        lines = [f"# Made by tunesmith import from {made_from}.", body.rstrip()]
        lines += [f"# note: {note}" for note in self.notes]
        lines += [f"# carried over: {key}: {path}" for key, path in self.carried.items()]
        lines += [f"# as the tool does: {path}: {_inline(value)}" for path, value in self.assumed.items()]
        lines += [f"# {one.line()}" for one in self.left]
        return "\n".join([*lines, ""])


def number(value: Any) -> float:
    """Return a number, which may be written as text. Raises ValueError where it is none."""
    try:
        if isinstance(value, bool):
            raise ValueError
        return float(value)
    except (TypeError, ValueError):
        raise ValueError("it is no number") from None


def whole(value: Any) -> int:
    """Return a whole number. Raises ValueError where it is none."""
    found = number(value)
    if not found.is_integer():
        raise ValueError("it is no whole number")
    return int(found)


def yes(value: Any) -> bool:
    """Return whether a switch is on, also one that is written as text. Raises ValueError where it is no switch."""
    words = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    found = words.get(str(value).strip().lower())
    if found is None:
        raise ValueError("it is neither true nor false")
    return found


def is_on(value: Any) -> bool:
    """Return whether a value switches something on."""
    try:
        return yes(value)
    except ValueError:
        return False


def refuse(key: str, value: Any, what: str) -> None:
    """Refuse a configuration of another kind of training. Raises RecipeError."""
    raise RecipeError(f"{key}: {_inline(value)}: {what}; Tunesmith fine-tunes on right answers (sft) only")


def _faults(recipe: Values) -> list[Fault]:
    """Return where a recipe is refused, and why; nothing where it is not."""
    try:
        Recipe.model_validate(recipe)
    except ValidationError as error:
        told = [(one["loc"], one["msg"].removeprefix("Value error, ").partition("\n")[0]) for one in error.errors()]
        return [(tuple(map(str, at)), fact) for at, fact in told]
    return []


def _is_within(names: list[str], at: tuple[str, ...]) -> bool:
    """Return whether names stand in a fault's place in this order, which also names the forms that were tried."""
    left = iter(at)
    return all(name in left for name in names)


def _at(values: Any, path: str) -> Any:
    for name in path.split("."):
        values = values.get(name) if isinstance(values, dict) else None
    return values


def _inline(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
