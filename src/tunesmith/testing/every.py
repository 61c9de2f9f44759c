"""What every part promises: one class per file, documented, frozen, and the same after a round trip through JSON."""

from __future__ import annotations

import inspect
import sys
from typing import Any

from pydantic import ValidationError

from ..core.ids import canonical
from ..core.part import Part, find, kind_of, resolve
from .promise import promise

UNKNOWN = "a_key_that_no_part_has"


def check(part: type[Part]) -> None:
    """Hold a part's class and its samples to what every part promises."""
    _class(part)
    _documented(part)
    samples = part.samples()
    promise(bool(samples), part, "samples() must give at least one instance")
    for sample in samples:
        promise(type(sample) is part, part, f"samples() must give instances of the class itself, not {sample!r}")
        _sample(sample)


def _class(part: type[Part]) -> None:
    kind = kind_of(part)
    name = "".join(word.capitalize() for word in kind.split("_"))
    promise(bool(part.family), part, "the base of its family must set `family`")
    promise(part.__name__ == name, part, f"the class in {kind}.py must be called {name}")
    missing = sorted(getattr(part, "__abstractmethods__", ())) or _abstract(part)
    promise(not missing, part, f"these methods are still to be written: {', '.join(missing)}")
    promise(find(part.family, kind) is part, part, f"kind '{kind}' must lead to this class and to no other")


def _abstract(part: type[Part]) -> list[str]:
    return sorted(name for name, value in inspect.getmembers(part) if getattr(value, "__isabstractmethod__", False))


def _documented(part: type[Part]) -> None:
    module = sys.modules[part.__module__]
    promise(bool((module.__doc__ or "").strip()), part, "the file must begin with a docstring: one sentence")
    promise(bool((part.__dict__.get("__doc__") or "").strip()), part, "the class must have a docstring of its own")
    for name, field in part.model_fields.items():
        promise(bool(field.description), part, f"field '{name}' needs a docstring under it: it is its documentation")
    for name, value in part.__dict__.items():
        if inspect.isroutine(value) and not name.startswith(("_", "model_")):
            promise(bool(inspect.getdoc(value)), part, f"method '{name}' needs a docstring")


def _sample(sample: Part) -> None:
    family, kind = sample.family, sample.kind
    values: dict[str, Any] = sample.model_dump(mode="json")
    promise(values.get("kind") == kind, sample, f"model_dump() must hold kind '{kind}', not {values.get('kind')!r}")
    promise(bool(canonical(values)), sample, "model_dump(mode='json') must be JSON values, without NaN or infinity")
    again = resolve(family, values)
    promise(again == sample, sample, f"reading back model_dump() gives {again!r} instead of {sample!r}")
    promise(_is_refused(family, values | {UNKNOWN: 1}), sample, "a key that is no field must be refused")
    promise(_is_frozen(sample), sample, "a part must be frozen: its fields cannot be set")


def _is_refused(family: str, values: dict[str, Any]) -> bool:
    try:
        resolve(family, values)
    except ValidationError as error:
        return any(one["type"] == "extra_forbidden" for one in error.errors())
    return False


def _is_frozen(sample: Part) -> bool:
    for name in type(sample).model_fields:
        try:
            setattr(sample, name, getattr(sample, name))
        except ValidationError:
            continue
        return False
    return bool(sample.model_config.get("frozen"))
