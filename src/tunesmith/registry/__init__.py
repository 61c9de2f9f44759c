"""The registry: what happened, provably. Objects, versions and events in plain files, standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import events as history
from .disk import check_writable
from .labels import all_labels, labels, names
from .names import check_name
from .problems import Problem, Verification
from .publish import publish, record
from .resolve import numbered, resolve
from .verify import verify
from .versions import StoredVersion, load_version

__all__ = ["Problem", "Registry", "StoredVersion", "Verification"]


class Registry:
    """The versions under one home folder. Creating one touches nothing on disk; an absent home reads as empty."""

    def __init__(self, home: Path) -> None:
        self.home = Path(home)

    def publish(self, name: str, files: Mapping[str, bytes | Path], manifest: Mapping[str, Any]) -> StoredVersion:
        """Register files and a manifest as the next version of a name; any number of processes may at once.

        Raises RegistryInputError for a bad name, file name or manifest, and RegistryError where the disk refuses
        (full, read-only); then nothing is registered.
        """
        return publish(self.home, name, files, manifest)

    def expect(self, name: str) -> None:
        """Raise what `publish` under this name would plainly raise, before hours are spent; touches nothing.

        That is RegistryInputError for a bad name, RegistryError where the home is no folder or closed to writing.
        """
        check_writable(self.home)
        check_name(name, self.names())

    def resolve(self, reference: str) -> StoredVersion:
        """Return the version behind `NAME@N`, `NAME@ALIAS`, `NAME` (its newest) or 8 or more digits of its digest.

        Raises NotFoundError naming what there is, VerificationError where label or manifest were altered.
        """
        return resolve(self.home, reference)

    def names(self) -> list[str]:
        """Return the names that have versions, sorted."""
        return names(self.home)

    def versions(self, name: str | None = None) -> list[StoredVersion]:
        """Return a name's versions, newest last; without a name all, in the order they were created.

        Raises VerificationError where a label or a manifest is damaged.
        """
        if name is not None:
            return [load_version(self.home, label) for label in labels(self.home, name)]
        found = [load_version(self.home, label) for label in all_labels(self.home)]
        return sorted(found, key=lambda version: (version.manifest["created"], version.name, version.number))

    def aliases(self, name: str) -> dict[str, int]:
        """Return alias -> version number of a name. Raises VerificationError where the history is damaged."""
        known = labels(self.home, name)
        given = history.aliases(history.load(self.home).proven(), name)
        found = {alias: numbered(known, manifest) for alias, manifest in sorted(given.items())}
        return {alias: label.number for alias, label in found.items() if label is not None}

    def events(self, name: str | None = None) -> list[dict[str, Any]]:
        """Return the history (of a name), causes before effects and by time within that; each with its `digest`.

        Raises VerificationError where an event was altered or is missing.
        """
        found = history.load(self.home).proven()
        return found if name is None else [event for event in found if event.get("name") == name]

    def append(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Add an event, durably, after the present heads of the history, and return it with its `digest`."""
        return record(self.home, kind, fields)

    def verify(self, label: str | None = None) -> Verification:
        """Check every object, manifest, label and event; with a label, that version and the history.

        It goes on after the first problem and names every one. Raises NotFoundError where the label means nothing.
        """
        return verify(self.home, label)
