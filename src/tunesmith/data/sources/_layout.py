"""How a delimited text is laid out: its delimiter and quotes, and whether every record has the same shape."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np

BLOCK = 1 << 24
SAMPLE_BYTES = 1 << 16
SAMPLE_RECORDS = 100
DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Layout:
    """The delimiter, the quote (empty: quotes are ordinary characters), and whether space around cells is dropped."""

    delimiter: str
    quote: str
    trim: bool = True


def find_delimiter(data: bytes, quote: str) -> str:
    """Return the delimiter that cuts the first records most evenly, among those in the first record; else a comma."""
    sample = data[:SAMPLE_BYTES]
    if len(data) > SAMPLE_BYTES:
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    lines = sample.decode("utf-8", errors="replace").splitlines(keepends=True)
    best, best_score = ",", (0.0, 1)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    for delimiter in DELIMITERS:
        reader = csv.reader(lines, delimiter=delimiter, quotechar=quote or None, quoting=quoting)
        widths = [len(cells) for cells in islice(reader, SAMPLE_RECORDS) if cells]
        if not widths or widths[0] == 1:
            continue
        score = (widths.count(widths[0]) / len(widths), widths[0])
        if score > best_score:
            best, best_score = delimiter, score
    return best


def count_records(data: bytes, layout: Layout) -> int | None:
    """Return the number of records where the text is regular, header included; None where it is not.

    Regular: every record has as many cells as the first, quotes stand only around whole cells or doubled within
    them, and lines end all in LF or CRLF. Any fast reader reads such a text alike; every other text needs the exact
    reader. Vectorised over blocks, so memory is bounded by the block.
    """
    end = len(data.rstrip(b"\r\n"))
    if not end or data[0] in b"\r\n" or data.count(b"\r") != data.count(b"\r\n"):
        return None
    records, width, open_cells = 1, -1, 0
    for delimiters, newlines in _marks(np.frombuffer(data, np.uint8, end), layout):
        if newlines is None:
            return None
        before = np.searchsorted(delimiters, newlines)
        if len(newlines):
            widths = np.diff(before, prepend=0)
            widths[0] += open_cells
            width = int(widths[0]) if width < 0 else width
            if (widths != width).any():
                return None
            records += len(newlines)
            open_cells = len(delimiters) - int(before[-1])
        else:
            open_cells += len(delimiters)
    return records if width < 0 or open_cells == width else None


def _marks(text: np.ndarray, layout: Layout) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """Yield per block where delimiters and line ends stand outside quotes; no line ends where quotes are misplaced."""
    quotes_before = 0
    for start in range(0, len(text), BLOCK):
        block = text[start : start + BLOCK]
        delimiters = np.flatnonzero(block == ord(layout.delimiter))
        newlines = np.flatnonzero(block == ord("\n"))
        quotes = np.flatnonzero(block == ord(layout.quote)) if layout.quote else newlines[:0]
        if not _well_placed(text, quotes + start, quotes_before, layout):
            yield delimiters, None
            return
        outside = [
            marks[(np.searchsorted(quotes, marks) + quotes_before) % 2 == 0] if len(quotes) or quotes_before else marks
            for marks in (delimiters, newlines)
        ]
        yield outside[0], outside[1]
        quotes_before += len(quotes)
    if quotes_before % 2:
        yield text[:0], None


def _well_placed(text: np.ndarray, quotes: np.ndarray, quotes_before: int, layout: Layout) -> bool:
    """Return whether opening quotes follow, and closing quotes precede, a delimiter, a line end or another quote."""
    around = np.frombuffer(f"{layout.delimiter}\n\r{layout.quote}".encode(), np.uint8)
    opening, closing = quotes[quotes_before % 2 :: 2], quotes[1 - quotes_before % 2 :: 2]
    opened = (opening == 0) | np.isin(text[opening - 1], around)
    last = len(text) - 1
    closed = (closing == last) | np.isin(text[np.minimum(closing + 1, last)], around)
    return bool(opened.all() and closed.all())
