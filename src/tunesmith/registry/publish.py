"""Publish: from files and a manifest to a version that is either wholly there or not at all.

The order is the whole point. Every byte is flushed in `tmp`, then every object gets its name, then the event waits
in `tmp`, complete; the exclusive creation of the label is the one moment at which the version, and with it the
waiting event, comes to be. A crash before it leaves at most objects nobody refers to; after it, the next writer
moves the event.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..core.disk import make_folder
from ..core.errors import RegistryError
from ..core.ids import canonical
from .disk import Staged, create_exclusively, listing, stage, writing
from .events import PENDING, append, compose, heads, load, now, settle, settle_published, wait
from .labels import label_path, numbers
from .names import check_files, check_name, plain
from .objects import object_path, place, stage_object
from .versions import FORMAT, StoredVersion

RESERVED = frozenset({"format", "name", "created", "files"})
LEFTOVER_SECONDS = 24 * 60 * 60


def publish(home: Path, name: str, files: Mapping[str, bytes | Path], manifest: Mapping[str, Any]) -> StoredVersion:
    """Store files and manifest under the next free number and return the version.

    Raises RegistryInputError for a bad name or manifest, RegistryError where the disk refuses; no version then.
    """
    check_name(name, listing(home / "versions"))
    check_files(name, files)
    fields = plain(f"manifest of '{name}'", manifest, RESERVED)
    with writing(home):
        prepare(home)
        staged: list[Staged] = []
        try:
            entries = _stage_files(home, files, staged)
            fields |= {"format": FORMAT, "name": name, "created": now(), "files": entries}
            staged.append(stage_object(home, canonical(fields)))
            for one in staged:
                place(home, one)
        finally:
            _discard(staged)
        identity = staged[-1].digest
        _insist(home, staged)
        return StoredVersion(name, _label(home, name, identity), identity, fields, home)


def record(home: Path, kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Append an event to the history and return it. Raises RegistryError where the disk refuses."""
    with writing(home):
        prepare(home)
        return append(home, kind, fields)


def prepare(home: Path) -> None:
    """Create the home's folders, finish what killed publishers began, and remove their old leftovers."""
    for folder in ("tmp", "objects", "versions", "events"):
        make_folder(home / folder)
    oldest = time.time() - LEFTOVER_SECONDS
    for path in sorted((home / "tmp").iterdir()):
        with suppress(OSError):  # another's leftover must not stop this publisher
            finished = path.suffix == PENDING and settle_published(home, path)
            if not finished and path.is_file() and path.stat().st_mtime < oldest:
                path.unlink()


def _stage_files(home: Path, files: Mapping[str, bytes | Path], staged: list[Staged]) -> dict[str, dict[str, Any]]:
    entries = {}
    for filename, source in files.items():
        one = stage_object(home, source)
        staged.append(one)
        entries[filename] = {"sha256": one.digest, "bytes": one.size}
    return entries


def _discard(staged: list[Staged]) -> None:
    for one in staged:
        if one.path is not None:
            with suppress(OSError):
                one.path.unlink(missing_ok=True)


def _insist(home: Path, staged: list[Staged]) -> None:
    for one in staged:
        path = object_path(home, one.digest)
        if not path.exists():
            raise RegistryError(f"{path}: the object was removed while a version was published; publish it again")


def _label(home: Path, name: str, identity: str) -> int:
    folder = home / "versions" / name
    make_folder(folder)
    # A number that an event gave away stays spent, even where somebody deleted its label.
    spent = max((number for known, number in load(home).claims() if known == name), default=0)
    parents = heads(home)
    source = stage(home, identity.encode())
    assert source.path is not None
    try:
        while True:
            number = max([spent, *numbers(home, name)]) + 1
            event = compose("publish", {"name": name, "number": number, "manifest": identity}, parents)
            pending = wait(home, event)
            if _created(source.path, label_path(home, name, number), pending):
                break
            spent = number
    finally:
        _discard([source])
    # From here on the version exists and its event counts from where it waits: failing now would be untrue.
    with suppress(OSError):
        settle(home, pending)
    return number


def _created(source: Path, label: Path, pending: Path) -> bool:
    created = False
    try:
        created = create_exclusively(source, label)
    finally:
        if not created:
            with suppress(OSError):
                pending.unlink(missing_ok=True)
    return created
