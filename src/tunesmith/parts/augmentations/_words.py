"""Texts cut into words and what stands between them, all texts in one flat column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

CHUNKS = r"\S+|\s+"  # words with the punctuation that hangs on them
SPACED = r"\S+\s*|\s+"  # the same, each with the space behind it
WORDS = r"\w+(?:['’-]\w+)*|\W"  # words alone; every other character stands for itself


@dataclass(frozen=True, slots=True)
class Pieces:
    """The pieces of some texts one after another: words, and between them what is none.

    `texts` is String (pieces,), `rows` says which text each belongs to, int64 in rising order, `count` how many texts
    there are, and `words` where in `texts` the words stand, int64.
    """

    texts: pl.Series
    rows: np.ndarray
    count: int
    words: np.ndarray

    @classmethod
    def of(cls, column: pl.Series, pattern: str) -> Pieces:
        """Cut texts by one of the patterns above, of which every character of a text is part."""
        lists = column.str.extract_all(pattern)
        rows = np.repeat(np.arange(len(column)), lists.list.len().to_numpy())
        texts = lists.explode().drop_nulls()
        is_word = texts.str.contains(r"^\w" if pattern == WORDS else r"^\S")
        return cls(texts, rows, len(column), np.flatnonzero(is_word.to_numpy()))

    @property
    def word_rows(self) -> np.ndarray:
        """Which text each word belongs to, int64 (words,)."""
        return self.rows[self.words]

    @property
    def words_per_row(self) -> np.ndarray:
        """How many words each text has, int64 (texts,)."""
        return np.bincount(self.word_rows, minlength=self.count)

    def with_words(self, words: pl.Series) -> pl.Series:
        """Return the texts, String (texts,), with other words in the places of theirs."""
        return self._joined(self.texts.clone().scatter(self.words, words))

    def without(self, at: np.ndarray) -> pl.Series:
        """Return the texts, String (texts,), without the pieces at these positions."""
        return self._joined(self.texts.clone().scatter(at, ""))

    def _joined(self, texts: pl.Series) -> pl.Series:
        frame = pl.DataFrame({"row": self.rows, "text": texts})
        found = frame.group_by("row", maintain_order=True).agg(pl.col("text").str.join(""))
        whole = pl.DataFrame({"row": np.arange(self.count)}).join(found, "row", "left", maintain_order="left")
        return whole["text"].fill_null("")


def places_within(rows: np.ndarray) -> np.ndarray:
    """Return the number of each entry within its row, from 0; `rows` is in rising order."""
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    return np.arange(len(rows)) - np.repeat(starts, np.diff(np.append(starts, len(rows))))


def lowest(rows: np.ndarray, marks: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Return the positions of the `most[row]` entries with the lowest marks of each row, int64 in rising order.

    `rows` is in rising order, `marks` float64 of the same length: with random marks this is a random choice.
    """
    order = np.lexsort((marks, rows))
    return np.sort(order[places_within(rows) < most[rows]])


def some(share: float, counts: np.ndarray) -> np.ndarray:
    """Return how many are a share of these counts, one at least: n = max(1, share x count) (Wei and Zou 2019)."""
    return np.maximum(1, np.rint(share * counts)).astype(np.int64)
