"""Slips of the finger: a neighbouring key, two letters in the wrong order, one left out or doubled."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from ...core.draws import Draws
from . import Change, ColumnAugmentation, Kind, Place
from ._keyboard import neighbours
from ._words import lowest, places_within, some

Slip = Literal["neighbour", "swap", "drop", "double"]


class Typo(ColumnAugmentation):
    """Some letters of a text are mistyped, in ways that people do (Belinkov and Bisk, ICLR 2018, section 4).

    A letter that has no neighbouring key, or none behind it to be swapped with, is typed twice.
    """

    works_on: ClassVar[frozenset[Kind]] = frozenset({"text"})

    share: float = Field(0.02, gt=0.0, le=1.0)
    """The share of a text's letters that is mistyped; one letter at least."""
    slips: list[Slip] = Field(["neighbour", "swap", "drop", "double"], min_length=1)
    """What may happen: the key beside it, swapped with the next letter, left out, typed twice; each as likely."""
    keyboard: Literal["qwerty", "qwertz", "azerty"] = "qwerty"
    """Which keys are neighbours."""

    def build(self, train: pl.Series, place: Place) -> Change:
        """Return the change; nothing is learnt."""
        near = neighbours(self.keyboard)

        def mistyped(column: pl.Series, draws: Draws) -> pl.Series:
            letters, rows = _letters(column)
            places, is_letter = places_within(rows), np.strings.isalpha(letters.view("<U1"))
            able = np.flatnonzero(is_letter)
            most = some(self.share, np.bincount(rows[able], minlength=len(column)))
            at = able[lowest(rows[able], draws.uniform_at(rows[able], places[able]), most)]
            chance = draws.named(0, "slip").uniform_at(rows[at], 2 * places[at])
            slip = np.array(self.slips)[np.floor(chance * len(self.slips)).astype(np.int64)]
            which = draws.named(0, "slip").uniform_at(rows[at], 2 * places[at] + 1)
            times = np.where(slip == "drop", 0, 2)
            times[_pressed_beside(letters, at, slip, which, near)] = 1
            times[_swapped(letters, at, slip, rows, is_letter)] = 1
            written = np.ones(len(letters), np.int64)
            written[at] = times
            texts = _texts(np.repeat(letters, written), np.bincount(rows, written, minlength=len(column)))
            return texts.zip_with(texts != "", column)  # an empty text would count as a missing one

        return mistyped


Keys = tuple[np.ndarray, np.ndarray]


def _pressed_beside(letters: np.ndarray, at: np.ndarray, slip: np.ndarray, which: np.ndarray, near: Keys) -> np.ndarray:
    """Put a neighbour's letter wherever one is asked for and there is one; return where in `at` that was."""
    codes, counts = near
    known = np.minimum(letters[at], len(counts) - 1)
    count = np.where(letters[at] < len(counts), counts[known], 0)
    done = np.flatnonzero((slip == "neighbour") & (count > 0))
    letters[at[done]] = codes[known[done], np.floor(which[done] * count[done]).astype(np.int64)]
    return done


def _swapped(
    letters: np.ndarray, at: np.ndarray, slip: np.ndarray, rows: np.ndarray, is_letter: np.ndarray
) -> np.ndarray:
    """Swap letters with the next wherever that is asked for and can be; return where in `at` that was."""
    behind = np.minimum(at + 1, len(letters) - 1)
    is_free = (behind > at) & is_letter[behind] & (rows[behind] == rows[at]) & ~np.isin(behind, at)
    done = np.flatnonzero((slip == "swap") & is_free)
    first, second = at[done], behind[done]
    letters[first], letters[second] = letters[second], letters[first]
    return done


def _letters(column: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return (codes, rows): every character of some texts as its code, uint32, and the text that it is of, int64."""
    codes = np.frombuffer("".join(column).encode("utf-32-le"), np.uint32).copy()
    return codes, np.repeat(np.arange(len(column)), column.str.len_chars().to_numpy())


def _texts(codes: np.ndarray, lengths: np.ndarray) -> pl.Series:
    """Return the texts, String, that such codes are, given how many characters each has."""
    whole = codes.tobytes().decode("utf-32-le")
    ends = np.cumsum(lengths).astype(np.int64).tolist()
    return pl.Series([whole[start:end] for start, end in zip([0, *ends], ends, strict=False)], dtype=pl.String)
