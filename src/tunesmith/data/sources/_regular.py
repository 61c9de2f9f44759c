"""Regular texts, whose records all have one shape, cut into whole records; any fast reader reads them alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from ._layout import Layout

NEWLINE = ord("\n")
LONGEST_TAIL = 1 << 26  # bytes of line ends that may be the end of a text


class Irregular(ValueError):
    """The text is not regular: it needs the exact reader."""


def count_records(blocks: Iterable[bytes], layout: Layout) -> int | None:
    """Return the number of records of a regular text, header included; None where it is not regular."""
    try:
        return sum(count for _, count in regular_records(blocks, layout))
    except Irregular:
        return None


def regular_records(blocks: Iterable[bytes], layout: Layout) -> Iterator[tuple[bytes, int]]:
    """Yield the text as runs of whole records, with their number, the line ends at its end left out.

    Regular: every record has as many cells as the first, quotes stand only around whole cells or doubled within
    them, and lines end all in LF or CRLF. Raises Irregular as soon as the text is found to be otherwise; what was
    yielded before must then be thrown away. Memory is bounded by the blocks and the longest record.
    """
    scan = _Scan(layout)
    carried: list[bytes] = []
    for block, following in _with_following(_without_tail(blocks)):
        ends = scan.ends(block, following)
        if len(ends):
            cut = int(ends[-1]) + 1
            yield b"".join([*carried, block[:cut]]), len(ends)
            carried, block = [], block[cut:]
        carried.append(block)
    scan.finish()
    yield b"".join(carried), 1


def pieces(blocks: Iterable[bytes], lengths: Iterable[int]) -> Iterator[bytes]:
    """Yield the runs of a text again, by the lengths that they had; raises Irregular where the text is shorter now."""
    stream, left = iter(blocks), b""
    for length in lengths:
        parts, wanted = [], length
        while wanted > len(left):
            parts.append(left)
            wanted -= len(left)
            left = next(stream, b"")
            if not left:
                raise Irregular
        yield b"".join([*parts, left[:wanted]])
        left = left[wanted:]


class _Scan:
    """Follows a text through its blocks: whether it is within quotes, and how many cells its records have."""

    def __init__(self, layout: Layout) -> None:
        self._delimiter, self._quote = ord(layout.delimiter), ord(layout.quote) if layout.quote else -1
        self._may_touch = np.zeros(256, np.bool_)  # what may stand beside a quote
        self._may_touch[list(f"{layout.delimiter}\n\r{layout.quote}".encode())] = True
        self._before = -1  # the byte before the block, none at the start
        self._quotes, self._width, self._open = 0, -1, 0

    def ends(self, block: bytes, following: int) -> np.ndarray:
        """Return where records end in a block; `following` is the byte after it, -1 at the end of the text."""
        after = block[-1:] + bytes([following]) if following >= 0 else b""
        if b"\r" in block and block.count(b"\r") != block.count(b"\r\n") + (after == b"\r\n"):
            raise Irregular
        if self._before < 0 and block[0] in b"\r\n":
            raise Irregular
        text = np.frombuffer(block, np.uint8)
        has_quotes = self._quote >= 0 and bytes([self._quote]) in block
        mask = (text == self._delimiter) | (text == NEWLINE)
        at = np.flatnonzero(mask | (text == self._quote) if has_quotes else mask)
        marks = text[at]
        if has_quotes:
            is_quote = marks == self._quote
            self._refuse_misplaced(text, at[is_quote], following)
            depth = np.cumsum(is_quote, dtype=np.uint8) + np.uint8(self._quotes % 2)  # wraps, but stays odd or even
            is_outside = (is_quote | (depth & 1)) == 0
            self._quotes += int(np.count_nonzero(is_quote))
            at, marks = at[is_outside], marks[is_outside]
        elif self._quotes % 2:
            at, marks = at[:0], marks[:0]
        self._before = block[-1]
        newlines = np.flatnonzero(marks == NEWLINE)
        self._measure(newlines, len(marks))
        return at[newlines]

    def finish(self) -> None:
        """Raise Irregular where the text ends within quotes, or within a record."""
        if self._before < 0 or self._quotes % 2 or (self._width >= 0 and self._open != self._width):
            raise Irregular

    def _refuse_misplaced(self, text: np.ndarray, quotes: np.ndarray, following: int) -> None:
        opening, closing = quotes[self._quotes % 2 :: 2], quotes[1 - self._quotes % 2 :: 2]
        opened = self._may_touch[text[opening - 1]]
        closed = self._may_touch[text[np.minimum(closing + 1, len(text) - 1)]]
        if len(opening) and opening[0] == 0:
            opened[0] = self._before < 0 or self._may_touch[self._before]
        if len(closing) and closing[-1] == len(text) - 1:
            closed[-1] = following < 0 or self._may_touch[following]
        if not (opened.all() and closed.all()):
            raise Irregular

    def _measure(self, newlines: np.ndarray, marks: int) -> None:
        """Compare the records' widths; `newlines` are their places among the block's marks that count."""
        if not len(newlines):
            self._open += marks
            return
        widths = np.diff(newlines, prepend=-1) - 1
        widths[0] += self._open
        self._width = int(widths[0]) if self._width < 0 else self._width
        if (widths != self._width).any():
            raise Irregular
        self._open = marks - int(newlines[-1]) - 1


def _without_tail(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the blocks without the line ends at the end of all."""
    held: list[bytes] = []
    for block in blocks:
        body = block.rstrip(b"\r\n")
        if body:
            yield b"".join([*held, body])
            held = []
        held.append(block[len(body) :])
        if sum(map(len, held)) > LONGEST_TAIL:
            raise Irregular


def _with_following(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, int]]:
    """Yield every block with the byte that follows it, -1 after the last."""
    last = b""
    for block in filter(None, blocks):
        if last:
            yield last, block[0]
        last = block
    if last:
        yield last, -1
