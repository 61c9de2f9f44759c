"""What the kinds of boxes share: pictures with boxes in absolute pixels, and what becomes of a box that is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from ...core.errors import DataError
from ..dataset import Dataset
from ..inside import refuse_leaving
from ..parallel import in_threads
from ..pictures import ENDINGS, UNREADABLE, bomb, find_file, opened
from . import Note, Source, silent

BOX = pl.Struct({"x": pl.Float64, "y": pl.Float64, "width": pl.Float64, "height": pl.Float64, "label": pl.String})
PICTURES = tuple(ENDINGS)
FARTHEST = 1e15  # pixels; sides beyond it are no numbers of a picture
ROUNDING = 1.0  # pixels by which a box may leave its picture: tools round, and count from 0 or from 1
LARGEST = 2**31 - 1  # pixels of a side
ORIENTATION, TURNED = 0x0112, (5, 6, 7, 8)  # EXIF: width and height change places when the picture is shown upright


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures by their path, and all their boxes one below the other.

    `sizes` is int64 (pictures, 2), width and height. `owners` int64 (boxes,) says which picture a box is in, `edges`
    float64 (boxes, 4) is its left, top, width and height in pixels, and `place` names the box at a position.
    """

    paths: Sequence[str]
    sizes: np.ndarray
    owners: np.ndarray
    edges: np.ndarray
    labels: Sequence[str]
    place: Callable[[int], str]


class Boxes(Source):
    """A row per picture: `image` (its path), `width`, `height`, and `boxes`, each `{x, y, width, height, label}`.

    A box is in pixels of the picture, `x` and `y` its left upper corner, as COCO has it. An empty list says that there
    is nothing in the picture. A box that leaves the picture by a pixel, as rounding does, is cut at the edge.
    """

    bad_boxes: Literal["refuse", "mend"] = "refuse"
    """What becomes of boxes that leave their picture or have no area: they are refused, or cut at the picture's edge,
    left out where nothing is left, and counted."""

    def frame(self, found: Pictures, name: str, note: Note = silent) -> pl.DataFrame:
        """Return a row per picture. Raises DataError, naming the box, where one may not stay as it is."""
        limits = np.tile(found.sizes[found.owners], 2).astype(np.float64)
        corners = np.concatenate([found.edges[:, :2], found.edges[:, :2] + found.edges[:, 2:]], axis=1)
        is_finite = np.isfinite(corners).all(axis=1)
        beyond = np.maximum(-corners, corners - limits).max(axis=1, initial=0.0)
        is_flat = (found.edges[:, 2:] <= 0).any(axis=1)
        cut = np.clip(corners, 0.0, limits)
        is_gone = is_finite & (cut[:, 2:] <= cut[:, :2]).any(axis=1)
        may_mend = self.bad_boxes == "mend"
        for is_bad, fact in (
            (~is_finite, "is not of finite numbers"),
            (is_flat & ~np.bool_(may_mend), "has no area"),
            (((beyond > ROUNDING) | is_gone) & ~np.bool_(may_mend), "leaves the picture"),
        ):
            if is_bad.any():
                raise self._refused(found, int(np.flatnonzero(is_bad)[0]), fact)
        kept = ~(is_gone | is_flat)
        for count, what in (
            (int((kept & (beyond > ROUNDING)).sum()), "left their picture and were cut at its edge"),
            (int((~kept).sum()), "had no area within their picture and were left out"),
        ):
            if count:
                note(f"{name}: {count} boxes {what}")
        return _assembled(found, cut, kept)

    def inside(self, data: Dataset, base: Path) -> Dataset:
        """Return the rows. Raises DataError at the first whose picture is outside of the folder."""
        refuse_leaving(data, "image", self.root(base))
        return data

    def raw(self, base: Path) -> pl.DataFrame:
        """Return the pictures as `read` does: boxes are no cells."""
        return self.read(base).frame

    def _refused(self, found: Pictures, at: int, fact: str) -> DataError:
        x, y, width, height = (float(one) for one in found.edges[at])
        wide, high = found.sizes[found.owners[at]]
        box = f"the box of '{found.labels[at]}' ({x:g}, {y:g}, {width:g} wide, {height:g} high)"
        remedy = "" if "finite" in fact else ", or say `bad_boxes: mend` to cut or leave out such boxes"
        return DataError(f"{found.place(at)}: {box} {fact} ({wide} x {high} pixels); correct it{remedy}")


def _assembled(found: Pictures, cut: np.ndarray, kept: np.ndarray) -> pl.DataFrame:
    names = ("x", "y", "width", "height")
    values = np.concatenate([cut[:, :2], cut[:, 2:] - cut[:, :2]], axis=1)[kept]
    labels = pl.Series("label", list(found.labels), pl.String).filter(pl.Series(kept, dtype=pl.Boolean))
    boxes = pl.DataFrame([*(pl.Series(name, values[:, at]) for at, name in enumerate(names)), labels])
    owned = boxes.select(pl.Series("owner", found.owners[kept], pl.Int64), pl.struct(*names, "label").alias("boxes"))
    lists = owned.group_by("owner", maintain_order=True).agg("boxes")
    frame = pl.DataFrame(
        {
            "image": pl.Series(list(found.paths), dtype=pl.String),
            "width": pl.Series(found.sizes[:, 0], dtype=pl.Int64),
            "height": pl.Series(found.sizes[:, 1], dtype=pl.Int64),
            "owner": np.arange(len(found.paths), dtype=np.int64),
        }
    )
    joined = frame.join(lists, on="owner", how="left", maintain_order="left").drop("owner")
    return joined.with_columns(pl.col("boxes").cast(pl.List(BOX)).fill_null(pl.lit([], pl.List(BOX))))


def whole_side(value: Any) -> bool:
    """Return whether a value can be a picture's width or height."""
    return type(value) is int and 0 < value <= LARGEST


def is_side(value: Any) -> bool:
    """Return whether a value can be a place in a picture, or a length."""
    return type(value) in (int, float) and abs(value) <= FARTHEST


def measured(root: Path, names: Sequence[str]) -> np.ndarray:
    """Return width and height of pictures as they are shown upright, int64 (pictures, 2), from their headers alone.

    Raises DataError where a file is missing, outside of the folder or no picture, and MissingDependencyError without
    Pillow.
    """
    sizes = list(in_threads(lambda name: _size(root, name), names))
    return np.array(sizes, np.int64).reshape(len(sizes), 2)


def _size(root: Path, name: str) -> tuple[int, int]:
    path, fault = find_file(root, name)
    if path is None:
        facts = {"outside": "leads out of the folder", "missing": "there is no such file", "empty": "an empty file"}
        raise DataError(f"{root.name}/{name}: {facts[fault]}; put the picture in its place")
    try:
        with opened(path) as picture:
            width, height = picture.size
            is_turned = picture.getexif().get(ORIENTATION) in TURNED
    except (bomb(), *UNREADABLE) as error:
        fact = "cannot be read as a picture"
        raise DataError(f"{root.name}/{name}: {fact} ({error}); replace it, or take it out") from error
    return (height, width) if is_turned else (width, height)
