"""From what a recipe says of files to the files themselves: patterns, names that tell them apart, splits."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeVar

from ...core.errors import DataError, NotFoundError
from ._bytes import Local, refuse_absent
from ._store import fetched, is_remote, matches, remote_name
from ._unpack import is_packed, unpacked

SplitName = TypeVar("SplitName", bound=str | None)


@dataclass(frozen=True, slots=True)
class File:
    """A file of rows: where it is, what messages and rows call it, and its split where the files are given by split."""

    place: str
    name: str
    split: str | None = None

    @contextmanager
    def opened(self, most_bytes: int) -> Iterator[Local]:
        """Hold the file, fetched and unpacked where need be, as one that can be opened by its path.

        Raises NotFoundError where there is none, and DataError where it cannot be had or is beyond `most_bytes`.
        """
        path = Path(self.place)
        with ExitStack() as held:
            if is_remote(self.place):
                path = held.enter_context(fetched(self.place, self.name, most_bytes))
            else:
                refuse_absent(path)
            if not path.is_file():  # a pipe can be read but once, and not by every reader
                path = held.enter_context(fetched(self.place, self.name, most_bytes))
            if is_packed(self.name):
                path = held.enter_context(unpacked(path, self.name, most_bytes))
            yield Local(path, self.name)


def is_pattern(text: str) -> bool:
    """Return whether a text has a character that stands for others in the name of a file."""
    return any(mark in text for mark in ("*[" if is_remote(text) else "*[?"))


def file_name(place: str) -> str:
    """Return the last part of a path or an address."""
    return _steps(place)[-1]


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
    if is_remote(text):
        return matches(text) if is_pattern(text) else [text]
    path = Path(base, text)
    if path.is_dir():
        return [str(one) for one in members(path)]
    if not is_pattern(text) or os.path.lexists(path):
        return [str(path)]
    found = _matching(text, base)
    if not found:
        raise NotFoundError(f"{path}: no file matches; check the pattern, a relative one starts at the recipe's folder")
    return found


def _matching(text: str, base: Path) -> list[str]:
    """Return the files that a pattern matches, by name; hidden ones and those behind links only where it names them."""
    steps = Path(text).parts
    first = next(at for at, step in enumerate(steps) if is_pattern(step))
    root, pattern = Path(base, *steps[:first]), "/".join(steps[first:])
    found = sorted(one for one in root.glob(pattern) if not one.is_dir())
    if any(step.startswith(".") for step in steps[first:]):
        return list(map(str, found))
    return [str(one) for one in found if not any(step.startswith(".") for step in one.relative_to(root).parts)]


def _refuse_repeated(places: list[str]) -> None:
    first: dict[str, str] = {}
    for place in places:
        real = place if is_remote(place) else os.path.realpath(place)
        if real in first:
            which = place if place == first[real] else f"{first[real]} and {place}"
            raise DataError(f"{which}: the same file is named twice, so its rows would count twice; name it once")
        first[real] = place


def _names(places: list[str]) -> list[str]:
    """Return the files' own names; where two are equal, all with the folders below those that they have in common."""
    steps = [_steps(place) for place in places]
    own = [one[-1] for one in steps]
    if len(set(own)) == len(own):
        return own
    shared = next(level for level, one in enumerate(zip(*steps, strict=False)) if len(set(one)) > 1)
    return ["/".join(one[shared:]) for one in steps]


def _steps(place: str) -> tuple[str, ...]:
    return PurePosixPath(remote_name(place)).parts if is_remote(place) else Path(os.path.abspath(place)).parts
