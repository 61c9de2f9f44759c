"""The exact reader of delimited text: slower, at home with every oddity, and able to name the line of a fault."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

import polars as pl

from ...core.errors import DataError
from ._layout import Layout

BLOCK_ROWS = 100_000
LARGEST_CELL = 2**31 - 1  # the most that the csv module takes on every platform


def column_names(cells: Sequence[str | None], place: str) -> list[str]:
    """Return the header's names without space around them; a nameless column is `column_N`.

    Raises DataError where a name repeats.
    """
    names = [(cell or "").strip() or f"column_{number}" for number, cell in enumerate(cells, 1)]
    repeated = [f"'{name}'" for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise DataError(f"{place}: more than one column is named {', '.join(repeated)}; rename all but one")
    return names


def read_exactly(data: bytes, layout: Layout, source: str, names: Sequence[str] | None) -> pl.DataFrame:
    """Return the rows of a UTF-8 text as text columns; `names` are the columns where the text has no header.

    Blank lines are skipped, but in a single column, where one between others is a missing value. Raises DataError
    with the line on a row of another width than the header's, misplaced or unclosed quotes, and repeated names.
    """
    columns = list(names) if names else None
    rows: list[list[str]] = []
    blocks: list[pl.DataFrame] = []
    blanks = 0
    with _any_cell_size():
        for line, cells in _records(data, layout, source):
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
                blocks.append(_block(rows, columns))
                rows = []
    if columns is None:
        raise DataError(f"{source}: nothing but blank lines; give a file with a header and rows")
    return pl.concat([*blocks, _block(rows, columns)])


def _block(rows: list[list[str]], columns: list[str]) -> pl.DataFrame:
    cells = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in columns]
    return pl.DataFrame([pl.Series(name, one, pl.String) for name, one in zip(columns, cells, strict=True)])


def _ragged(place: str, width: int, columns: list[str], layout: Layout, given: bool) -> DataError:
    cells = f"{width} cell{'s' if width != 1 else ''}"
    against = f"`columns` names {len(columns)}" if given else f"the header has {len(columns)}"
    shown = "a tab" if layout.delimiter == "\t" else f"'{layout.delimiter}'"
    remedy = f"put quotes around a cell that holds {shown}" if layout.quote else f"take {shown} out of the cell"
    return DataError(f"{place}: {cells}, {against}; {remedy}, or mend the row (or name another `delimiter`)")


def _records(data: bytes, layout: Layout, source: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (the line it starts in, cells) of every record, a blank line as no cells."""
    reader = csv.reader(
        _lines(data),
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
        place = f"{source} line {_line_of_fault(data, layout, line)}"
        fact = (
            "the quote that opens here is never closed" if "end of data" in str(error) else "text after a closing quote"
        )
        remedy = "double the quotes within a cell, or say `quote: ''` where quotes are ordinary characters"
        raise DataError(f"{place}: {fact}; {remedy}") from error


def _lines(data: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(data), "utf-8", newline="")


def _line_of_fault(data: bytes, layout: Layout, line: int) -> int:
    """Return the line where the first cell starts that is neither plain nor quoted, in the record from `line` on."""
    delimiter, quote = re.escape(layout.delimiter), re.escape(layout.quote)
    space = " *+" if layout.trim and layout.delimiter != " " else ""
    quoted = f"{quote}[^{quote}]*+(?:{quote}{quote}[^{quote}]*+)*+{quote}"
    cell = re.compile(rf"{space}(?:{quoted}|(?!{quote})[^{delimiter}\r\n]*+)(?:{delimiter}|\r\n|\r|\n)")
    text = "".join(islice(_lines(data), line - 1, None))
    position = 0
    while match := cell.match(text, position):
        position = match.end()
    return line + len(re.findall(r"\r\n|\r|\n", text[:position]))


@contextmanager
def _any_cell_size() -> Iterator[None]:
    """Lift the csv module's limit of 128 KiB for a cell."""
    before = csv.field_size_limit(LARGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)
