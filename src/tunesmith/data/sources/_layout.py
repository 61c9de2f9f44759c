"""How a delimited text is laid out: its delimiter and its quotes."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import islice
from typing import Literal

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
