"""Objects: bytes named by their sha256, stored once, read-only, and checked whenever they are read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..core.disk import sync_folder
from ..core.errors import VerificationError
from ..core.ids import digest, file_digest
from .disk import Staged, listing, move, stage, unreadable
from .problems import Problem

DIGEST = re.compile(r"[0-9a-f]{64}")
RESTORE = "restore it from a copy of this home, or publish the same bytes again; `tunesmith verify` lists all damage"


@dataclass(frozen=True, slots=True)
class Expected:
    """What an object must be: its digest and length in bytes, and, for a message, whose it is."""

    digest: str
    role: str = "an object"
    size: int | None = None
    noun: str = "object"


def object_path(home: Path, name: str) -> Path:
    """Return where the object of that digest lives."""
    return home / "objects" / name[:2] / name[2:]


def stored_objects(home: Path) -> Iterator[str]:
    """Yield the digest of every object file, in order."""
    for prefix in listing(home / "objects"):
        if len(prefix) == 2 and (home / "objects" / prefix).is_dir():
            names = (prefix + rest for rest in listing(home / "objects" / prefix))
            yield from (name for name in names if DIGEST.fullmatch(name))


def stage_object(home: Path, source: bytes | Path) -> Staged:
    """Bring bytes or a file into `tmp`, unless an intact object already holds the same.

    A damaged object of that digest does not count: publishing its bytes again mends it.
    """
    if isinstance(source, bytes):
        name, size = digest(source), len(source)
    else:
        try:
            name, size = file_digest(source), source.stat().st_size
        except OSError as error:
            raise unreadable(source, error) from error
    return Staged(None, name, size) if examine(home, Expected(name)) is None else stage(home, source)


def place(home: Path, staged: Staged) -> None:
    """Make a staged object durable under its digest. Raises OSError where that fails."""
    target = object_path(home, staged.digest)
    if staged.path is not None:
        move(staged.path, target)
    else:
        sync_folder(target.parent)  # another process may have renamed it there a moment ago, not yet durably


def examine(home: Path, expected: Expected) -> Problem | None:
    """Return what is wrong with an object, or None."""
    path, wanted = object_path(home, expected.digest), expected.digest
    try:
        found, length = file_digest(path), path.stat().st_size
    except FileNotFoundError:
        state, fact = "missing", f"is gone (expected sha256 {wanted}, found no file)"
    except OSError as error:
        state, fact = "unreadable", f"cannot be read ({error.strerror})"
    else:
        if found == wanted:
            return None
        hashes = f"(expected sha256 {wanted}, found {found})"
        if expected.size is not None and length < expected.size:
            state, fact = "truncated", f"is cut short: {length} of {expected.size} bytes {hashes}"
        else:
            state, fact = "altered", f"was altered {hashes}"
    return Problem(f"{state}_{expected.noun}", str(path), f"{expected.role} {fact}", RESTORE)


def read_object(home: Path, expected: Expected) -> bytes:
    """Return an object's bytes, checked. Raises VerificationError naming the file, both digests and the remedy."""
    try:
        data = object_path(home, expected.digest).read_bytes()
    except OSError:
        data = None
    if data is not None and digest(data) == expected.digest:
        return data
    problem = examine(home, expected)
    if problem is None:
        return read_object(home, expected)  # a publisher mended it between the two looks
    raise VerificationError(str(problem))
