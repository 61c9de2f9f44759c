"""JSON: one object per line, or one array of objects."""

from __future__ import annotations

from itertools import islice
from typing import Any

import polars as pl

from ...core.errors import DataError
from . import Note, silent
from ._bytes import Local, examined
from ._files import Files
from ._json import LONE_SURROGATE, REMEDY, half_character, objects, shape_hint
from ._values import column, joined

BLOCK_ROWS = 50_000  # objects held as Python values at a time


class Jsonl(Files):
    """Rows of JSON objects; a key that an object lacks is missing. Lists of labels stay lists of texts."""

    def read_file(self, file: Local, note: Note = silent) -> pl.DataFrame:
        """Return the rows; numbers stay numbers, true and false become text, as does a column of mixed values."""
        data = examined(file).whole()
        blocks: list[pl.DataFrame] = []
        try:
            found = objects(data, file.name)
            while block := list(islice(found, BLOCK_ROWS)):
                blocks.append(self._block(block, file.name))
            if not blocks:
                raise DataError(f"{file.name}: no objects; {REMEDY}")
            return joined(blocks, file.name)
        except DataError as error:
            raise DataError(f"{error}{shape_hint(data)}") from error

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
