"""The two files of YOLO: the settings that name classes and folders, and the boxes of one picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from ...core.errors import DataError
from ._boxes import FARTHEST
from ._bytes import Local, Text, examined
from ._values import kind_name

KEYS = {"train": "train", "val": "validation", "test": "test"}
MOST_BYTES = 1 << 20
FORM = "see YOLO's form: class number, middle x, middle y, width, height, as shares of the picture"


@dataclass(frozen=True, slots=True)
class Line:
    """A box: the class's number, its middle, width and height as shares, and where it is written."""

    number: int
    shares: tuple[float, float, float, float]
    place: str
    is_polygon: bool


@dataclass(frozen=True, slots=True)
class Settings:
    """The names of the classes by number, and the folders of pictures by split."""

    names: Sequence[str]
    splits: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, names: Sequence[Any], splits: Mapping[str, Sequence[str]], place: str) -> Settings:
        """Return settings. Raises DataError where a class has no name, or the name of another."""
        for number, name in enumerate(names):
            if not isinstance(name, str) or not name.strip():
                raise DataError(f"{place}: class {number} is {kind_name(name)}, not a name; write one in quotes")
            if name in names[:number]:
                raise DataError(
                    f"{place}: the classes {names.index(name)} and {number} are both '{name:.60}'; rename one"
                )
        if not names:
            raise DataError(f"{place}: no names of classes; write them under `names`")
        return cls(list(names), splits)


def settings(file: Local) -> Settings:
    """Return what a `data.yaml` says. Raises DataError where it is none, or its classes are not as many as `nc`."""
    if file.path.stat().st_size > MOST_BYTES:
        raise DataError(f"{file.name}: more than {MOST_BYTES:,} bytes, which no such file has; give the right one")
    try:
        told = yaml.safe_load(examined(file).whole().decode())
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or type(error).__name__
        raise DataError(f"{file.name}{where}: not YAML ({problem}); correct it") from error
    if not isinstance(told, Mapping):
        raise DataError(f"{file.name}: {kind_name(told)}, not keys with values; see YOLO's data.yaml")
    names = _names(told.get("names"), file.name)
    count = told.get("nc", len(names))
    if count != len(names):
        raise DataError(
            f"{file.name}: `nc` is {count!r:.20}, but {len(names)} classes have names; correct one of the two"
        )
    start = told.get("path") or ""
    splits = {split: _folders(told[key], start, key, file.name) for key, split in KEYS.items() if told.get(key)}
    if splits and "train" not in splits:
        raise DataError(f"{file.name}: no `train`; name the folder of the training pictures")
    return Settings.of(names, splits, file.name)


def _names(given: Any, place: str) -> list[Any]:
    if isinstance(given, Mapping) and set(given) == set(range(len(given))):
        return [given[number] for number in range(len(given))]
    if isinstance(given, list):
        return given
    raise DataError(f"{place}: `names` must be a list, or numbers from 0 without a gap, each with a name; correct it")


def _folders(given: Any, start: Any, key: str, place: str) -> list[str]:
    """Return the folders that a key names, from the file's own folder; `path` counts where it is within it."""
    found = [given] if isinstance(given, str) else given
    if (
        not isinstance(found, list)
        or not all(isinstance(one, str) and one for one in found)
        or not isinstance(start, str)
    ):
        raise DataError(f"{place}: `{key}` must name a folder of pictures, or a list of them; correct it")
    lists = next((one for one in found if one.endswith(".txt")), None)
    if lists is not None:
        raise DataError(f"{place}: `{key}` names a list of pictures, '{lists}'; name their folder")
    is_elsewhere = start.startswith(("/", "..")) or start.strip("./") == ""
    return [one if is_elsewhere else f"{start}/{one}" for one in found]


def lines(text: Text, classes: int) -> list[Line]:
    """Return the boxes of one picture. Raises DataError with the line of what is none."""
    found = []
    for number, line in enumerate(text.whole().decode().splitlines(), 1):
        cells = line.split()
        if cells:
            found.append(_line(cells, classes, f"{text.file.name} line {number}"))
    return found


def _line(cells: list[str], classes: int, place: str) -> Line:
    name = cells[0]
    if not (name.isascii() and name.isdigit() and len(name) < 10):
        raise DataError(f"{place}: '{name:.40}' is no class number; {FORM}")
    if int(name) >= classes:
        raise DataError(f"{place}: class {int(name)}, but only 0 to {classes - 1} have names; correct it, or name it")
    is_polygon = len(cells) >= 7 and len(cells) % 2 == 1
    if len(cells) != 5 and not is_polygon:
        raise DataError(f"{place}: {len(cells)} cells, where 5 must stand; {FORM}")
    shares = [_share(cell, place) for cell in cells[1:]]
    if is_polygon:
        xs, ys = shares[0::2], shares[1::2]
        ends = min(xs), min(ys), max(xs), max(ys)
        shares = [(ends[0] + ends[2]) / 2, (ends[1] + ends[3]) / 2, ends[2] - ends[0], ends[3] - ends[1]]
    return Line(int(name), (shares[0], shares[1], shares[2], shares[3]), place, is_polygon)


def _share(cell: str, place: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not abs(value) <= FARTHEST:
        raise DataError(f"{place}: '{cell:.40}' is not a number; {FORM}")
    if abs(value) > 2:
        raise DataError(f"{place}: {cell:.40} is not a share of the picture's side, from 0 to 1; divide pixels by it")
    return value
