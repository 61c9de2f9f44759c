"""Detection: which things are in a picture, and where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from ...data import Ragged
from ...data.boxes import distinct, overlaps
from ...data.forms import Form
from ...data.metrics_boxes import MOST, average_precision, average_recall, matched, summary
from ...data.parallel import in_threads
from ...data.pixels import upright_size
from . import Answered, Figures, MisplacedError, Task

EDGES = ("x", "y", "width", "height")
FIELDS = frozenset({*EDGES, "label"})
ROUNDING = 1.0  # pixels by which a box may leave its picture
ALIKE = 0.5  # overlap from which an answered box is the true one
MEASURED = ("map", "map_50", "map_75", "map_small", "map_medium", "map_large", "recall_100")


class Detection(Task):
    """Boxes with labels, lists of `{x, y, width, height, label}` in pixels of the picture as it is looked at.

    `x` and `y` are the left upper corner. A target is float64 (boxes, 7): class, left, top, width, height, and the
    picture's width and height. Outputs are (queries, classes + 1 + 4): logits of the classes and of nothing, then
    left, top, width and height in pixels; while training, the last four are logits relative to the picture.
    """

    form: ClassVar[Form] = "boxes"
    default_loss: ClassVar[str] = "set_prediction"
    reads: ClassVar[str] = "object"

    metric: Literal["map", "map_50", "map_75"] = "map"
    """What early stopping and the verdict go by: COCO's average precision over overlaps from 0.5 to 0.95, or at one."""
    confidence: float = Field(0.5, ge=0.0, lt=1.0)
    """A box is answered where its class has at least this probability; metrics look at all boxes."""
    most_overlap: float | None = Field(None, gt=0.0, lt=1.0)
    """Of boxes of one class that overlap more than this, only the most confident counts; without it all do."""
    most: int = Field(MOST[-1], ge=1, le=MOST[-1])
    """The most confident boxes of a picture that count."""

    @classmethod
    def suits(cls, target: pl.Series) -> float:
        """Return 1 for lists of boxes."""
        inner = target.dtype.inner if isinstance(target.dtype, pl.List) else None
        return 1.0 if isinstance(inner, pl.Struct) and {one.name for one in inner.fields} >= FIELDS else 0.0

    @classmethod
    def written(cls) -> list[pl.Series]:
        """Return boxes of all sizes in pictures with several, one and none."""
        rows = [
            [_box(3, 4, 20.5, 20, "cat"), _box(50, 60, 40, 50, "dog"), _box(200, 100, 150, 120.25, "cat")],
            [],
            [_box(0, 0, 300, 200, "dog")],
            [_box(10, 20, 30, 30, "dog"), _box(10, 20, 30, 30, "cat"), _box(100, 100, 60, 60, "cat")],
        ]
        return [pl.Series("boxes", rows)]

    def certain(self, encoded: Ragged, state: Mapping[str, Any]) -> Ragged:
        """Return outputs with a query for each true box, and one that finds nothing."""
        lengths = encoded.lengths + 1
        width = self.width(state)
        whole = Ragged.cut(np.zeros((int(lengths.sum()), width)), lengths)
        classes = width - len(EDGES)
        whole.values[:, classes - 1] = 30.0
        places = np.delete(np.arange(len(whole.values)), whole.offsets[1:] - 1)
        whole.values[places, classes - 1] = 0.0
        whole.values[places, encoded.values[:, 0].astype(np.int64)] = 30.0
        whole.values[places, classes:] = encoded.values[:, 1:5]
        return whole

    @property
    def primary(self) -> str:
        """The metric chosen."""
        return self.metric

    def refuse(self, target: pl.Series) -> tuple[int, str] | None:
        """Refuse boxes that are not finite, without area, or without a label."""
        if self.suits(target) < 1.0:
            wanted = ", ".join((*EDGES, "label"))
            return 0, f"{target.dtype} is not a list of boxes with the fields {wanted}"
        flat = _flat(target)
        edges = flat.select(EDGES).to_numpy().astype(np.float64)
        facts = (
            (~np.isfinite(edges).all(axis=1), "has a side that is missing or no finite number"),
            ((edges[:, 2:] <= 0).any(axis=1), "has no area"),
            (flat["label"].is_null().to_numpy(), "has no label"),
        )
        for is_bad, fact in facts:
            if is_bad.any():
                at = int(is_bad.argmax())
                return int(flat["row"][at]), f"the box {_told(edges[at])} {fact}"
        return None

    def fit(self, target: pl.Series) -> dict[str, Any]:
        """Return the labels, sorted."""
        return {"classes": _flat(target)["label"].cast(pl.String).unique().sort().to_list()}

    def width(self, state: Mapping[str, Any]) -> int:
        """Return the number of classes, one for nothing, and four for the box."""
        return len(state["classes"]) + 1 + len(EDGES)

    def encode(self, target: pl.Series, state: Mapping[str, Any]) -> Ragged:
        """Return boxes, Ragged of float64 (boxes, 7), whose picture has no size yet."""
        flat = _flat(target)
        numbers = {name: number for number, name in enumerate(state["classes"])}
        labels = flat["label"].cast(pl.String).to_list()
        unseen = sorted({str(one) for one in labels if one not in numbers})
        if unseen:
            raise ValueError(f"label '{unseen[0]}' does not occur in the training rows")
        values = np.zeros((len(labels), 7))
        values[:, 0] = [numbers[one] for one in labels]
        values[:, 1:5] = flat.select(EDGES).to_numpy()
        return Ragged.cut(values, target.list.len().to_numpy().astype(np.int64))

    def placed(self, encoded: Ragged, inputs: Mapping[str, Any]) -> Ragged:
        """Return boxes beside the size of their picture, told by its file. Raises MisplacedError for one outside."""
        pictures = np.asarray(inputs["image"])[:, 0].tolist()
        sizes = np.zeros((len(pictures), 2))
        for at, size in enumerate(in_threads(upright_size, pictures)):
            if size is None:
                raise MisplacedError(at, f"there is no picture to find boxes in ({pictures[at].source})")
            sizes[at] = size[::-1]
        values, owners = encoded.values.copy(), encoded.owners
        values[:, 5:7] = sizes[owners]
        ends = values[:, 1:3] + values[:, 3:5]
        is_outside = ((values[:, 1:3] < -ROUNDING) | (ends > values[:, 5:7] + ROUNDING)).any(axis=1)
        if is_outside.any():
            at = int(is_outside.argmax())
            width, height = values[at, 5:7]
            raise MisplacedError(
                int(owners[at]), f"the box {_told(values[at, 1:5])} leaves its picture ({width:g} x {height:g} pixels)"
            )
        return Ragged(values, encoded.offsets)

    def scores(self, outputs: Ragged, state: Mapping[str, Any]) -> Ragged:
        """Return the boxes found, float64 (boxes, 6): class, probability, left, top, width, height, likeliest first."""
        classes = len(state["classes"])
        logits = outputs.values[:, : classes + 1]
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        probable = (powers / powers.sum(axis=1, keepdims=True))[:, :classes]
        best = probable.argmax(axis=1)
        sure = probable[np.arange(len(best)), best]
        found = np.column_stack([best, sure, outputs.values[:, classes + 1 :]])
        owners = outputs.owners
        order = np.lexsort((-sure, owners))
        ranked = Ragged(found[order], outputs.offsets)
        kept = np.arange(len(order)) - ranked.offsets[owners] < self.most
        if self.most_overlap is not None:
            kept &= self._distinct(ranked)
        return Ragged.cut(ranked.values[kept], np.bincount(owners[kept], minlength=len(outputs)))

    def decided(self, scores: Ragged, state: Mapping[str, Any]) -> Ragged:
        """Return the boxes found, as they are."""
        return scores

    def answers(self, scores: Ragged, state: Mapping[str, Any]) -> list[tuple[Any, float | None, dict[str, float]]]:
        """Return per picture its boxes with their confidence, that of the least sure, and each class's highest."""
        names, told = state["classes"], []
        for at in range(len(scores)):
            boxes = scores[at]
            highest = {str(name): 0.0 for name in names}
            for number, sure in boxes[::-1, :2]:
                highest[str(names[int(number)])] = float(sure)
            sure_ones = boxes[boxes[:, 1] >= self.confidence]
            answer = [
                dict(zip(EDGES, one[2:].tolist(), strict=True))
                | {"label": names[int(one[0])], "confidence": float(one[1])}
                for one in sure_ones
            ]
            told.append((answer, float(sure_ones[:, 1].min()) if len(sure_ones) else None, highest))
        return told

    def is_right(self, answer: Any, label: Any) -> bool:
        """Return whether there is one answered box for each true one, of its label and overlapping it by half."""
        if len(answer) != len(label):
            return False
        left = list(label)
        for one in answer:
            alike = [at for at, other in enumerate(left) if other["label"] == one["label"] and _overlap(one, other)]
            if not alike:
                return False
            del left[alike[0]]
        return True

    def truth(self, encoded: Ragged, state: Mapping[str, Any]) -> Ragged:
        """Return boxes, float64 (boxes, 5): class, left, top, width, height."""
        return Ragged(encoded.values[:, :5], encoded.offsets)

    def classes(self, state: Mapping[str, Any]) -> list[Any] | None:
        """Return the labels."""
        return list(state["classes"])

    def answered(self, targets: Ragged, scores: Ragged, state: Mapping[str, Any]) -> Answered:
        """Return true boxes and those found, and as answers which of them are the same."""
        truth = self.truth(targets, state)
        return Answered(truth, scores, matched(truth, scores), state)

    def measured(self, given: Answered, weights: np.ndarray, only: str | None = None) -> Figures:
        """Return COCO's figures, each float64 (resamples,); with `only`, that one alone."""
        found = summary(given.answers, weights, only)
        return {name: found[name] for name in MEASURED if name in found}

    def measured_by_class(self, given: Answered, weights: np.ndarray) -> dict[str, Figures] | None:
        """Return average precision and recall of each class."""
        names, undefined = given.state["classes"], np.full(len(weights), np.nan)
        told = {str(name): dict.fromkeys(("map", "map_50", "recall_100"), undefined) for name in names}
        for number, one in given.answers["all"].items():
            precision, recall = average_precision(one, weights), average_recall(one, weights)
            figures = {"map": precision.mean(axis=1), "map_50": precision[:, 0], "recall_100": recall.mean(axis=1)}
            told[str(names[number])] = figures
        return told

    def support(self, given: Answered) -> dict[str, int]:
        """Return in how many pictures each class is."""
        names, truth = given.state["classes"], given.truth
        pairs = np.unique(np.column_stack([truth.owners, truth.values[:, 0].astype(np.int64)]), axis=0)
        counts = np.bincount(pairs[:, 1], minlength=len(names))
        return {str(name): int(count) for name, count in zip(names, counts, strict=True)}

    def losses(self, given: Answered) -> np.ndarray:
        """Return each picture's squared errors: of a box that is right 1 less its confidence, of another its own.

        A true box that is not found counts as 1. Right is what overlaps a true box of its class by half.
        """
        result = np.zeros(len(given.truth))
        for number, one in given.answers["all"].items():
            is_right, sure = one.is_right[0], _confidence(given.scores, number)
            errors = np.where(is_right, (1.0 - sure) ** 2 - 1.0, sure**2)
            result += np.bincount(one.picture, errors, minlength=len(result)) + one.wanted
        return result

    def pictures(self, given: Answered) -> dict[str, Any]:
        """Return nothing: what there is to see is in the worst rows."""
        return {}

    def _distinct(self, ranked: Ragged) -> np.ndarray:
        assert self.most_overlap is not None
        kept = np.zeros(len(ranked.values), bool)
        for at in range(len(ranked)):
            boxes = ranked[at]
            for number in np.unique(boxes[:, 0]):
                places = np.flatnonzero(boxes[:, 0] == number)
                stays = distinct(boxes[places, 2:], boxes[places, 1], self.most_overlap)
                kept[ranked.offsets[at] + places[stays]] = True
        return kept


def _confidence(scores: Ragged, number: int) -> np.ndarray:
    """Return the confidence of the boxes of a class in the order of what was matched, (boxes,)."""
    return -np.sort(-scores.values[scores.values[:, 0] == number, 1], kind="stable")


def _flat(target: pl.Series) -> pl.DataFrame:
    """Return a row per box: its fields, and in `row` the position of its picture."""
    frame = pl.DataFrame({"boxes": target}).with_row_index("row").filter(pl.col("boxes").list.len() > 0)
    if not frame.height:
        return pl.DataFrame(schema={"row": pl.UInt32, **dict.fromkeys(EDGES, pl.Float64), "label": pl.String})
    return frame.explode("boxes").unnest("boxes")


def _box(x: float, y: float, width: float, height: float, label: str) -> dict[str, Any]:
    return {"x": float(x), "y": float(y), "width": float(width), "height": float(height), "label": label}


def _told(edges: np.ndarray) -> str:
    x, y, width, height = (f"{one:g}" for one in edges)
    return f"({x}, {y}, {width} wide, {height} high)"


def _overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    first, second = (np.array([[float(box[name]) for name in EDGES]]) for box in (one, other))
    return bool(overlaps(first, second)[0, 0] >= ALIKE)
