"""Labels: `NAME@N` is a small file holding a manifest's digest, created once and never moved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .disk import listing, reading
from .names import is_name


@dataclass(frozen=True, slots=True, order=True)
class Label:
    """A name, a number, and the digest of the manifest they stand for (as found in the file, unchecked)."""

    name: str
    number: int
    digest: str

    def __str__(self) -> str:
        return f"{self.name}@{self.number}"


def label_path(home: Path, name: str, number: int) -> Path:
    """Return where the label `NAME@N` lives."""
    return home / "versions" / name / str(number)


def names(home: Path) -> list[str]:
    """Return the names that have versions, sorted."""
    found = (name for name in listing(home / "versions") if is_name(name) and (home / "versions" / name).is_dir())
    return [name for name in found if numbers(home, name)]


def numbers(home: Path, name: str) -> list[int]:
    """Return every number ever labelled, ascending, empty labels included."""
    if not is_name(name):
        return []
    found = (text for text in listing(home / "versions" / name) if text.isascii() and text.isdecimal())
    return sorted(int(text) for text in found if text == str(int(text)))


def read_label(home: Path, name: str, number: int) -> str | None:
    """Return what a label says; empty where a crash spent the number, None where there is no such label."""
    path = label_path(home, name, number)
    try:
        with reading(path):
            return path.read_bytes().decode("ascii", "replace")
    except FileNotFoundError:
        return None


def labels(home: Path, name: str) -> list[Label]:
    """Return a name's labels, newest last."""
    found = ((number, read_label(home, name, number)) for number in numbers(home, name))
    return [Label(name, number, text) for number, text in found if text]


def all_labels(home: Path) -> list[Label]:
    """Return the labels of every name, by name and number."""
    return [label for name in names(home) for label in labels(home, name)]
