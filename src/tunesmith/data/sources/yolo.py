"""Pictures with boxes: a folder of YOLO, a text file of class numbers and relative boxes per picture."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Self

import numpy as np

from ...core.errors import DataError, NotFoundError
from ..dataset import Dataset, concatenate
from ..inside import is_inside
from . import Note, silent
from ._boxes import PICTURES, Boxes, Pictures, measured
from ._bytes import Local, examined, refuse_absent, unreadable
from ._yolo import Line, Settings, lines, settings

IMAGES, LABELS = "images", "labels"
SPLITS = {"train": "train", "val": "validation", "valid": "validation", "validation": "validation", "test": "test"}
CLASSES = ("classes.txt", "obj.names", "labels/classes.txt")


class Yolo(Boxes):
    """A row per picture of a folder with `data.yaml` or `classes.txt`, with its splits where there are some.

    The boxes of `images/a.jpg` stand in `labels/a.txt`, a line each: the class's number, then the middle, width and
    height as shares of the picture's. Of a polygon, as files for segmentation hold, the box around it is read. A
    picture without such a file has no boxes. Sizes are read from the pictures: `pip install 'tunesmith[image]'`.
    """

    path: str
    """The folder, or its `data.yaml`, relative to the recipe."""

    @classmethod
    def samples(cls) -> list[Self]:
        """Return instances for the contract kit."""
        return [cls(path="set"), cls(path="set/data.yaml", bad_boxes="mend")]

    def title(self) -> str:
        """Return the folder's name."""
        return self.root(Path()).name

    def root(self, base: Path) -> Path:
        """Return the folder itself: the pictures' paths start there."""
        path = Path(base, self.path)
        return path.parent if path.suffix.lower() in (".yaml", ".yml") else path

    def rows(self, base: Path, note: Note = silent) -> Dataset:
        """Return a row per picture, by name. Raises DataError with file and line of a fault."""
        root, path = self.root(base), Path(base, self.path)
        refuse_absent(path)
        declared = (
            path
            if path != root
            else next((root / name for name in ("data.yaml", "data.yml") if (root / name).is_file()), None)
        )
        told = _told(root) if declared is None else settings(Local(declared, f"{root.name}/{declared.name}"))
        found = self._folders(root, told)
        parts = [self._part(_Part(root, split, folders), told.names, note) for split, folders in found.items()]
        return self.inside(concatenate(parts), base)

    def _folders(self, root: Path, told: Settings) -> dict[str | None, list[Path]]:
        """Return the folders of pictures by split, None where there are no splits."""
        if told.splits:
            return {split: [_resolved(root, one) for one in given] for split, given in told.splits.items()}
        for inner in (lambda name: root / IMAGES / name, lambda name: root / name / IMAGES):
            there: dict[str | None, list[Path]] = {
                SPLITS[name]: [inner(name)] for name in SPLITS if inner(name).is_dir()
            }
            if "train" in there:
                return there
        folder = root / IMAGES if (root / IMAGES).is_dir() else root
        return {None: [folder]}

    def _part(self, part: _Part, names: Sequence[str], note: Note) -> Dataset:
        paths = [one.relative_to(part.root).as_posix() for folder in part.folders for one in _pictures(folder)]
        if not paths:
            raise NotFoundError(
                f"{part.name}: no pictures in {', '.join(map(str, part.folders))}; see the folders' names"
            )
        if len({os.path.splitext(path)[0] for path in paths}) < len(paths):
            stems = [os.path.splitext(path)[0] for path in paths]
            twice = next(one for one in stems if stems.count(one) > 1)
            raise DataError(f"{part.name}: two pictures are called '{twice}', and have one file of boxes; rename one")
        files = [_labels(path) for path in paths]
        held = [self._read(part.root, file, names) for file in files]
        absent = sum(one is None for one in held)
        if absent:
            note(f"{part.name}: {absent} of {len(paths)} pictures have no file of boxes, so there is nothing in them")
        if absent == len(paths):
            raise NotFoundError(
                f"{part.name}: no picture has a file of boxes, the first would be {files[0]}; put it there"
            )
        polygons = sum(line.is_polygon for one in held for line in one or ())
        if polygons:
            note(f"{part.name}: {polygons} polygons were read as the boxes around them")
        pictures = _gathered(paths, [one or [] for one in held], measured(part.root, paths), names)
        return Dataset.of(self.frame(pictures, part.name, note), part.name, part.split)

    def _read(self, root: Path, file: str, names: Sequence[str]) -> list[Line] | None:
        path = root / file
        if not path.is_file():
            return None
        if not is_inside(path, root):
            raise DataError(f"{root.name}/{file}: a link that leads out of the folder; put the file in its place")
        if path.stat().st_size == 0:
            return []
        return lines(examined(Local(path, f"{root.name}/{file}")), len(names))


