"""A version: a manifest, known by its digest, and the files it names, checked whenever they are read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.errors import NotFoundError, RegistryError, VerificationError
from .labels import Label, label_path
from .near import did_you_mean
from .objects import DIGEST, RESTORE, Expected, examine, object_path, read_object
from .problems import Problem

FORMAT = 1


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A registered version. `digest`, the sha256 of the manifest, is its identity; `name@number` only a label."""

    name: str
    number: int
    digest: str
    manifest: dict[str, Any] = field(compare=False, repr=False)
    home: Path = field(compare=False)

    @property
    def label(self) -> str:
        """The version's label, `name@number`."""
        return f"{self.name}@{self.number}"

    @property
    def filenames(self) -> list[str]:
        """The names of the version's files, sorted."""
        return sorted(self.manifest["files"])

    def read(self, filename: str) -> bytes:
        """Return a file's bytes. Raises VerificationError where they are not what was published."""
        return read_object(self.home, self._expected(filename))

    def path(self, filename: str) -> Path:
        """Return the path of a file's read-only object, its bytes checked now. Raises VerificationError."""
        expected = self._expected(filename)
        problem = examine(self.home, expected)
        if problem is not None:
            raise VerificationError(str(problem))
        return object_path(self.home, expected.digest)

    def verify(self) -> list[Problem]:
        """Return everything that is wrong with the manifest and the files, every file checked."""
        expected = [manifest_expected(Label(self.name, self.number, self.digest))]
        expected += [self._expected(filename) for filename in self.filenames]
        problems = (examine(self.home, one) for one in expected)
        return [problem for problem in problems if problem is not None]

    def _expected(self, filename: str) -> Expected:
        try:
            entry = self.manifest["files"][filename]
        except KeyError:
            near = did_you_mean(filename, self.filenames)
            raise NotFoundError(f"{self.label}: no file is named '{filename}'{near}") from None
        return Expected(entry["sha256"], f"'{filename}' of {self.label}", entry["bytes"])


def manifest_expected(label: Label) -> Expected:
    """Return what the object behind a label must be."""
    return Expected(label.digest, f"the manifest of {label}", noun="manifest")


def load_version(home: Path, label: Label) -> StoredVersion:
    """Return the version behind a label, its manifest checked. Raises VerificationError where it is damaged."""
    where = label_path(home, label.name, label.number)
    if not DIGEST.fullmatch(label.digest):
        fact = f"the label was altered: {label.digest[:80]!r} is not a sha256"
        raise VerificationError(f"{where}: {fact}; {RESTORE}")
    manifest = parse_manifest(read_object(home, manifest_expected(label)), str(label))
    if manifest["name"] != label.name:
        fact = f"the label was altered: it points to a version of '{manifest['name']}'"
        raise VerificationError(f"{where}: {fact}; {RESTORE}")
    return StoredVersion(label.name, label.number, label.digest, manifest, home)


def parse_manifest(data: bytes, label: str) -> dict[str, Any]:
    """Return a manifest from its bytes. Raises RegistryError where it is none, or of a later format."""
    try:
        manifest = json.loads(data)
        stated = manifest["format"]
        files = [(entry["sha256"], entry["bytes"]) for entry in manifest["files"].values()]
        sound = isinstance(manifest["name"], str) and all(
            DIGEST.fullmatch(name) is not None and isinstance(size, int) for name, size in files
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        stated, sound = None, False
    if isinstance(stated, int) and stated > FORMAT:
        raise RegistryError(f"{label}: its manifest has format {stated}, this program reads {FORMAT}; upgrade it")
    if not sound:
        raise RegistryError(f"{label}: points to an object that is not a manifest; {RESTORE}")
    return dict(manifest)
