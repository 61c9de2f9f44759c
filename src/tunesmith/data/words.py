"""Text to words and back: the one rule by which spans of characters become tags of words."""

from __future__ import annotations

import re
from collections.abc import Sequence

Place = tuple[int, int]
"""The first character, and the one after the last."""

WORD = re.compile(r"\w+|[^\w\s]")
"""A word is a run of letters, digits and underscores, or a single other sign; space only parts them."""


def places(text: str) -> list[Place]:
    """Return where the words of a text stand, in characters, in order."""
    return [match.span() for match in WORD.finditer(text)]


def words(text: str) -> list[str]:
    """Return the words of a text."""
    return WORD.findall(text)


def covered(where: Sequence[Place], spans: Sequence[Place]) -> list[tuple[int, int]]:
    """Return for each span, in order and apart, the first word it touches and the one after the last.

    Both are the same number where it touches none. Linear in words and spans.
    """
    found, first = [], 0
    for start, end in spans:
        while first < len(where) and where[first][1] <= start:
            first += 1
        last = first
        while last < len(where) and where[last][0] < end:
            last += 1
        found.append((first, last))
    return found
