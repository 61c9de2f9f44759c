"""Answers that are spans of a text: the right ones, and what a model says of the places where they may stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ..core.errors import DataError
from .encoded import Ragged

SURE = 20.0  # an output that leaves no doubt


@dataclass(frozen=True, slots=True)
class Spans(Ragged):
    """The right answers of rows, none where there is none: `values` int64 (answers, 2) count characters of a text.

    They are the first character and the one after the last; `texts`, object (answers,), is what stands there.
    """

    texts: np.ndarray

    def take(self, positions: np.ndarray) -> Self:
        """Return the rows at these positions, copied."""
        places = Ragged(np.arange(len(self.texts)), self.offsets).take(positions).values
        return replace(Ragged.take(self, positions), texts=self.texts[places])

    def followed_by(self, other: Self) -> Self:
        """Return these rows and then the other's."""
        return replace(Ragged.followed_by(self, other), texts=np.concatenate([self.texts, other.texts]))

    def first(self) -> np.ndarray:
        """Return each row's first answer, int64 (rows, 2), negative where there is none."""
        found = np.full((len(self), 2), -1, np.int64)
        has = self.lengths > 0
        found[has] = self.values[self.offsets[:-1][has]]
        return found

    def along(self, places: Places, ids: Sequence[str]) -> Ragged:
        """Return labels line by line (see `right_lines`).

        Raises DataError naming the first row in whose text an answer does not stand where it says.
        """
        for row, (start, end), text in zip(self.owners.tolist(), self.values.tolist(), self.texts, strict=True):
            if places.texts[row][start:end] != text:
                there = places.texts[row][start:end]
                raise DataError(
                    f"row {ids[row]}: the answer '{text:.40}' does not stand at {start} of the text, '{there:.40}' "
                    "stands there; correct the row, or leave its text as it is in `clean`"
                )
        return Ragged.cut(right_lines(places, self), places.lengths)


@dataclass(frozen=True, slots=True)
class Places(Ragged):
    """What each line of a model's outputs stands for: `values` int32 (lines, 3) and the rows' `texts`, object (rows,).

    A text is read in windows. A window's first line says that the window holds no answer, (1, 0, 0); each other line is
    a token of the text: (0, its first character, the one after the last), in their order.
    """

    texts: np.ndarray

    def take(self, positions: np.ndarray) -> Self:
        """Return the rows at these positions, copied."""
        return replace(Ragged.take(self, positions), texts=self.texts[positions])

    def followed_by(self, other: Self) -> Self:
        """Return these rows and then the other's."""
        return replace(Ragged.followed_by(self, other), texts=np.concatenate([self.texts, other.texts]))

    @property
    def firsts(self) -> np.ndarray:
        """Where each window's first line stands, int64 (windows,)."""
        return np.flatnonzero(self.values[:, 0])

    @property
    def windows(self) -> np.ndarray:
        """The window that each line belongs to, counted over all rows, int64 (lines,)."""
        return np.cumsum(self.values[:, 0], dtype=np.int64) - 1


@dataclass(frozen=True, slots=True)
class Windows(Ragged):
    """What a model says of `places`: `values` float (lines, 2), for an answer that begins there, and one that ends."""

    places: Places

    def take(self, positions: np.ndarray) -> Self:
        """Return the rows at these positions, copied."""
        return replace(Ragged.take(self, positions), places=self.places.take(positions))

    def followed_by(self, other: Self) -> Self:
        """Return these rows and then the other's."""
        return replace(Ragged.followed_by(self, other), places=self.places.followed_by(other.places))


def right_lines(places: Places, right: Spans) -> np.ndarray:
    """Return labels int64 (lines, 3): whether a window begins, and whether a right answer begins and ends there.

    An answer counts where a window holds all of it, on the last token that begins at or before its first character and
    the first that ends with or behind its last. In other windows it begins and ends on the line for no answer.
    """
    firsts, windows = places.firsts, places.windows
    is_token = places.values[:, 0] == 0
    sizes = np.diff([*firsts, len(places.values)]) - 1
    labels = np.stack([places.values[:, 0], np.zeros(len(windows)), np.zeros(len(windows))], axis=1).astype(np.int64)
    owners = places.owners[firsts] if len(firsts) else np.zeros(0, np.int64)
    holds = np.zeros(len(firsts), bool)
    for rank in range(int(right.lengths.max(initial=0))):
        spans = np.full((len(right), 2), -1, np.int64)
        has = right.lengths > rank
        spans[has] = right.values[right.offsets[:-1][has] + rank]
        start, end = spans[owners][windows].T
        before = np.add.reduceat(is_token & (places.values[:, 1] <= start), firsts, dtype=np.int64)
        within = np.add.reduceat(is_token & (places.values[:, 2] < end), firsts, dtype=np.int64)
        is_held = (before > 0) & (within < sizes) & (before <= within + 1) & has[owners]
        labels[firsts[is_held] + before[is_held], 1] = 1
        labels[firsts[is_held] + within[is_held] + 1, 2] = 1
        holds |= is_held
    labels[firsts[~holds], 1:] = 1
    return labels


def told(spans: np.ndarray, texts: np.ndarray) -> Windows:
    """Return the outputs of what is sure of these spans, int64 (rows, 2), negative where there is no answer."""
    has = spans[:, 0] >= 0
    lengths = 1 + has.astype(np.int64)
    starts = np.cumsum(lengths) - lengths
    values, places = np.zeros((int(lengths.sum()), 2)), np.zeros((int(lengths.sum()), 3), np.int32)
    places[starts, 0] = 1
    places[starts[has] + 1, 1:] = spans[has]
    values[starts[has] + 1] = SURE
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Windows(values, offsets, Places(places, offsets, texts))
