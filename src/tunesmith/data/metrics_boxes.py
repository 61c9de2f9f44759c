"""How well boxes are found: COCO's average precision and recall, for the pictures as they are or for many resamples.

The same numbers as pycocotools 2.0 (`COCOeval`, boxes), tested equal to it. What is matched with what does not depend
on how often a picture counts, so matching is done once, and each resample costs one pass over the sorted boxes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .boxes import overlaps
from .encoded import Ragged

THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""Overlaps from which on a box counts as found."""
SINGLE = {"map_50": 0, "map_75": 5}
"""Figures at one overlap: its place among them."""
RECALLS = np.linspace(0.0, 1.0, 101)
"""Where precision is read."""
MOST = (1, 10, 100)
"""The most confident boxes of each class that count in a picture."""
SIZES: Mapping[str, tuple[float, float]] = {
    "all": (0.0, 1e10),
    "small": (0.0, 32.0**2),
    "medium": (32.0**2, 96.0**2),
    "large": (96.0**2, 1e10),
}
"""Ranges of a box's area in pixels, both ends within."""
CELLS = 1 << 22  # numbers of one step of matching that are held at a time
SPACING = float(np.spacing(1.0))

Figures = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Found:
    """Boxes of one class over all pictures, matched within one range of sizes, the most confident first.

    `picture` int64 (boxes,), `rank` int64 (boxes,) its place within its picture, `is_right` and `is_ignored` bool
    (thresholds, boxes); `wanted` int64 (pictures,) counts the true boxes that were to be found.
    """

    picture: np.ndarray
    rank: np.ndarray
    is_right: np.ndarray
    is_ignored: np.ndarray
    wanted: np.ndarray


def matched(truth: Ragged, found: Ragged, sizes: Sequence[str] = tuple(SIZES)) -> dict[str, dict[int, Found]]:
    """Return by size and class what was found.

    Values of `truth` are float (boxes, 5 or 6): class, left, top, width, height in pixels, and 1 for a crowd, which
    need not be found and may be found often. Those of `found` are (boxes, 6): class, confidence, left, top, width,
    height. Within a picture the most confident box takes first what it overlaps most (COCOeval.evaluateImg).
    """
    classes = np.unique(np.concatenate([truth.values[:, 0], found.values[:, 0]])).astype(np.int64).tolist()
    result: dict[str, dict[int, Found]] = {size: {} for size in sizes}
    for number in classes:
        true, said = _of_class(truth, number), _ranked(_of_class(found, number))
        ranges = np.array([SIZES[size] for size in sizes])
        is_right, is_ignored = _matches(true, said, ranges)
        owners = said.owners
        order = np.argsort(-said.values[:, 1], kind="stable")
        rank = np.arange(len(owners)) - said.offsets[owners]
        for at, size in enumerate(sizes):
            unwanted = _unwanted(true.values, ranges[at])
            wanted = np.bincount(true.owners[~unwanted], minlength=len(true))
            result[size][number] = Found(
                owners[order], rank[order], is_right[at][:, order], is_ignored[at][:, order], wanted
            )
    return result


def average_precision(found: Found, weights: np.ndarray, thresholds: Sequence[int] | None = None) -> np.ndarray:
    """Return precision averaged over recall, float64 (resamples, thresholds); NaN where there is nothing to find.

    `weights`, float64 (resamples, pictures), say how often a picture counts: the numbers are those of that many copies
    of it side by side (of boxes of one picture that are equally confident, the earlier comes first in all copies
    together). `thresholds` are places in THRESHOLDS, all where not given. The mean of the highest precision
    at or beyond each of 101 recalls (COCOeval.accumulate), which is reached where a box is right, so only these are
    looked at.
    """
    places = range(len(THRESHOLDS)) if thresholds is None else thresholds
    wanted = weights @ found.wanted
    result = np.full((len(weights), len(places)), np.nan)
    known: tuple[np.ndarray, np.ndarray] | None = None
    for column, at in enumerate(places):
        kept = np.flatnonzero(~found.is_ignored[at])
        if known is None or not np.array_equal(known[0], kept):  # thresholds mostly ignore the same boxes
            known = kept, np.cumsum(weights.take(found.picture[kept], axis=1), axis=1)
        right = np.flatnonzero(found.is_right[at][kept])
        rightly = np.cumsum(weights.take(found.picture[kept[right]], axis=1), axis=1)
        result[:, column] = _area(rightly, known[1].take(right, axis=1), wanted)
    return np.where(wanted[:, None] > 0, result, np.nan)


