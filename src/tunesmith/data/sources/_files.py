"""What the kinds of files share: one file, several, a pattern, or one of these per split are one dataset."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import Any, Literal, Self

import polars as pl
from pydantic import Field, field_serializer, field_validator

from ...core.errors import DataError
from ..dataset import Dataset, concatenate, refuse_other_columns
from . import Note, Source, silent
from ._bytes import Local
from ._columns import without_missing
from ._located import File, is_pattern, located
from ._secrets import hidden
from ._store import is_remote, remote_name
from ._stream import Stream, numbered

Split = Literal["train", "validation", "test"]
Paths = str | list[str] | dict[Split, str | list[str]]


class Files(Source):
    """Rows of files. Several files are one dataset: their columns are matched by name and must be the same.

    A row's number is the one in its own file, and its source that file's name, with the folders in which the files
    differ where two have one name.
    """

    path: Paths
    """The file, relative to the recipe; several: a list, or a pattern like `data/*.csv`, in the order of their names;
    or such per split: `{train: ..., validation: ..., test: ...}`. Files elsewhere by their address: `s3://...`."""
    most_bytes: int = Field(64 * 1024**3, ge=1)
    """The most bytes that one compressed or fetched file may hold."""

    @classmethod
    def samples(cls) -> list[Self]:
        """Return instances for the contract kit."""
        per_split: dict[Split, str | list[str]] = {"train": ["rows.txt", "more/*.txt"], "test": "new.txt"}
        return [cls(path="rows.txt"), cls(path=per_split, id="key", missing=("-",))]

    @field_validator("path")
    @classmethod
    def _names_files(cls, value: Paths) -> object:
        if isinstance(value, dict) and "train" not in value:
            raise ValueError("one file per split needs at least `train:`")
        for one in value.values() if isinstance(value, dict) else [value]:
            if not one or not all(one):
                raise ValueError("the name of a file is empty")
        return value

    @field_serializer("path")
    def _without_secrets(self, value: Paths) -> Paths:
        return _hidden(value)

    @abstractmethod
    def read_file(self, file: Local, note: Note = silent) -> pl.DataFrame:
        """Return the rows of one file as it holds them. Raises DataError or NotFoundError, naming file and line."""

    def finished(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of all files with `missing` made null and the columns in their final types."""
        return without_missing(frame, self.missing)

    def members(self, folder: Path) -> list[Path]:
        """Return the files that a folder in place of a file means. Raises DataError where a folder means none."""
        raise DataError(f"{folder} is a folder; give the path of one file in it, or a pattern such as {folder}/*")

    def files(self, base: Path) -> list[File]:
        """Return every file with its name and its split, None where `path` has no splits."""
        given = self.path if isinstance(self.path, dict) else {None: self.path}
        named = {split: [one] if isinstance(one, str) else one for split, one in given.items()}
        return located(named, base, self.members)

    def root(self, base: Path) -> Path:
        """Return the folder of the first file; paths within fetched files start at `base`."""
        first = self.files(base)[0].place
        return base if is_remote(first) else Path(first).parent

    def rows(self, base: Path, note: Note = silent) -> Dataset:
        """Return the rows of every file, numbered, with their split where it is given by the files.

        Raises DataError where a split holds no rows or the files' columns differ.
        """
        files = self.files(base)
        parts = [self._numbered(file, note) for file in files]
        _refuse_empty(files, [len(part) for part in parts])
        refuse_other_columns([(file.name, part.columns) for file, part in zip(files, parts, strict=True)])
        refuse_mixed([(file.name, part.frame.schema) for file, part in zip(files, parts, strict=True)])
        joined = concatenate(parts)
        return Dataset(self.finished(joined.frame), joined.index)

    def raw(self, base: Path) -> pl.DataFrame:
        """Return the cells of all files as they stand there, those of delimited text as texts.

        With labels that stand apart, the columns have their final types, for keys are compared so.
        """
        if self.labels is not None:
            return self.read(base).frame
        return concatenate([self._numbered(file, silent) for file in self.files(base)]).frame

    def _numbered(self, file: File, note: Note) -> Dataset:
        with file.opened(self.most_bytes) as local:
            return Dataset.of(self.read_file(local, note), file.name, file.split)

    def title(self) -> str:
        """Return the first file's name without endings; of a pattern, the name of its folder."""
        path = self.path["train"] if isinstance(self.path, dict) else self.path
        first = PurePosixPath(remote_name(path if isinstance(path, str) else path[0]))
        while is_pattern(first.name):
            first = first.parent
        return first.name.strip(".").partition(".")[0]


class StreamedFiles(Files):
    """Rows of files that can be read in parts, so that files larger than memory can be."""

    @abstractmethod
    def stream(self, files: Sequence[Local], note: Note = silent) -> Stream:
        """Return the rows of the files block by block, in the types that `rows` gives them."""

    def blocks(self, base: Path, note: Note = silent) -> Iterator[Dataset]:
        """Yield the rows of every file in blocks.

        A fetched or unpacked file is kept until the last block. Raises what `rows` raises.
        """
        files = self.files(base)
        with ExitStack() as held:
            stream = self.stream([held.enter_context(file.opened(self.most_bytes)) for file in files], note)
            _refuse_empty(files, stream.heights)
            refuse_other_columns([(file.name, names) for file, names in zip(files, stream.columns, strict=True)])
            for at, file in enumerate(files):
                for block in numbered(stream.frames(at), file.name, file.split):
                    yield Dataset(block.frame.select(stream.columns[0]), block.index)


def _hidden(paths: Any) -> Any:
    """Return paths as they are stored: addresses without their secrets."""
    if isinstance(paths, dict):
        return {split: _hidden(one) for split, one in paths.items()}
    if isinstance(paths, list):
        return [_hidden(one) for one in paths]
    return hidden(paths) if is_remote(paths) else paths


def _refuse_empty(files: Sequence[File], heights: Sequence[int]) -> None:
    """Raise where all files of a split have no rows; one of several may have none, as parts of a table often do."""
    filled = {file.split for file, height in zip(files, heights, strict=True) if height}
    for file in files:
        if file.split not in filled:
            raise DataError(f"{file.name}: no rows, only the names of columns; give a file with rows")


def refuse_mixed(parts: Sequence[tuple[str, Mapping[str, pl.DataType]]]) -> None:
    """Raise where a column holds lists in one file and single values in another: no type holds both.

    Each part is the name of a file, and the types of its columns.
    """
    first, types = parts[0]
    for other, theirs in parts[1:]:
        for name in set(types) & set(theirs):
            pair = types[name], theirs[name]
            if pl.Null not in pair and (pair[0] == pl.List) != (pair[1] == pl.List):
                raise DataError(
                    f"{first} and {other}, column '{name}': lists in one, single values in the other; "
                    "write lists in both"
                )
