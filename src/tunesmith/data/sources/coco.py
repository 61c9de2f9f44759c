"""Pictures with boxes: COCO's JSON beside a folder of pictures."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl

from ...core.errors import DataError, NotFoundError
from ..dataset import Dataset
from . import Note, silent
from ._boxes import BOX, PICTURES, Boxes, Pictures, is_side, whole_side
from ._bytes import Local, examined
from ._files import Files, Split
from ._json import document, half_character
from ._located import File
from ._store import is_remote
from ._values import kind_name

FORM = "see COCO's form of object detection"


class Coco(Boxes, Files):
    """A row per picture of one or more annotation files; boxes around crowds (`iscrowd`) are left out and counted.

    `image` is the path from the folder of the pictures or, where splits have folders of their own, from the folder
    that these have in common.
    """

    images: str | dict[Split, str] | None = None
    """The folder of the pictures, relative to the recipe, or one per split. If left out it is looked for around the
    file: its own folder, `images` or a folder named like the file (`train2017` for `instances_train2017.json`)."""

    @classmethod
    def samples(cls) -> list[Self]:
        """Return instances for the contract kit."""
        per_split: dict[Split, str | list[str]] = {"train": "train.json", "test": "test.json"}
        folders: dict[Split, str] = {"train": "train2017", "test": "test2017"}
        return [cls(path="boxes.json"), cls(path=per_split, images=folders, bad_boxes="mend")]

    def root(self, base: Path) -> Path:
        """Return the folder that the pictures' paths start at. Raises NotFoundError where there is none."""
        return self._places(base)[0]

    def rows(self, base: Path, note: Note = silent) -> Dataset:
        """Return a row per picture. Raises DataError as `read_file` does, and on a picture outside of the folder."""
        data = super().rows(base, note)
        _, prefixes = self._places(base)
        prefix = data.index["source"].replace_strict(prefixes, return_dtype=pl.String)
        return self.inside(Dataset(data.frame.with_columns(image=prefix + data.frame["image"]), data.index), base)

    def read_file(self, file: Local, note: Note = silent) -> pl.DataFrame:
        """Return a row per picture, its path as the file has it.

        Raises DataError on unknown or repeated ids, and boxes that are none, by their place in the file.
        """
        whole = document(examined(file).whole(), file.name)
        if not isinstance(whole, Mapping):
            raise DataError(f"{file.name}: {kind_name(whole)}, not an object with 'images'; {FORM}")
        pictures = _Listed.of(whole, "images", file.name)
        if not pictures.items:
            raise DataError(f"{file.name}: no pictures under 'images'; give a file with some")
        is_labelled = "annotations" in whole
        found, crowds = _boxes(whole, pictures, _Listed.of(whole, "categories", file.name, is_labelled), file.name)
        if crowds:
            note(f"{file.name}: {crowds} boxes around crowds were left out")
        try:
            frame = self.frame(found, file.name, note)
        except UnicodeEncodeError as error:
            raise half_character(error, file.name) from error
        if is_labelled:
            return frame
        note(f"{file.name}: no 'annotations', so its pictures have no labels")
        return frame.with_columns(pl.lit(None, pl.List(BOX)).alias("boxes"))

    def _places(self, base: Path) -> tuple[Path, dict[str, str]]:
        """Return the folder of all pictures and, by the name of an annotation file, its pictures' folder from there."""
        folders = {file.name: self._folder(base, file) for file in self.files(base)}
        for folder in folders.values():
            if not folder.is_dir():
                raise NotFoundError(f"{folder}: there is no such folder of pictures; name it by `images`")
        root = Path(os.path.commonpath(folders.values()))
        return root, {name: _prefix(folder, root) for name, folder in folders.items()}

    def _folder(self, base: Path, file: File) -> Path:
        given = self.images
        if isinstance(given, dict):
            given = next((one for split, one in given.items() if split == file.split), None)
        if given is not None:
            return Path(os.path.abspath(base / given))
        if is_remote(file.place):
            raise DataError(f"{file.name}: pictures of a fetched file must be here; name their folder by `images`")
        own = Path(os.path.abspath(file.place)).parent
        if any(one.name.lower().endswith(PICTURES) for one in os.scandir(own)):
            return own
        stem = Path(file.name).name.partition(".")[0].removeprefix("instances_")
        near = (own / stem, own.parent / stem, own / "images", own.parent / "images")
        return next((one for one in near if one.is_dir()), own)