def average_recall(found: Found, weights: np.ndarray, most: int = MOST[-1]) -> np.ndarray:
    """Return the share of true boxes that were found, float64 (resamples, thresholds); NaN without any to find.

    Only the `most` confident boxes of each picture count.
    """
    wanted = weights @ found.wanted
    right = found.is_right & ~found.is_ignored & (found.rank < most)
    counts = np.stack([np.bincount(found.picture[one], minlength=weights.shape[1]) for one in right])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(wanted[:, None] > 0, (weights @ counts.T) / wanted[:, None], np.nan)


def summary(found: Mapping[str, Mapping[int, Found]], weights: np.ndarray, only: str | None = None) -> Figures:
    """Return COCO's figures, each float64 (resamples,), NaN where undefined; `only` one of the first three alone.

    `found` is what `matched` gave. `map`, `map_50`, `map_75`; of each other size that was matched `map_small`, ...;
    `recall_1`, `recall_10` and `recall_100` with that many boxes per picture. Each is the mean over the classes that
    there are to be found.
    """
    classes, resamples = found["all"].values(), len(weights)
    if only in SINGLE:
        single = [average_precision(one, weights, [SINGLE[only]])[:, 0] for one in classes]
        return {only: mean_over(single, resamples)}
    precision = [average_precision(one, weights) for one in classes]
    result = {"map": mean_over([one.mean(axis=1) for one in precision], resamples)}
    if only == "map":
        return result
    result |= {name: mean_over([one[:, at] for one in precision], resamples) for name, at in SINGLE.items()}
    for size in found.keys() - {"all"}:
        parts = [average_precision(one, weights).mean(axis=1) for one in found[size].values()]
        result[f"map_{size}"] = mean_over(parts, resamples)
    for most in MOST:
        parts = [average_recall(one, weights, most).mean(axis=1) for one in classes]
        result[f"recall_{most}"] = mean_over(parts, resamples)
    return result


