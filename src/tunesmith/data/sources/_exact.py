"""The exact reader of delimited text: slower, at home with every oddity, and able to name the line of a fault."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import polars as pl

from ...core.errors import DataError
from ._layout import Layout

BLOCK_ROWS = 100_000
LOOKED_AT = 1 << 26  # characters of a record in which a fault is sought
LARGEST_CELL = 2**31 - 1  # the most that the csv module takes on every platform

Blocks = Callable[[], Iterable[bytes]]  # a text in UTF-8, from its start at every call


def column_names(cells: Sequence[str | None], place: str) -> list[str]:
    """Return the header's names without space around them; a nameless column is `column_N`.

    Raises DataError where a name repeats.
    """
    names = [(cell or "").strip() or f"column_{number}" for number, cell in enumerate(cells, 1)]
    repeated = [f"'{name}'" for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise DataError(f"{place}: more than one column is named {', '.join(repeated)}; rename all but one")
    return names


def exact_frames(blocks: Blocks, layout: Layout, source: str, names: Sequence[str] | None) -> Iterator[pl.DataFrame]:
    """Yield the rows of a UTF-8 text as text columns; `names` are the columns where the text has no header.

    Blank lines are skipped, but in a single column, where one between others is a missing value. Raises DataError
    with the line on a row of another width than the header's, misplaced or unclosed quotes, and repeated names.
    """
    columns = list(names) if names else None
    rows: list[list[str]] = []
    blanks = 0
    with _any_cell_size():
        for line, cells in _records(blocks, layout, source):
            if not cells or ((columns is None or len(columns) > 1) and len(cells) == 1 and not cells[0].strip()):
                blanks += 1
                continue
            if columns is None:
                columns, blanks = column_names(cells, f"{source} line {line}"), 0
                continue
            if len(cells) != len(columns):
                raise _ragged(f"{source} line {line}", len(cells), columns, layout, bool(names))
            rows.extend([""] for _ in range(blanks if len(columns) == 1 else 0))
            rows.append(cells)
            blanks = 0
            if len(rows) >= BLOCK_ROWS:
                yield _block(rows, columns)
                rows = []
    if columns is None:
        raise DataError(f"{source}: nothing but blank lines; give a file with a header and rows")
    yield _block(rows, columns)


def _block(rows: list[list[str]], columns: list[str]) -> pl.DataFrame:
    cells = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in columns]
    return pl.DataFrame([pl.Series(name, one, pl.String) for name, one in zip(columns, cells, strict=True)])


def _ragged(place: str, width: int, columns: list[str], layout: Layout, given: bool) -> DataError:
    cells = f"{width} cell{'s' if width != 1 else ''}"
    against = f"`columns` names {len(columns)}" if given else f"the header has {len(columns)}"
    shown = "a tab" if layout.delimiter == "\t" else f"'{layout.delimiter}'"
    remedy = f"put quotes around a cell that holds {shown}" if layout.quote else f"take {shown} out of the cell"
    return DataError(f"{place}: {cells}, {against}; {remedy}, or mend the row (or name another `delimiter`)")


def _records(blocks: Blocks, layout: Layout, source: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (the line it starts in, cells) of every record, a blank line as no cells."""
    reader = csv.reader(
        _lines(blocks),
        delimiter=layout.delimiter,
        quotechar=layout.quote or None,
        quoting=csv.QUOTE_MINIMAL if layout.quote else csv.QUOTE_NONE,
        skipinitialspace=layout.trim and layout.delimiter != " ",
        strict=True,
    )
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        if "field larger" in str(error):
            raise DataError(f"{source} line {line}: a cell of more than 2 GB; is a quote never closed?") from error
        place = f"{source} line {_line_of_fault(blocks, layout, line)}"
        fact = (
            "the quote that opens here is never closed" if "end of data" in str(error) else "text after a closing quote"
        )
        remedy = "double the quotes within a cell, or say `quote: ''` where quotes are ordinary characters"
        raise DataError(f"{place}: {fact}; {remedy}") from error


class _Stream(io.RawIOBase):
    """Blocks of bytes as a file to read."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks, self._left = iter(blocks), memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._left = memoryview(block)
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count


def _lines(blocks: Blocks) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedReader(_Stream(blocks()), 1 << 20), "utf-8", newline="")


def _line_of_fault(blocks: Blocks, layout: Layout, line: int) -> int:
    """Return the line where the first cell starts that is neither plain nor quoted, in the record from `line` on."""
    delimiter, quote = re.escape(layout.delimiter), re.escape(layout.quote)
    space = " *+" if layout.trim and layout.delimiter != " " else ""
    quoted = f"{quote}[^{quote}]*+(?:{quote}{quote}[^{quote}]*+)*+{quote}"
    cell = re.compile(rf"{space}(?:{quoted}|(?!{quote})[^{delimiter}\r\n]*+)(?:{delimiter}|\r\n|\r|\n)")
    text, length = [], 0
    for one in islice(_lines(blocks), line - 1, None):
        text.append(one)
        length += len(one)
        if length > LOOKED_AT:
            break
    record, position = "".join(text), 0
    while match := cell.match(record, position):
        position = match.end()
    return line + len(re.findall(r"\r\n|\r|\n", record[:position]))


@contextmanager
def _any_cell_size() -> Iterator[None]:
    """Lift the csv module's limit of 128 KiB for a cell."""
    before = csv.field_size_limit(LARGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)
