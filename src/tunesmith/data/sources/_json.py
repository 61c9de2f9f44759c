"""JSON as strangers write it: one object per line, one array of objects, or one whole document."""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from ...core.errors import DataError
from ._values import kind_name

BLANK = " \t\r\n"
SPACE = re.compile(f"[{BLANK}]*")
LONE_SURROGATE = re.compile(r"\\ud[89a-f][0-9a-f]{2}")
DEEP = "lists nested too deeply"
REMEDY = "write one JSON object per line, or one array of objects"
HEAD_BYTES = 1 << 16
SHAPES = (
    ("squad", (b'"paragraphs"', b'"context"')),
    ("coco", (b'"images"', b'"file_name"')),
    ("span_json", (b'"annotations"', b'"result"')),
    ("chat", (b'"messages"', b'"role"')),
    ("chat", (b'"conversations"', b'"from"')),
)
"""Kinds of source, each with what the head of its documents holds."""


def objects(blocks: Iterable[bytes], source: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line where it starts, object) of a text in UTF-8: an object per line, or one array of objects.

    The text comes in blocks of any size, of which no more are held than one object needs. Raises DataError with the
    line where the text is neither, and on objects that are empty or repeat a key.
    """
    head, rest = b"", iter(blocks)
    for block in rest:
        head += block
        if head.strip(BLANK.encode()):
            break
    whole, is_array = chain([head], rest), head.lstrip(BLANK.encode())[:1] == b"["
    return _array(_Window(_decoded(whole), source)) if is_array else _lines(whole, source)


def document(data: bytes, source: str) -> Any:
    """Return the value of a text in UTF-8 that is one JSON value. Raises DataError with the line of a fault."""
    text = data.decode()
    value, end = _value(text, _skip(text, 0), source, 1, "export it again, or copy it completely")
    if text[end:].strip(BLANK):
        line = 1 + text.count("\n", 0, _skip(text, end))
        raise DataError(f"{source} line {line}: more after the first value; keep one value per file")
    return value


def shape_hint(data: bytes) -> str:
    """Return the end of an error on rows that are none, where the text looks like a document of another kind."""
    head = data[:HEAD_BYTES]
    kind = next((kind for kind, marks in SHAPES if all(mark in head for mark in marks)), None)
    return "" if kind is None else f"; it looks like a file of the kind {kind}: say `data: {{kind: {kind}, path: ...}}`"


def half_character(error: UnicodeEncodeError, place: str) -> DataError:
    """Return the error for a text that JSON gave half a character of, as one cut within an emoji holds."""
    fact = f"{error.object[error.start : error.end]!a} is half a character"
    return DataError(f"{place}: {fact}; write the text again, it was cut within one")


def _lines(blocks: Iterable[bytes], source: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line, object) of a text with an object per line; blank lines are skipped."""
    for number, line in enumerate(_split(blocks), 1):
        text = line.decode().strip(BLANK)
        if text:
            value, end = _value(text, 0, source, number)
            if end < len(text):
                raise DataError(f"{source} line {number}: more after the first value; {REMEDY}")
            yield number, _object(value, source, number)


def _split(blocks: Iterable[bytes]) -> Iterator[bytes]:
    begun: list[bytes] = []
    for block in blocks:
        first, *others = block.split(b"\n")
        begun.append(first)
        if others:
            yield b"".join(begun)
            yield from others[:-1]
            begun = [others[-1]]
    yield b"".join(begun)


def _decoded(blocks: Iterable[bytes]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    for block in blocks:
        yield decoder.decode(block)


def _array(window: _Window) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line where it starts, object) of a text that is one array, without building the whole array."""
    position = window.skipped(window.skipped(0) + 1)
    is_open = not window.has("]", position)
    while is_open:
        line = window.line_at(position)
        value, end = window.value(position)
        yield line, _object(value, window.source, line)
        position = window.skipped(end)
        is_open = window.has(",", position)
        if is_open:
            position = window.skipped(position + 1)
    line = window.line_at(position)
    if not window.has("]", position) or window.skipped(position + 1) < len(window.text):
        raise DataError(
            f"{window.source} line {line}: not JSON: ',' or the array's closing ']' must stand here; {REMEDY}"
        )


@dataclass(slots=True)
class _Window:
    """What is held of a text that comes in pieces. Positions in it only grow, but for `more`."""

    pieces: Iterator[str]
    source: str
    text: str = ""
    line: int = 1
    """The line of the position up to which lines were counted."""
    counted: int = 0
    column: int = 0
    """How many characters of its first line came before the window."""

    def has(self, sign: str, position: int) -> bool:
        """Whether this sign stands here."""
        return self.text[position : position + 1] == sign

    def line_at(self, position: int) -> int:
        """Return the line of a position, which is not before the last one that was asked for."""
        self.line += self.text.count("\n", self.counted, position)
        self.counted = position
        return self.line

    def more(self, position: int) -> bool:
        """Let go of what stands before a position, which then is 0, and hold twice as much; False at the end."""
        self.line_at(position)
        gone, held = self.text[:position], [self.text[position:]]
        self.column = len(gone) - gone.rindex("\n") - 1 if "\n" in gone else self.column + position
        wanted, size = 2 * len(held[0]) + 1, len(held[0])
        while size < wanted and (piece := next(self.pieces, None)) is not None:
            held.append(piece)
            size += len(piece)
        self.text, self.counted = "".join(held), 0
        return len(self.text) > len(held[0])

    def skipped(self, position: int) -> int:
        """Return where the next character that is not blank stands, the end of the text where there is none."""
        while (position := _skip(self.text, position)) >= len(self.text):
            if not self.more(len(self.text)):
                return 0
            position = 0
        return position

    def value(self, position: int) -> tuple[Any, int]:
        """Return the JSON value that starts here, and where it ends. Raises DataError where it is none."""
        while True:
            try:
                return DECODER.raw_decode(self.text, position)
            except json.JSONDecodeError as error:
                fault, before = error, position
            except RecursionError as error:
                raise DataError(f"{self.source} line {self.line_at(position)}: {DEEP}; {REMEDY}") from error
            except ValueError as error:
                raise DataError(f"{self.source} line {self.line_at(position)}: {error}") from error
            position = 0
            if not self.more(before):
                at = fault.pos - before
                column = fault.colno if "\n" in self.text[:at] else self.column + at + 1
                place = f"{self.source} line {self.line_at(at)}"
                raise DataError(f"{place}: not JSON: {fault.msg} (column {column}); {REMEDY}") from fault


def _skip(text: str, position: int) -> int:
    match = SPACE.match(text, position)
    return match.end() if match else position


def _value(text: str, position: int, source: str, line: int, remedy: str = REMEDY) -> tuple[Any, int]:
    """Return the JSON value that starts here, in this line, and where it ends. Raises DataError where it is none."""
    try:
        return DECODER.raw_decode(text, position)
    except json.JSONDecodeError as error:
        at = line + text.count("\n", position, error.pos)
        raise DataError(f"{source} line {at}: not JSON: {error.msg} (column {error.colno}); {remedy}") from error
    except RecursionError as error:
        raise DataError(f"{source} line {line}: {DEEP}; {remedy}") from error
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
