"""JSON as strangers write it: one object per line, one array of objects, or one whole document."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Iterator
from typing import Any

from ...core.errors import DataError
from ._values import kind_name

BLANK = " \t\r\n"
SPACE = re.compile(f"[{BLANK}]*")
LONE_SURROGATE = re.compile(r"\\ud[89a-f][0-9a-f]{2}")
REMEDY = "write one JSON object per line, or one array of objects"
HEAD_BYTES = 1 << 16
SHAPES = {
    "squad": (b'"paragraphs"', b'"context"'),
    "coco": (b'"images"', b'"file_name"'),
    "span_json": (b'"annotations"', b'"result"'),
}
"""Kind of source -> what the head of its documents holds."""


def objects(data: bytes, source: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line where it starts, object) of a text in UTF-8: an object per line, or one array of objects.

    Raises DataError with the line where the text is neither, and on objects that are empty or repeat a key.
    """
    return _array(data.decode(), source) if data.lstrip()[:1] == b"[" else _lines(data, source)


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
    kind = next((kind for kind, marks in SHAPES.items() if all(mark in head for mark in marks)), None)
    return "" if kind is None else f"; it looks like a file of the kind {kind}: say `data: {{kind: {kind}, path: ...}}`"


def half_character(error: UnicodeEncodeError, place: str) -> DataError:
    """Return the error for a text that JSON gave half a character of, as one cut within an emoji holds."""
    fact = f"{error.object[error.start : error.end]!a} is half a character"
    return DataError(f"{place}: {fact}; write the text again, it was cut within one")


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


def _value(text: str, position: int, source: str, line: int, remedy: str = REMEDY) -> tuple[Any, int]:
    """Return the JSON value that starts here, in this line, and where it ends. Raises DataError where it is none."""
    try:
        return DECODER.raw_decode(text, position)
    except json.JSONDecodeError as error:
        at = line + text.count("\n", position, error.pos)
        raise DataError(f"{source} line {at}: not JSON: {error.msg} (column {error.colno}); {remedy}") from error
    except RecursionError as error:
        raise DataError(f"{source} line {line}: lists nested too deeply; {remedy}") from error
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