def mean_over(classes: Sequence[np.ndarray], resamples: int) -> np.ndarray:
    """Return the mean of the classes' figures that are defined, float64 (resamples,); NaN where none is."""
    if not classes:
        return np.full(resamples, np.nan)
    figures = np.stack(classes)
    is_defined = np.isfinite(figures)
    count = is_defined.sum(axis=0)
    return np.where(count > 0, np.where(is_defined, figures, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)


def _area(right: np.ndarray, counted: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the mean of precision over RECALLS, (resamples,), from running counts (resamples, right boxes)."""
    if not right.shape[1]:
        return np.zeros(len(right))
    precision = right / (counted + SPACING)
    highest = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    recall = right / np.where(wanted > 0, wanted, np.inf)[:, None]
    reached = np.searchsorted(RECALLS, recall, side="right")
    return (highest * np.diff(reached, axis=1, prepend=0)).sum(axis=1) / len(RECALLS)


def _of_class(boxes: Ragged, number: int) -> Ragged:
    chosen = boxes.values[:, 0] == number
    return Ragged.cut(boxes.values[chosen], np.bincount(boxes.owners[chosen], minlength=len(boxes)))


def _ranked(found: Ragged) -> Ragged:
    """Return each picture's boxes, the most confident first, as many as count at all."""
    order = np.lexsort((-found.values[:, 1], found.owners))
    whole = Ragged(found.values[order], found.offsets)
    kept = np.arange(len(order)) - whole.offsets[whole.owners] < MOST[-1]
    return Ragged.cut(whole.values[kept], np.minimum(found.lengths, MOST[-1]))


def _unwanted(true: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Return which true boxes need not be found, bool (boxes,): crowds, and those of another size."""
    area = true[:, 3] * true[:, 4]
    return (area < limits[0]) | (area > limits[1]) | _is_crowd(true)


def _is_crowd(true: np.ndarray) -> np.ndarray:
    return true[:, 5] > 0 if true.shape[1] > 5 else np.zeros(len(true), bool)


def _matches(true: Ragged, said: Ragged, ranges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which boxes of a class are right, and which are ignored, bool (ranges, thresholds, boxes)."""
    area = said.values[:, 4] * said.values[:, 5]
    is_outside = (area < ranges[:, :1]) | (area > ranges[:, 1:])
    shape = (len(ranges), len(THRESHOLDS), len(said.values))
    is_right, is_ignored = np.zeros(shape, bool), np.repeat(is_outside[:, None, :], len(THRESHOLDS), axis=1)
    for pictures in _chunks(true, said, len(ranges)):
        some = _Chunk(true, pictures, ranges)
        for rank in range(int(said.lengths[pictures].max())):
            rows = np.flatnonzero(said.lengths[pictures] > rank)
            places = said.offsets[pictures[rows]] + rank
            is_taken, is_unwanted = some.take(rows, said.values[places, 2:])
            is_right[:, :, places] = is_taken
            is_ignored[:, :, places] = np.where(is_taken, is_unwanted, is_ignored[:, :, places])
    return is_right, is_ignored


def _chunks(true: Ragged, said: Ragged, ranges: int) -> Iterator[np.ndarray]:
    """Yield pictures with boxes of both kinds, of like numbers of true boxes, as many as fit into memory."""
    both = np.flatnonzero((true.lengths > 0) & (said.lengths > 0))
    both = both[np.argsort(true.lengths[both], kind="stable")]
    start = 0
    while start < len(both):
        end = len(both)
        while end - start > 1 and (end - start) * true.lengths[both[end - 1]] * ranges * len(THRESHOLDS) > CELLS:
            end = start + (end - start) // 2
        yield both[start:end]
        start = end


class _Chunk:
    """The true boxes of some pictures side by side, and which of them are taken so far."""

    def __init__(self, true: Ragged, pictures: np.ndarray, ranges: np.ndarray) -> None:
        some = true.take(pictures)
        most = int(some.lengths.max())
        mask = np.arange(most) < some.lengths[:, None]
        self.boxes = np.zeros((len(pictures), most, 4))
        self.boxes[mask] = some.values[:, 1:5]
        self.is_crowd = np.zeros(mask.shape, bool)
        self.is_crowd[mask] = _is_crowd(some.values)
        self.is_unwanted = np.zeros((len(ranges), *mask.shape), bool)
        for at, limits in enumerate(ranges):
            self.is_unwanted[at][mask] = _unwanted(some.values, limits)
        self.is_free = np.broadcast_to(mask, (len(ranges), len(THRESHOLDS), *mask.shape)).copy()

    def take(self, rows: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Let one box of each of these pictures take a true one, bool (ranges, thresholds, rows) twice.

        Told are whether it found one, and whether that one did not have to be found. The one that overlaps most is
        taken, of equals the last; one that is wanted before all others.
        """
        overlap = overlaps(boxes[:, None, :], self.boxes[rows], self.is_crowd[rows])[:, 0]
        enough = overlap >= np.minimum(THRESHOLDS, 1 - 1e-10)[:, None, None]
        able = enough & self.is_free[:, :, rows]
        is_unwanted = self.is_unwanted[:, None, rows]
        wanted = able & ~is_unwanted
        has_wanted = wanted.any(axis=-1, keepdims=True)
        able = np.where(has_wanted, wanted, able)
        reached = np.where(able, overlap, -1.0)
        best = reached.shape[-1] - 1 - reached[..., ::-1].argmax(axis=-1)
        is_taken = np.asarray(able.any(axis=-1))
        size, threshold, row = np.nonzero(is_taken)
        place = best[size, threshold, row]
        crowd = self.is_crowd[rows[row], place]
        self.is_free[size, threshold, rows[row], place] = crowd
        unwanted = np.take_along_axis(np.broadcast_to(is_unwanted, able.shape), best[..., None], axis=-1)[..., 0]
        return is_taken, unwanted
