"""From what a recipe says of files to the files themselves: patterns, names that tell them apart, splits."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ...core.errors import DataError, NotFoundError
from ._bytes import Local, refuse_absent

SplitName = TypeVar("SplitName", bound=str | None)


@dataclass(frozen=True, slots=True)
class File:
    """A file of rows: where it is, what messages and rows call it, and its split where the files are given by split."""

    place: str
    name: str
    split: str | None = None

    @contextmanager
    def opened(self) -> Iterator[Local]:
        """Hold the file as one that can be opened by its path. Raises NotFoundError where there is none."""
        path = Path(self.place)
        refuse_absent(path)
        yield Local(path, self.name)


def is_pattern(text: str) -> bool:
    """Return whether a text has a character that stands for others in the name of a file."""
    return any(mark in text for mark in "*?[")


def located(paths: Mapping[SplitName, Sequence[str]], base: Path, members: Callable[[Path], list[Path]]) -> list[File]:
    """Return the files of every split in order, a pattern's by name, a folder's as `members` lists them.

    Raises NotFoundError where a pattern matches no file, and DataError where one file is named twice.
    """
    found = [
        (place, split) for split, texts in paths.items() for text in texts for place in _places(text, base, members)
    ]
    places = [place for place, _ in found]
    _refuse_repeated(places)
    return [File(place, name, split) for (place, split), name in zip(found, _names(places), strict=True)]


def _places(text: str, base: Path, members: Callable[[Path], list[Path]]) -> list[str]:
    path = Path(base, text)
    if path.is_dir():
        return [str(one) for one in members(path)]
    if not is_pattern(text) or os.path.lexists(path):
        return [str(path)]
    pattern = text if Path(text).is_absolute() else os.path.join(glob.escape(str(base)), text)
    matches = sorted(one for one in glob.glob(pattern, recursive=True) if not Path(one).is_dir())
    if not matches:
        raise NotFoundError(f"{path}: no file matches; check the pattern, a relative one starts at the recipe's folder")
    return matches


def _refuse_repeated(places: list[str]) -> None:
    first: dict[str, str] = {}
    for place in places:
        real = os.path.realpath(place)
        if real in first:
            which = place if place == first[real] else f"{first[real]} and {place}"
            raise DataError(f"{which}: the same file is named twice, so its rows would count twice; name it once")
        first[real] = place


def _names(places: list[str]) -> list[str]:
    """Return the files' own names; where two are equal, all with the folders below the one they have in common."""
    own = [Path(place).name for place in places]
    if max(Counter(own).values(), default=1) == 1:
        return own
    above = os.path.commonpath([os.path.abspath(Path(place).parent) for place in places])
    return [Path(os.path.relpath(place, above)).as_posix() for place in places]