def _prefix(folder: Path, root: Path) -> str:
    steps = folder.relative_to(root).as_posix()
    return "" if steps == "." else f"{steps}/"


@dataclass(frozen=True, slots=True)
class _Listed:
    """Objects of the document under one key, each with an id of its own; `at` is the position of an id."""

    name: str
    items: list[Any]
    at: dict[Any, int]

    @classmethod
    def of(cls, whole: Mapping[str, Any], key: str, source: str, is_needed: bool = True) -> _Listed:
        """Return the objects under a key. Raises DataError where one is none, or ids are absent or repeated."""
        items = whole.get(key, None if is_needed else [])
        if not isinstance(items, list):
            raise DataError(f"{source}: no list under '{key}'; {FORM}")
        at: dict[Any, int] = {}
        for number, one in enumerate(items):
            place = f"{source} {key}[{number}]"
            name = one.get("id") if isinstance(one, Mapping) else None
            if type(name) not in (int, str):
                raise DataError(f"{place}: no object with an 'id'; {FORM}")
            if name in at:
                raise DataError(f"{place}: the id {name!r} is that of {key}[{at[name]}] too; give each its own")
            at[name] = number
        return cls(f"{source} {key}", items, at)

    def texts(self, key: str) -> list[str]:
        """Return a text of every object, all different. Raises DataError where one is none, or is there twice."""
        seen: dict[str, int] = {}
        for number, one in enumerate(self.items):
            text = one.get(key)
            if not isinstance(text, str) or not text.strip():
                fact = "an empty text" if isinstance(text, str) else kind_name(text)
                raise DataError(f"{self.name}[{number}]: {fact} under '{key}'; {FORM}")
            if text in seen:
                raise DataError(f"{self.name}[{number}]: '{text}' is the {key} of [{seen[text]}] too; keep one")
            seen[text] = number
        return list(seen)

    def sizes(self) -> np.ndarray:
        """Return width and height of every picture, int64 (pictures, 2). Raises DataError where one is none."""
        for number, one in enumerate(self.items):
            for key in ("width", "height"):
                if not whole_side(one.get(key)):
                    fact = f"'{key}' is {one.get(key)!r:.40}, not a number of pixels"
                    raise DataError(f"{self.name}[{number}]: {fact}; correct it")
        return np.array([(one["width"], one["height"]) for one in self.items], np.int64).reshape(-1, 2)


def _boxes(whole: Mapping[str, Any], pictures: _Listed, labels: _Listed, source: str) -> tuple[Pictures, int]:
    """Return the pictures with their boxes, and how many boxes around crowds there were."""
    given = _Listed.of(whole, "annotations", source, is_needed=False)
    paths, names, sizes = pictures.texts("file_name"), labels.texts("name"), pictures.sizes()
    kept = [number for number, one in enumerate(given.items) if not one.get("iscrowd")]
    owners, edges, called = [], [], []
    for number in kept:
        one, place = given.items[number], f"{given.name}[{number}]"
        for key, known, what in (("image_id", pictures, "picture"), ("category_id", labels, "category")):
            name = one.get(key)
            if type(name) not in (int, str) or name not in known.at:
                raise DataError(f"{place}: '{key}' is {name!r:.40}, which no {what} has as its id; correct it")
        box = one.get("bbox")
        if not isinstance(box, list) or len(box) != 4 or not all(map(is_side, box)):
            raise DataError(f"{place}: 'bbox' is {box!r:.60}, not four numbers (left, top, width, height); {FORM}")
        owners.append(pictures.at[one["image_id"]])
        edges.append(box)
        called.append(names[labels.at[one["category_id"]]])
    found = Pictures(
        paths,
        sizes,
        np.array(owners, np.int64),
        np.array(edges, np.float64).reshape(-1, 4),
        called,
        lambda at: f"{given.name}[{kept[at]}], in '{paths[owners[at]]}'",
    )
    return found, len(given.items) - len(kept)
