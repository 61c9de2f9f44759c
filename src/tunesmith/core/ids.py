"""Identities: sha256 of bytes, files and JSON values, written in hexadecimal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ID_LENGTH = 16  # hexadecimal digits of a row id: 64 bits, a collision in ten million rows has odds of 3e-6


def digest(data: bytes | str) -> str:
    """Return the sha256 of bytes, or of a text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def file_digest(path: Path) -> str:
    """Return the sha256 of a file's bytes, read in blocks. Raises OSError where it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tree_digest(path: Path) -> str:
    """Return a digest of a file's bytes, or of a folder's files by name. Raises OSError where one cannot be read."""
    if path.is_file():
        return file_digest(path)
    files = sorted(one for one in path.rglob("*") if one.is_file())
    return value_digest({one.relative_to(path).as_posix(): file_digest(one) for one in files})


def canonical(value: Any) -> bytes:
    """Return the one JSON form of a value: sorted keys, no spaces, UTF-8. Raises ValueError on NaN or infinity."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def value_digest(value: Any) -> str:
    """Return the sha256 of a value's canonical JSON."""
    return digest(canonical(value))


def set_digest(ids: Iterable[str]) -> str:
    """Return a digest of a set of ids that does not depend on their order."""
    return digest("\n".join(sorted(ids)))


def unit_interval(text: str, salt: str = "") -> float:
    """Return a number in [0, 1) that depends on the text (and salt) alone: the same on every machine, for ever."""
    return int(digest(f"{salt}\x1f{text}")[:13], 16) / 16**13