@dataclass(frozen=True, slots=True)
class _Part:
    """The folders of one split."""

    root: Path
    split: str | None
    folders: Sequence[Path]

    @property
    def name(self) -> str:
        """What messages and rows call it."""
        return self.root.name if self.split is None else f"{self.root.name}/{self.split}"


def _told(root: Path) -> Settings:
    """Return the names of the classes from a list of them."""
    path = next((root / name for name in CLASSES if (root / name).is_file()), None)
    if path is None:
        raise NotFoundError(f"{root}: neither data.yaml nor classes.txt, which name the classes; give one of them")
    text = examined(Local(path, f"{root.name}/{path.name}"), guess=True).whole().decode()
    names = [line.strip() for line in text.rstrip().splitlines()]
    return Settings.of(names, {}, f"{root.name}/{path.name}")


def _resolved(root: Path, given: str) -> Path:
    """Return a folder of pictures within the root. Raises DataError where it is outside, NotFoundError where absent."""
    for step in (given, given.removeprefix("../"), f"{given}/{IMAGES}"):
        path = Path(os.path.normpath(root / step))
        if path.is_dir() and is_inside(path, root) and (step != given or not (path / IMAGES).is_dir()):
            return path
    if Path(os.path.normpath(root / given)).is_dir() and not is_inside(root / given, root):
        raise DataError(f"{root.name}: '{given}' leads out of the folder {root}; put the pictures within it")
    raise NotFoundError(f"{root.name}: there is no folder '{given}', which data.yaml names; correct it")


def _pictures(folder: Path) -> list[Path]:
    """Return the pictures of a folder and those within it, by name; links to folders are not followed."""

    def stop(error: OSError) -> None:
        raise unreadable(folder.name, error) from error

    walked = ((Path(place), names) for place, _, names in os.walk(folder, onerror=stop))
    found = chain.from_iterable((place / name for name in names) for place, names in walked)
    return sorted(one for one in found if one.name.lower().endswith(PICTURES) and not one.name.startswith("."))


def _labels(path: str) -> str:
    """Return where the boxes of a picture stand: `labels` in place of the last `images`, else beside it."""
    steps = path.split("/")
    if IMAGES in steps[:-1]:
        steps[len(steps) - 2 - steps[-2::-1].index(IMAGES)] = LABELS
    return os.path.splitext("/".join(steps))[0] + ".txt"


def _gathered(paths: list[str], held: list[list[Line]], sizes: np.ndarray, names: Sequence[str]) -> Pictures:
    owners = np.repeat(np.arange(len(paths)), [len(one) for one in held])
    every = [line for one in held for line in one]
    shares = np.array([line.shares for line in every], np.float64).reshape(-1, 4)
    scale = np.tile(sizes[owners], 2)
    middles, sides = shares[:, :2], shares[:, 2:]
    edges = np.concatenate([middles - sides / 2, sides], axis=1) * scale
    return Pictures(paths, sizes, owners, edges, [names[line.number] for line in every], lambda at: every[at].place)
