"""Near rows among many: candidates from the numbers of all rows, texts read for those alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..near import Pairs
from ..near.mistyped import single_errors
from ..near.numbers import Numbers, tolerances_of
from ..near.pairs import packed, unpacked
from ..near.search import alike_pairs, by_numbers, by_text, text_similarity
from .spool import RowNumbers, Spool

HELD = 1_000_000  # rows whose texts are held at a time


def near_in(spool: Spool, columns: RowNumbers, kept: np.ndarray, first: np.ndarray) -> Pairs:
    """Return the near pairs among the kept rows (bool): what `near_pairs` finds, of texts, numbers and categories.

    `first` (int64) is the first row of equal inputs: it stands for the others beyond them.
    """
    rows = np.flatnonzero(kept & (first == np.arange(columns.rows)) & ~columns.is_empty)
    later = np.flatnonzero(kept & (first != np.arange(columns.rows)) & ~columns.is_empty)
    copies = Pairs.of(first[later], later, np.ones(len(later), np.float32))
    alike, values = columns.alike[rows], columns.values[rows]
    numbers = Numbers.of(values, tolerances_of(values))
    if spool.texts:
        mistyped = _mistyped(spool, rows, columns.is_short[rows])
        found = np.union1d(packed(*by_text(columns.sketches.of(rows), alike, numbers.order())), mistyped)
        near = alike_pairs(unpacked(found), alike, numbers)
        near = Pairs.join([_verified(spool, rows, part) for part in _parts(near)])
    elif spool.how.numeric:
        near = alike_pairs(by_numbers(numbers, alike), alike, numbers)
    else:
        near = Pairs.none()
    return Pairs.join([copies, Pairs(rows[near.first], rows[near.second], near.similarity)])


def _mistyped(spool: Spool, rows: np.ndarray, is_short: np.ndarray) -> np.ndarray:
    """Return the pairs of rows (int64) whose short texts one error divides, packed, as positions in `rows`."""
    where = np.flatnonzero(is_short)
    first, second = unpacked(single_errors(spool.read_texts(rows[where])))
    return packed(where[first], where[second])


def _parts(pairs: Pairs) -> Iterator[Pairs]:
    """Cut pairs so that each part has HELD rows at most."""
    for start in range(0, len(pairs), HELD // 2):
        part = slice(start, start + HELD // 2)
        yield Pairs(pairs.first[part], pairs.second[part], pairs.similarity[part])


def _verified(spool: Spool, rows: np.ndarray, pairs: Pairs) -> Pairs:
    """Return the pairs whose texts are near."""
    needed, places = np.unique(np.concatenate([pairs.first, pairs.second]), return_inverse=True)
    texts = spool.read_texts(rows[needed])
    similarity = text_similarity(texts, places[: len(pairs)], places[len(pairs) :])
    return pairs.narrowed(similarity, similarity >= np.float32(spool.how.threshold))
