"""Pictures with boxes: a folder of PASCAL VOC, XML files or the older text files beside their pictures."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path, PurePath
from typing import Literal, Self

import numpy as np

from ...core.errors import DataError, NotFoundError
from ..dataset import Dataset, concatenate
from ..inside import is_inside
from . import Note, silent
from ._boxes import PICTURES, Boxes, Pictures, measured
from ._bytes import Local, read_bytes, refuse_absent, unreadable
from ._files import Split
from ._voc import Annotation, from_text, from_xml

ANNOTATIONS = ("Annotations", "Annotation", "annotations")
IMAGES = ("JPEGImages", "PNGImages", "images", "Images")
LISTS = "ImageSets/Main"
MOST_BYTES = 1 << 24
SHOWN = 3


class Voc(Boxes):
    """A row per annotated picture. The folder holds `Annotations` (XML) or `Annotation` (text), and the pictures.

    A picture is found by the name its annotation gives, else by the annotation's own name. Objects marked difficult
    are objects like all others.
    """

    path: str
    """The folder, or the folder of annotations in it, relative to the recipe."""
    images: str | None = None
    """The folder of the pictures within `path`; if left out: `JPEGImages`, `PNGImages`, `images`, or beside the
    annotations."""
    corners: Literal["pixels", "edges"] = "pixels"
    """What a corner in XML names: the first and the last pixel, counted from 1, as VOC has it; or the edges of the box,
    counted from 0, as LabelImg and many other tools write them. The text files say it themselves."""
    splits: dict[Split, str] | None = None
    """The lists of names in `ImageSets/Main`, for instance `{train: train, validation: val}`; none if left out."""

    @classmethod
    def samples(cls) -> list[Self]:
        """Return instances for the contract kit."""
        return [cls(path="set"), cls(path="set", images="pictures", corners="edges", splits={"train": "trainval"})]

    def title(self) -> str:
        """Return the folder's name."""
        return self._folder(Path()).name

    def root(self, base: Path) -> Path:
        """Return the folder itself: the pictures' paths start there."""
        return self._folder(base)

    def rows(self, base: Path, note: Note = silent) -> Dataset:
        """Return a row per annotation in the order of their names. Raises DataError with file and line of a fault."""
        root = self.root(base)
        refuse_absent(root)
        found = self._annotations(root)
        pictures = self._pictures(root)
        paths = [_picture(one, pictures, root.name) for one in found]
        twice = next((path for path, count in Counter(paths).items() if count > 1), None)
        if twice is not None:
            both = [one.name for one, path in zip(found, paths, strict=True) if path == twice]
            raise DataError(f"{root.name}: {both[0]} and {both[1]} both name the picture '{twice}'; keep one")
        others = sum(PurePath(_named(one)).stem != PurePath(path).stem for one, path in zip(found, paths, strict=True))
        if others:
            note(f"{root.name}: {others} annotations name another picture than that of their own name, which was taken")
        self._note(found, set(pictures.values()) - set(paths), root.name, note)
        data = Dataset.of(self.frame(_gathered(found, paths, _sizes(found, paths, root)), root.name, note), root.name)
        data = self.inside(data, base)
        return data if self.splits is None else self._divided(data, found, root, note)

    def _folder(self, base: Path) -> Path:
        path = Path(base, self.path)
        return path.parent if path.name in ANNOTATIONS else path

    def _annotations(self, root: Path) -> list[Annotation]:
        folder = next((root / name for name in ANNOTATIONS if (root / name).is_dir()), root)
        files = _listing(folder, (".xml", ".txt"))
        if folder == root:
            files = [one for one in files if one.suffix.lower() == ".xml"]
        if not files:
            known = ", ".join(ANNOTATIONS)
            raise DataError(f"{root.name}: no annotations, neither in {known} nor in it; give the folder above them")
        return [self._annotation(path, root) for path in files]

    def _annotation(self, path: Path, root: Path) -> Annotation:
        name = path.relative_to(root).as_posix()
        if not is_inside(path, root) or not path.is_file():
            raise DataError(f"{root.name}/{name}: a link that leads out of the folder; put the file in its place")
        if path.stat().st_size > MOST_BYTES:
            raise DataError(f"{root.name}/{name}: more than {MOST_BYTES:,} bytes, which no annotation has; take it out")
        file = Local(path, f"{root.name}/{name}")
        if path.suffix.lower() == ".txt":
            return from_text(file)
        return from_xml(read_bytes(file), file.name, self.corners == "pixels")

    def _pictures(self, root: Path) -> dict[str, str]:
        """Return the pictures' paths from the root by their names, with and without ending."""
        if self.images is not None:
            refuse_absent(root / self.images)
            folder = root / self.images
        else:
            folder = next((root / name for name in IMAGES if (root / name).is_dir()), root)
            folder = folder if folder != root or _listing(root, PICTURES) else root / ANNOTATIONS[0]
        found = [one.relative_to(root).as_posix() for one in _listing(folder, PICTURES)] if folder.is_dir() else []
        if not found:
            raise NotFoundError(f"{root.name}: no pictures in it; name their folder by `images`")
        return {PurePath(one).stem: one for one in reversed(found)} | {PurePath(one).name: one for one in found}

    def _note(self, found: list[Annotation], unseen: set[str], name: str, note: Note) -> None:
        if unseen:
            shown = ", ".join(sorted(unseen)[:SHOWN]) + (", ..." if len(unseen) > SHOWN else "")
            note(f"{name}: {len(unseen)} pictures have no annotation and were left out: {shown}")
        zeros = sum(one.from_zero for one in found)
        if zeros and self.corners == "pixels":
            fact = f"{zeros} files have corners at 0, where pixels are counted from 1"
            note(f"{name}: {fact}; if a tool such as LabelImg wrote them, say `corners: edges`")

    def _divided(self, data: Dataset, found: list[Annotation], root: Path, note: Note) -> Dataset:
        at = {PurePath(one.name).stem: position for position, one in enumerate(found)}
        parts, seen = [], dict[str, str]()
        for split, listed in (self.splits or {}).items():
            path = root / LISTS / f"{listed}.txt"
            refuse_absent(path)
            names = [
                line.split() for line in read_bytes(Local(path, path.name)).decode("utf-8", "replace").splitlines()
            ]
            chosen = [words[0] for words in names if words and words[-1:] != ["-1"]]
            for name in chosen:
                if name not in at or name in seen:
                    fact = f"is in {seen[name]} too" if name in seen else "has no annotation"
                    raise DataError(f"{LISTS}/{listed}.txt: '{name[:60]}' {fact}; take it out of one")
                seen[name] = f"{listed}.txt"
            parts.append(data.take([at[name] for name in chosen]).with_splits([split] * len(chosen)))
        if len(seen) < len(at):
            note(f"{root.name}: {len(at) - len(seen)} annotated pictures are in none of the lists and were left out")
        return concatenate(parts)


