"""Words replaced by synonyms from a list of one's own (EDA: Wei and Zou, EMNLP 2019, section 2)."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import polars as pl
from pydantic import Field

from ...core.draws import Draws
from . import Change, ColumnAugmentation, Kind, Place
from ._word_list import read_word_list
from ._words import WORDS, Pieces, lowest, places_within, some


class Synonym(ColumnAugmentation):
    """Some of a text's words that are in the list are replaced by one of their synonyms, written in the same case."""

    works_on: ClassVar[frozenset[Kind]] = frozenset({"text"})

    path: str = Field(min_length=1)
    """The word list, relative to the recipe: lines `word: synonym, synonym`; `.csv` with the word in the first column
    and synonyms in the others; `.jsonl` with `{"word": ..., "synonyms": [...]}`."""
    share: float = Field(0.1, gt=0.0, le=1.0)
    """The share of a text's words that is replaced, as far as the list has them; one at least."""

    @classmethod
    def samples(cls) -> list[Self]:
        """Return one with a path that is only read when built."""
        return [cls(path="synonyms.txt")]

    def files(self) -> list[str]:
        """Return the word list."""
        return [self.path]

    def build(self, train: pl.Series, place: Place) -> Change:
        """Return the change. Raises NotFoundError or DataError where the list is missing or cannot be read."""
        known = read_word_list(place.folder / self.path)

        def replaced(column: pl.Series, draws: Draws) -> pl.Series:
            pieces = Pieces.of(column, WORDS)
            words = pieces.texts[pieces.words]
            rows, places = pieces.word_rows, places_within(pieces.word_rows)
            listed = np.flatnonzero(words.str.to_lowercase().is_in(list(known)).to_numpy())
            marks = draws.uniform_at(rows[listed], places[listed])
            most = some(self.share, pieces.words_per_row)
            at = listed[lowest(rows[listed], marks, most)]
            which = draws.named(0, "synonym").uniform_at(rows[at], places[at])
            new = [_instead(word, known, one) for word, one in zip(words[at], which.tolist(), strict=True)]
            return pieces.with_words(words.clone().scatter(at, pl.Series(new, dtype=pl.String)))

        return replaced


def _instead(word: str, known: dict[str, list[str]], which: float) -> str:
    """Return one of the word's synonyms, `which` in [0, 1) of the list, in capitals where the word is."""
    synonyms = known[word.lower()]
    new = synonyms[int(which * len(synonyms))]
    if len(word) > 1 and word.isupper():
        return new.upper()
    return new[0].upper() + new[1:] if word[0].isupper() else new
