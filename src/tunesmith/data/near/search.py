"""The search for near rows: candidates by text, image or numbers, then verified in every column that counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from ...core.errors import DataError
from .candidates import candidates
from .images import Images
from .jaccard import jaccard
from .numbers import TOLERANCE, Numbers
from .pairs import Pairs, unpacked
from .shingles import normalised
from .sketch import Sketches

KINDS = ("text", "number", "category", "image")
POSITION = "\x1fposition"  # no column of a file is called so


@dataclass(frozen=True, slots=True)
class _Columns:
    """The names of the columns that count, by kind."""

    text: list[str]
    number: list[str]
    category: list[str]
    image: list[str]

    @classmethod
    def of(cls, frame: pl.DataFrame, kinds: Mapping[str, str]) -> _Columns:
        for name, kind in kinds.items():
            if name not in frame.columns:
                raise DataError(f"near rows: there is no column '{name}' (columns: {', '.join(frame.columns)})")
            if kind not in KINDS:
                raise DataError(f"near rows, column '{name}': unknown kind '{kind}' (known: {', '.join(KINDS)})")
        return cls(*([name for name, kind in kinds.items() if kind == wanted] for wanted in KINDS))


def near_pairs(
    frame: pl.DataFrame, kinds: Mapping[str, str], threshold: float = 0.8, folder: Path | None = None
) -> Pairs:
    """Return the pairs of near rows, each once and sorted.

    `kinds` maps each column that counts to `text`, `number`, `category` or `image` (a path that starts at `folder`).
    Two rows are near where all of this holds:

    - text: the joined texts' sets of character 5-grams (NFKC, case-folded, white space collapsed) have a Jaccard
      similarity of at least `threshold`; texts below 8 characters are equal after that normalisation
    - category: all are equal
    - number: each differs by at most a thousandth of its column's interquartile range
    - image: perceptual hashes differ in at most 8 of 64 bits, small grey copies correlate with at least 0.95, and mean
      colours are close; an image that cannot be read is near to nothing

    What is missing equals only what is missing, and a row of which everything is missing is near to nothing. The
    similarity is the least over the kinds: Jaccard; 1 - difference / interquartile range; the images' correlation.

    Rows equal in every column that counts are near with similarity 1, but a group of them is not all its pairs: each
    is linked to the group's first row, and only this one to rows beyond. In the same spirit more than 64 rows that
    share a key (boilerplate) are compared with their likeliest neighbours only. `groups` joins what belongs together.

    With q = s^3, texts of Jaccard similarity s are found with odds 1 - (1 - q)^9 - 9 q (1 - q)^8: 0.984 at 0.8, 0.998
    at 0.85. What is found is exact: no pair of lower similarity is returned. Raises DataError on an unknown column or
    kind.
    """
    columns = _Columns.of(frame, kinds)
    if not kinds or frame.height < 2:
        return Pairs.none()
    copies, first = _copies(frame, columns)
    kept = np.flatnonzero(first == np.arange(frame.height))
    kept = kept[~_is_empty(frame, columns)[kept]]
    near = _distinct(frame[kept], columns, threshold, folder)
    return Pairs.join([copies, Pairs(kept[near.first], kept[near.second], near.similarity)])


def _copies(frame: pl.DataFrame, columns: _Columns) -> tuple[Pairs, np.ndarray]:
    """Return the links of equal rows to the first of them, and that first position for every row."""
    names = [*columns.text, *columns.number, *columns.category, *columns.image]
    numbered = frame.select(names).with_row_index(POSITION)
    first = numbered.select(pl.col(POSITION).min().over(names))[:, 0].to_numpy().astype(np.int64)
    later = np.flatnonzero((first < np.arange(frame.height)) & ~_is_empty(frame, columns))
    return Pairs.of(first[later], later, np.ones(len(later), np.float32)), first


def _is_empty(frame: pl.DataFrame, columns: _Columns) -> np.ndarray:
    """Return where every column that counts is missing, bool (rows,)."""
    texts = [pl.col(name).cast(pl.String).fill_null("").str.contains(r"\S").not_() for name in columns.text]
    numbers = [pl.col(name).cast(pl.Float64, strict=False).fill_nan(None).is_null() for name in columns.number]
    others = [pl.col(name).is_null() for name in (*columns.category, *columns.image)]
    return frame.select(pl.all_horizontal(*texts, *numbers, *others))[:, 0].to_numpy()


def _distinct(frame: pl.DataFrame, columns: _Columns, threshold: float, folder: Path | None) -> Pairs:
    """Return the near pairs among rows of which no two are equal."""
    alike = _category_hashes(frame, columns.category)
    texts = normalised(frame, columns.text) if columns.text else None
    numbers = Numbers.of(frame, columns.number)
    images = Images.of(frame, columns.image, folder)
    if texts is not None:
        found = _by_text(texts, alike, numbers)
    elif images:
        found = images[0].candidates()
    elif columns.number:
        found = unpacked(candidates(numbers.keys(alike), lambda one, other: one != other))
    else:
        return Pairs.none()
    first, second = found
    apart = numbers.distances(first, second)
    good = (alike[first] == alike[second]) & (apart <= 1.0)
    near = Pairs.of(first[good], second[good], 1.0 - TOLERANCE * apart[good])
    for one in images:
        near = near.narrowed(*one.verified(near.first, near.second))
    if texts is not None:
        similarity = jaccard(texts, near.first, near.second)
        near = near.narrowed(similarity, similarity >= np.float32(threshold))
    return near


def _category_hashes(frame: pl.DataFrame, columns: list[str]) -> np.ndarray:
    """Return a hash (uint64) of each row's categories, all 0 without such columns."""
    if not columns:
        return np.zeros(frame.height, np.uint64)
    return frame.select(pl.col(columns).cast(pl.String)).hash_rows().to_numpy()


def _by_text(texts: pl.Series, alike: np.ndarray, numbers: Numbers) -> tuple[np.ndarray, np.ndarray]:
    """Return candidates (int64, int64) among texts; rows of other categories, `alike` (uint64), share no key."""
    sketches = Sketches.empty(len(texts))
    sketches.fill(0, texts)
    order = numbers.order()
    keys = ((key, third if order is None else order) for key, third in sketches.keys(alike.astype(np.uint32)))
    return unpacked(candidates(keys, sketches.agree))
