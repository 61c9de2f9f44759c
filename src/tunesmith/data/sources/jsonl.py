"""JSON: one object per line, or one array of objects."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import polars as pl

from ...core.errors import DataError
from . import Note, silent
from ._bytes import Local, examined
from ._files import Files
from ._values import column, joined, kind_name

BLOCK_ROWS = 50_000  # objects held as Python values at a time
BLANK = " \t\r\n"
SPACE = re.compile(f"[{BLANK}]*")
LONE_SURROGATE = re.compile(r"\\ud[89a-f][0-9a-f]{2}")
REMEDY = "write one JSON object per line, or one array of objects"


class Jsonl(Files):
    """Rows of JSON objects; a key that an object lacks is missing. Lists of labels stay lists of texts."""

    def read_file(self, file: Local, note: Note = silent) -> pl.DataFrame:
        """Return the rows; numbers stay numbers, true and false become text, as does a column of mixed values."""
        data = examined(file).whole()
        objects = _array(data.decode(), file.name) if data.lstrip()[:1] == b"[" else _lines(data, file.name)
        blocks: list[pl.DataFrame] = []
        while block := list(islice(objects, BLOCK_ROWS)):
            blocks.append(self._block(block, file.name))
        if not blocks:
            raise DataError(f"{file.name}: no objects; {REMEDY}")
        return joined(blocks, file.name)

    def _block(self, block: list[tuple[int, dict[str, Any]]], source: str) -> pl.DataFrame:
        names = dict.fromkeys(name for _, one in block for name in one)

        def place(at: int) -> str:
            return f"{source} line {block[at][0]}"

        try:
            return pl.DataFrame([column(name, self._values(name, block), place) for name in names])
        except UnicodeEncodeError as error:
            line = next(line for line, one in block if LONE_SURROGATE.search(ascii(one)))
            fact = f"{error.object[error.start : error.end]!a} is half a character"
            raise DataError(f"{source} line {line}: {fact}; write the text again, it was cut within one") from error

    def _values(self, name: str, block: list[tuple[int, dict[str, Any]]]) -> list[Any]:
        values = [one.get(name) for _, one in block]
        if not self.missing:
            return values
        return [None if isinstance(value, str) and value in self.missing else value for value in values]


def _lines(data: bytes, source: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line, object) of a text with an object per line; blank lines are skipped."""
    for number, line in enumerate(io.BytesIO(data), 1):
        text = line.decode().strip(BLANK)
        if text:
            value, end = _value(text, 0, source, number)
            if end < len(text):
                raise DataError(f"{source} line {number}: more after the first value; {REMEDY}")
            yield number, _object(value, source, number)


def _array(text: str, source: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line where it starts, object) of a text that is one array, without building the whole array."""
    after, line, counted = text.index("["), 1, 0
    position = _skip(text, after + 1)
    after = position
    while text[after : after + 1] != "]":
        line += text.count("\n", counted, position)
        counted = position
        value, end = _value(text, position, source, line)
        yield line, _object(value, source, line)
        after = _skip(text, end)
        if text[after : after + 1] != ",":
            break
        position = _skip(text, after + 1)
    if text[after:].strip(BLANK) != "]":
        line += text.count("\n", counted, after)
        raise DataError(f"{source} line {line}: not JSON: ',' or the array's closing ']' must stand here; {REMEDY}")


def _skip(text: str, position: int) -> int:
    match = SPACE.match(text, position)
    return match.end() if match else position


def _value(text: str, position: int, source: str, line: int) -> tuple[Any, int]:
    """Return the JSON value that starts here, in this line, and where it ends. Raises DataError where it is none."""
    try:
        return DECODER.raw_decode(text, position)
    except json.JSONDecodeError as error:
        at = line + text.count("\n", position, error.pos)
        raise DataError(f"{source} line {at}: not JSON: {error.msg} (column {error.colno}); {REMEDY}") from error
    except RecursionError as error:
        raise DataError(f"{source} line {line}: lists nested too deeply; {REMEDY}") from error
    except ValueError as error:
        raise DataError(f"{source} line {line}: {error}") from error


def _object(value: Any, source: str, line: int) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DataError(f"{source} line {line}: {kind_name(value)}, not an object; {REMEDY}")
    if not value:
        raise DataError(f"{source} line {line}: an object without keys; give it values, or remove it")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key '{repeated}' appears twice in one object; keep one of them")
    return made


def _float(written: str) -> float:
    value = float(written)
    if math.isinf(value):
        raise ValueError(f"the number {written:.40} is beyond what a float holds; write it as a text")
    return value


DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_float)
