"""Folders of images: the name of the folder that an image is in is its label."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import polars as pl

from ...core.errors import DataError
from ..dataset import Dataset, concatenate
from ..inside import is_inside
from . import Note, Source, silent
from ._bytes import refuse_absent, unreadable
from ._columns import without_missing

IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
SPLITS = {"train": "train", "validation": "validation", "val": "validation", "valid": "validation", "test": "test"}
SHOWN = 3  # files that a note names


class Folder(Source):
    """Images, a folder per class; above the classes there may be folders `train`, `validation` (or `val`), `test`.

    The columns are `image`, its path from the folder, and `label`, in the order of the names. Images with labels in a
    table are rows of that table: a column of paths from the table's folder.
    """

    path: str
    """The folder, relative to the recipe."""

    @classmethod
    def samples(cls) -> list[Self]:
        """Return instances for the contract kit."""
        return [cls(path="images")]

    def title(self) -> str:
        """Return the folder's name."""
        return Path(self.path).name

    def root(self, base: Path) -> Path:
        """Return the folder itself: the images' paths start there."""
        return Path(base, self.path)

    def rows(self, base: Path, note: Note = silent) -> Dataset:
        """Return a row per image. Raises DataError where an image has no class, or a link leads out of the folder."""
        root = self.root(base)
        refuse_absent(root)
        if not root.is_dir():
            raise DataError(f"{root} is a file; give the folder of the images, or read a table by its own kind")
        walk = _Walk(root)
        parts = [_numbered(walk, *one) for one in _classes(walk)]
        parts = [part for part in parts if len(part)]
        if not parts:
            raise DataError(f"{root.name}: no images in it ({', '.join(IMAGES)}); give a folder of folders of images")
        if walk.others:
            shown = ", ".join(walk.others[:SHOWN]) + (", ..." if len(walk.others) > SHOWN else "")
            note(f"{root.name}: {len(walk.others)} files are no images and were left out: {shown}")
        for empty in walk.empty:
            note(f"{root.name}: the folder '{empty}' holds no images, so there is no such class")
        joined = concatenate(parts)
        return Dataset(without_missing(joined.frame, self.missing), joined.index)


@dataclass(frozen=True, slots=True)
class _Walk:
    """What is seen on the way through the folders: files that are no images, classes without any."""

    root: Path
    others: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)

    def entries(self, folder: Path) -> Iterator[os.DirEntry[str]]:
        """Yield what a folder holds by name, but hidden things. Raises DataError on a link out of the root."""
        try:
            found = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            raise unreadable(self.shown(folder), error) from error
        for entry in found:
            if entry.name.startswith(".") or entry.name == "__MACOSX":
                continue
            if entry.is_symlink() and not (os.path.exists(entry.path) and is_inside(Path(entry.path), self.root)):
                fact = "a link that leads out of the folder, or to nothing"
                raise DataError(f"{self.shown(Path(entry.path))}: {fact}; put the file in its place")
            yield entry

    def folders(self, folder: Path) -> list[Path]:
        """Return the folders in a folder; what stands beside them is no image, or refused."""
        found = []
        for entry in self.entries(folder):
            if entry.is_dir():
                found.append(Path(entry.path))
            elif entry.name.lower().endswith(IMAGES):
                raise DataError(
                    f"{self.shown(Path(entry.path))}: an image outside the folder of a class; put it into one"
                )
            else:
                self.others.append(self.shown(Path(entry.path)))
        return found

    def images(self, folder: Path) -> list[str]:
        """Return the paths of a class's images from the root."""
        found: list[str] = []
        for entry in self.entries(folder):
            name = self.shown(Path(entry.path))
            if entry.is_dir():
                raise DataError(f"{name}: a folder within the folder of a class; put its images into that of the class")
            (found if entry.name.lower().endswith(IMAGES) else self.others).append(name)
        if not found:
            self.empty.append(self.shown(folder))
        return found

    def shown(self, path: Path) -> str:
        """Return a path from the root. Raises DataError where it is no text."""
        name = path.relative_to(self.root).as_posix()
        if not name.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in name):
            raise DataError(f"{self.root.name}: the name {name!a} is not text in UTF-8; rename it")
        return name


def _classes(walk: _Walk) -> list[tuple[Path, str | None, list[Path]]]:
    """Return each split's folder, its split and the folders of its classes; the root alone where there are no splits.

    Folders named like splits that hold images themselves are classes of these names.
    """
    found = walk.folders(walk.root)
    names = {folder.name for folder in found}
    if not {"train"} <= names <= SPLITS.keys() or not any(one.is_dir() for in_ in found for one in walk.entries(in_)):
        return [(walk.root, None, found)]
    if len({SPLITS[name] for name in names}) < len(names):
        raise DataError(f"{walk.root.name}: more than one folder for the split 'validation'; keep one")
    order = list(SPLITS)
    return [(one, SPLITS[one.name], walk.folders(one)) for one in sorted(found, key=lambda one: order.index(one.name))]


def _numbered(walk: _Walk, folder: Path, split: str | None, classes: list[Path]) -> Dataset:
    found = [(one.name, walk.images(one)) for one in classes]
    images = pl.Series("image", [path for _, paths in found for path in paths], pl.String)
    labels = pl.Series("label", [name for name, paths in found for _ in paths], pl.String)
    source = walk.root.name if split is None else f"{walk.root.name}/{folder.name}"
    return Dataset.of(pl.DataFrame([images, labels]), source, split)