def _listing(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    try:
        names = sorted(one.name for one in os.scandir(folder) if not one.name.startswith("."))
    except OSError as error:
        raise unreadable(folder.name, error) from error
    return [folder / name for name in names if name.lower().endswith(endings)]


def _named(one: Annotation) -> str:
    """Return the file name of the picture that an annotation names, without the folders of another machine."""
    return PurePath(one.picture.replace("\\", "/")).name


def _picture(one: Annotation, pictures: dict[str, str], folder: str) -> str:
    """Return the path of an annotation's picture. Raises DataError where there is none."""
    for name in (_named(one), PurePath(_named(one)).stem, PurePath(one.name).stem):
        if name in pictures:
            return pictures[name]
    raise DataError(f"{one.name}: no picture '{one.picture[:80]}' in {folder}; put it there, or take the file out")


def _sizes(found: list[Annotation], paths: list[str], root: Path) -> np.ndarray:
    """Return width and height of every picture: as its file of annotations says, else as its own header does."""
    sizes = np.array([one.size or (0, 0) for one in found], np.int64).reshape(-1, 2)
    unknown = np.flatnonzero(sizes[:, 0] == 0)
    if len(unknown):
        sizes[unknown] = measured(root, [paths[at] for at in unknown])
    return sizes


def _gathered(found: list[Annotation], paths: list[str], sizes: np.ndarray) -> Pictures:
    owners = np.repeat(np.arange(len(found)), [len(one.objects) for one in found])
    objects = [each for one in found for each in one.objects]
    edges = np.array([each.edges for each in objects], np.float64).reshape(-1, 4)
    return Pictures(paths, sizes, owners, edges, [each.label for each in objects], lambda at: objects[at].place)
