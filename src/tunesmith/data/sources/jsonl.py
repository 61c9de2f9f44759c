"""JSON: one object per line, or one array of objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import polars as pl

from ...core.errors import DataError
from . import Note, silent
from ._bytes import Local, examined
from ._files import StreamedFiles, refuse_mixed
from ._json import HEAD_BYTES, LONE_SURROGATE, REMEDY, half_character, objects, shape_hint
from ._stream import Stream, changed
from ._values import column, in_types, joined, joined_types

BLOCK_ROWS = 50_000  # objects held as Python values at a time


class Jsonl(StreamedFiles):
    """Rows of JSON objects; a key that an object lacks is missing. Lists of labels stay lists of texts."""

    def read_file(self, file: Local, note: Note = silent) -> pl.DataFrame:
        """Return the rows; numbers stay numbers, true and false become text, as does a column of mixed values."""
        return joined(list(self._blocks(file)), file.name)

    def stream(self, files: Sequence[Local], note: Note = silent) -> Stream:
        """Return the rows block by block. All files are read twice: the first time for the types of their columns."""
        heights, types = [], []
        for file in files:
            looks = [(block.height, block.schema) for block in self._blocks(file)]
            heights.append(sum(height for height, _ in looks))
            types.append(joined_types([one for _, one in looks], file.name))
        refuse_mixed([(file.name, one) for file, one in zip(files, types, strict=True)])
        whole = pl.concat([pl.DataFrame(schema=one) for one in types], how="diagonal_relaxed").schema

        def frames(at: int) -> Iterator[pl.DataFrame]:
            height, own = 0, types[at]
            final = {name: whole[name] for name in own}
            try:
                for block in self._blocks(files[at]):
                    height += block.height
                    if not block.schema.keys() <= own.keys():
                        raise changed(files[at].name)
                    yield self.finished(in_types(in_types(block, own), final))
            except pl.exceptions.PolarsError as error:
                raise changed(files[at].name) from error
            if height != heights[at]:
                raise changed(files[at].name)

        return Stream(heights, [list(one) for one in types], frames)

    def _blocks(self, file: Local) -> Iterator[pl.DataFrame]:
        """Yield the rows in blocks, each with the columns and types of its own. Raises DataError by the line."""
        text = examined(file)
        try:
            found, is_empty = objects(text.blocks(), file.name), True
            while block := list(islice(found, BLOCK_ROWS)):
                is_empty = False
                yield self._block(block, file.name)
            if is_empty:
                raise DataError(f"{file.name}: no objects; {REMEDY}")
        except DataError as error:
            raise DataError(f"{error}{shape_hint(text.start(HEAD_BYTES))}") from error

    def _block(self, block: list[tuple[int, dict[str, Any]]], source: str) -> pl.DataFrame:
        names = dict.fromkeys(name for _, one in block for name in one)

        def place(at: int) -> str:
            return f"{source} line {block[at][0]}"

        try:
            return pl.DataFrame([column(name, self._values(name, block), place) for name in names])
        except UnicodeEncodeError as error:
            line = next(line for line, one in block if LONE_SURROGATE.search(ascii(one)))
            raise half_character(error, f"{source} line {line}") from error

    def _values(self, name: str, block: list[tuple[int, dict[str, Any]]]) -> list[Any]:
        values = [one.get(name) for _, one in block]
        if not self.missing:
            return values
        return [None if isinstance(value, str) and value in self.missing else value for value in values]
