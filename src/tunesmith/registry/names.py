"""What may be a name: of versions, of the files in a version, of the fields of a manifest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from ..core.errors import RegistryInputError
from ..core.ids import canonical

NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
NAME_RULE = "use 1 to 64 letters, digits, '.', '_' or '-', not starting with '.', for instance 'reviews'"


def is_name(text: object) -> bool:
    """Return whether a text can name versions."""
    return isinstance(text, str) and NAME.fullmatch(text) is not None


def check_name(name: str, known: Iterable[str]) -> None:
    """Raise RegistryInputError where a name cannot name versions, or differs from a known one by case alone."""
    if not is_name(name):
        raise RegistryInputError(f"{name!r} cannot be a version's name; {NAME_RULE}")
    for other in known:
        if other != name and other.lower() == name.lower():
            fact = f"'{name}' and the existing '{other}' are one folder on a disk that ignores case"
            raise RegistryInputError(f"{fact}; use '{other}', or a name that differs in more")


def check_files(name: str, files: Mapping[str, bytes | Path]) -> None:
    """Raise RegistryInputError where a file name could lead out of a folder, or a file is neither bytes nor a path."""
    for filename, source in files.items():
        path = PurePosixPath(filename)
        if "\\" in filename or path.is_absolute() or ".." in path.parts or str(path) != filename or filename == ".":
            remedy = "use a plain relative path with '/', for instance 'model/weights.safetensors'"
            raise RegistryInputError(f"version '{name}', file {filename!r}: cannot be a file's name; {remedy}")
        if not isinstance(source, bytes | Path):
            fact = f"is a {type(source).__name__}; give bytes or a pathlib.Path"
            raise RegistryInputError(f"version '{name}', file '{filename}': {fact}")


def plain(where: str, fields: Mapping[str, Any], reserved: frozenset[str]) -> dict[str, Any]:
    """Return fields as they will read back from JSON. Raises RegistryInputError on reserved names and odd values."""
    taken = sorted(reserved & set(fields))
    if taken:
        names = ", ".join(f"'{one}'" for one in taken)
        raise RegistryInputError(f"{where}: the registry writes {names} itself; rename or leave out what you give")
    try:
        value: dict[str, Any] = json.loads(canonical(dict(fields)))
    except (TypeError, ValueError) as error:
        raise RegistryInputError(f"{where}: has no JSON form ({error}); give plain values, null for NaN") from error
    return value
