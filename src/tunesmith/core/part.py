"""`Part`: the one base of every replaceable piece. The folder is the registry (the one piece of magic).

`strategy: {kind: lora, rank: 8}` in a recipe means `parts/strategies/lora.py`. A part is its own schema:
its fields are what a recipe may say, its methods are what it does. To add one, add one file.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import os
import pkgutil
import sys
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, SerializeAsAny, model_serializer, model_validator
from pydantic_core import PydanticCustomError

PARTS_VARIABLE = "TUNESMITH_PARTS"  # folders of one's own parts: FOLDER/losses/tilted.py makes `loss: tilted`


class Section(BaseModel):
    """A frozen group of settings that refuses unknown keys; the docstring under a field is its documentation."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)


class Part(Section):
    """A section with behaviour, chosen by `kind`. A family's base sets `family`, the dotted name of its folder."""

    family: ClassVar[str] = ""

    @property
    def kind(self) -> str:
        """The name a recipe chooses this part by: the name of its file."""
        return kind_of(type(self))

    @classmethod
    def samples(cls) -> list[Self]:
        """Return instances for the contract kit; override where the defaults alone do not make one."""
        return [cls()]

    @classmethod
    def shorthand(cls, value: dict[str, Any]) -> dict[str, Any] | None:
        """Complete a value whose `kind` is absent or unknown (a path, say); a family's base may override this."""
        return None

    @model_validator(mode="wrap")
    @classmethod
    def _resolve(cls, value: Any, build: Any) -> Any:
        """Where a field is typed by a family, `name` or `{kind: name, ...}` becomes that part."""
        if "family" not in cls.__dict__ or not cls.family or isinstance(value, Part):
            return build(value)
        return resolve(cls.family, value)

    @model_serializer(mode="wrap")
    def _dump(self, dump: Any) -> dict[str, Any]:
        return ({"kind": self.kind} if self.family else {}) | dump(self)


def kind_of(part: type[Part]) -> str:
    """Return the name of the file that holds a part's class."""
    return part.__module__.rpartition(".")[2]


def chosen_from(family: str) -> Any:
    """Return the type of a field that takes any part of a family, for floors below that family."""
    return SerializeAsAny[Annotated[Part, BeforeValidator(lambda value: resolve(family, value))]]


def kinds(family: str) -> dict[str, str]:
    """Return name -> where of a family: the folder's files, one's own folders, installed plugins. Imports none."""
    package = importlib.import_module(f"tunesmith.{family}")
    short = family.rpartition(".")[2]
    found = dict(_plugins(f"tunesmith.{short}", tuple(sys.path)))
    for folder in filter(None, os.environ.get(PARTS_VARIABLE, "").split(os.pathsep)):
        found |= {path.stem: str(path) for path in sorted(Path(folder, short).glob("[!_]*.py"))}
    own = (module.name for module in pkgutil.iter_modules(package.__path__) if not module.name.startswith("_"))
    return dict(sorted((found | {name: f"{package.__name__}.{name}" for name in own}).items()))


@cache
def _plugins(group: str, path: tuple[str, ...]) -> dict[str, str]:
    """Return name -> where of installed plugins; every installed package is read for it, so once for a path."""
    return {entry.name: entry.value for entry in entry_points(group=group)}


def find(family: str, kind: str) -> type[Part]:
    """Return the class of a kind; raises a pydantic error that names the near and the known kinds."""
    known = kinds(family)
    if kind not in known:
        near = difflib.get_close_matches(kind, known, 1)
        hint = f", did you mean '{near[0]}'?" if near else ""
        context = {"kind": kind, "hint": hint, "known": ", ".join(known)}
        raise PydanticCustomError("kind_unknown", "unknown kind '{kind}'{hint} (known: {known})", context)
    where = known[kind]
    module = (
        _load_file(where, family, kind) if where.endswith(".py") else importlib.import_module(where.partition(":")[0])
    )
    classes = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, Part)]
    own = [value for value in classes if value.__module__ == module.__name__ and value.family == family]
    if len(own) != 1:
        raise PydanticCustomError("kind_broken", "{where} must hold exactly one part", {"where": where})
    return own[0]


def resolve(family: str, value: Any) -> Part:
    """Turn `name`, `{kind: name, ...}` or a part into the part; raises a pydantic error otherwise."""
    if isinstance(value, Part):
        return value
    if isinstance(value, str):
        value = {"kind": value}
    if isinstance(value, dict) and value.get("kind") not in kinds(family):
        value = _family_base(family).shorthand(value) or value
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        context = {"known": ", ".join(kinds(family))}
        raise PydanticCustomError("kind_missing", "needs a name or `kind:` (known: {known})", context)
    return find(family, value["kind"]).model_validate({key: item for key, item in value.items() if key != "kind"})


def _family_base(family: str) -> type[Part]:
    package = importlib.import_module(f"tunesmith.{family}")
    classes = [value for value in vars(package).values() if isinstance(value, type) and issubclass(value, Part)]
    return next(value for value in classes if value.__dict__.get("family") == family)


def _load_file(path: str, family: str, kind: str) -> Any:
    name = f"tunesmith.{family}.{kind}"
    if name in sys.modules and getattr(sys.modules[name], "__file__", None) == path:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
