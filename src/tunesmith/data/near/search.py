"""The search for near rows: candidates by text, image or numbers, then verified in every column that counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb
from pathlib import Path

import numpy as np
import polars as pl

from .candidates import candidates
from .columns import Columns
from .images import Images
from .jaccard import jaccard
from .mistyped import closeness, single_errors
from .numbers import TOLERANCE, Numbers, matrix, tolerances_of
from .pairs import Pairs, packed, unpacked
from .progress import Told, between, counted, unheard
from .shingles import normalised
from .sketch import Plan, Sketches

Candidates = tuple[np.ndarray, np.ndarray]
READ = 0.8  # about how much of the work it is to read images, where there are any
SKETCHED, LINKED = 0.3, 0.5
"""About how much of the rest is done once texts are sketched, and once candidates are found; then they are compared."""
POSITION = "\x1fposition"  # no column of a file is called so


@dataclass(frozen=True, slots=True)
class Place:
    """Where the paths of images start, and who hears how much is done."""

    folder: Path | None
    told: Told


def near_pairs(
    frame: pl.DataFrame,
    kinds: Mapping[str, str],
    threshold: float = 0.8,
    folder: Path | None = None,
    told: Told = unheard,
) -> Pairs:
    """Return the pairs of near rows, each once and sorted.

    `kinds` maps each column that counts to `text`, `number`, `category` or `image` (a path that starts at `folder`).
    Two rows are near where all of this holds:

    - text: the joined texts' sets of character 5-grams (NFKC, case-folded, white space collapsed) have a Jaccard
      similarity of at least `threshold`; texts below 8 characters are equal after that normalisation; texts of three
      words or more and below 64 characters are near too where one typing error divides them (a character too many, too
      few or changed, or two swapped, but no digit and no symbol); their similarity is then 1 - 1 / length
    - category: all are equal
    - number: each differs by at most a thousandth of its column's interquartile range
    - image: perceptual hashes differ in at most 10 of 64 bits, small grey copies correlate with at least 0.9, and mean
      colours are close; an image that cannot be read is near to nothing

    What is missing equals only what is missing, and a row of which everything is missing is near to nothing. The
    similarity is the least over the kinds: Jaccard; 1 - difference / interquartile range; the images' correlation.

    Rows equal in every column that counts are near with similarity 1, but a group of them is not all its pairs: each
    is linked to the group's first row, and only this one to rows beyond. In the same spirit more than 64 rows that
    share a key (boilerplate) are compared with their likeliest neighbours only. `groups` joins what belongs together.

    Texts of Jaccard similarity 0.8 are found with odds 0.984, those of 0.85 with 0.998 (`sketch.Plan` has the formula;
    at lower thresholds, 0.96 and more). What is found is exact: no pair of lower similarity is returned.

    `told` hears how much is done, from 0 to 1. Raises DataError on an unknown column or kind, or a threshold below 0.6.
    """
    columns = Columns.of(frame, kinds)
    if not kinds or frame.height < 2:
        return Pairs.none()
    first = _first_equal(frame, columns)
    is_empty = columns.empty(frame)
    later = np.flatnonzero((first < np.arange(frame.height)) & ~is_empty)
    copies = Pairs.of(first[later], later, np.ones(len(later), np.float32))
    kept = np.flatnonzero((first == np.arange(frame.height)) & ~is_empty)
    near = _distinct(frame[kept], columns, threshold, Place(folder, told))
    told(1.0)
    return Pairs.join([copies, Pairs(kept[near.first], kept[near.second], near.similarity)])


def _first_equal(frame: pl.DataFrame, columns: Columns) -> np.ndarray:
    """Return for every row the position (int64) of the first row equal to it in the columns that count."""
    numbered = frame.select(columns.names).with_row_index(POSITION)
    return numbered.select(pl.col(POSITION).min().over(columns.names))[:, 0].to_numpy().astype(np.int64)


def _distinct(frame: pl.DataFrame, columns: Columns, threshold: float, place: Place) -> Pairs:
    """Return the near pairs among rows of which no two are equal."""
    read = READ if columns.image else 0.0
    told = between(place.told, read, 1.0)
    alike = columns.alike(frame)
    texts = normalised(frame, columns.text) if columns.text else None
    values = matrix(frame, columns.number)
    numbers = Numbers.of(values, tolerances_of(values))
    images = Images.of(frame, columns.image, place.folder, between(place.told, 0.0, read))
    if texts is not None:
        sketches = Sketches.empty(len(texts), Plan.of(threshold))
        sketches.fill(0, texts, between(told, 0.0, SKETCHED))
        found = by_text(sketches, alike, numbers.order(), between(told, SKETCHED, LINKED))
        found = unpacked(np.union1d(packed(*found), single_errors(texts)))
    elif images:
        found = images[0].candidates()
    elif columns.number:
        found = by_numbers(numbers, alike)
    else:
        return Pairs.none()
    near = alike_pairs(found, alike, numbers)
    for one in images:
        near = near.narrowed(*one.verified(near.first, near.second))
    if texts is not None:
        similarity = text_similarity(texts, near.first, near.second, between(told, LINKED, 1.0))
        near = near.narrowed(similarity, similarity >= np.float32(threshold))
    return near


def by_text(sketches: Sketches, alike: np.ndarray, order: np.ndarray | None, told: Told = unheard) -> Candidates:
    """Return candidates among sketched texts; rows that differ in `alike` (uint64) share no key.

    `order` (uint32) is a further key for large buckets; another part of the sketches where it is None.
    """
    keys = ((key, part if order is None else order) for key, part in sketches.keys(alike.astype(np.uint32)))
    return unpacked(candidates(counted(keys, comb(sketches.plan.parts, 2), told), sketches.agree))


def text_similarity(texts: pl.Series, first: np.ndarray, second: np.ndarray, told: Told = unheard) -> np.ndarray:
    """Return the greater of two similarities, float32 (pairs,): Jaccard, and that of short texts with an error."""
    return np.maximum(jaccard(texts, first, second, told), closeness(texts, first, second))


def by_numbers(numbers: Numbers, alike: np.ndarray) -> Candidates:
    """Return candidates among rows of numbers; rows that differ in `alike` (uint64) share no key."""
    return unpacked(candidates(numbers.keys(alike), lambda first, second: numbers.distances(first, second) <= 1.0))


def alike_pairs(found: Candidates, alike: np.ndarray, numbers: Numbers) -> Pairs:
    """Return the candidates whose categories are equal and whose numbers are near."""
    first, second = found
    apart = numbers.distances(first, second)
    good = (alike[first] == alike[second]) & (apart <= 1.0)
    return Pairs.of(first[good], second[good], 1.0 - TOLERANCE * apart[good])
