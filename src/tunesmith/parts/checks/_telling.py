"""How well a coded column tells the target by itself, each row judged by the other rows of its code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from ...core.seed import stream
from ...data.shapes import is_chat, shaped_inputs
from . import Table

ROWS_OF_A_CLASS = 5  # a class of fewer rows is left out: that one column tells it may be chance
SEPARATORS = ("|", ";", ",")
TAIL = 0.01  # share of the values at either end of a numeric target that are drawn in, so that one row cannot decide


@dataclass(frozen=True, slots=True)
class Asked:
    """A target in numbers, at the rows that have one; of many rows a sample.

    `rows` int64 (asked,) are positions in rising order. `answers` are what may be told: one array of classes, int64
    (asked,); or of every label of several whether it is there; or values, float64 (asked,), as they are and in ranks.
    `names` names the label that an answer is about, or is None for each.
    """

    rows: np.ndarray
    answers: tuple[np.ndarray, ...]
    names: tuple[str | None, ...]
    classes: tuple[str, ...] = ()
    """The names of the classes, or of the labels, that may stand in a text."""

    @property
    def told_apart(self) -> int:
        """How many classes an answer has: 2 for a label that is there or not, 0 for a value."""
        first = self.answers[0]
        return 0 if first.dtype.kind == "f" else int(first.max()) + 1

    def told_by(self, codes: np.ndarray) -> tuple[float, str | None]:
        """Return how well codes, int64 (asked,), tell the best told answer, 0..1, and which label that is."""
        scores = [
            values_told(codes, one) if one.dtype.kind == "f" else classes_told(codes, one) for one in self.answers
        ]
        best = int(np.argmax(scores))
        return scores[best], self.names[best]


def ask(table: Table, rows: int, labels: int) -> Asked | None:
    """Return the target's numbers for at most about `rows` rows and `labels` labels; None where nothing is asked."""
    if table.target is None or table.task in ("chat", "seq2seq"):
        return None
    if shaped_inputs(table.data.frame, table.target) and not is_chat(table.data.frame, table.target):
        return None  # a tag, an answer or a box belongs to a place within the row, which no value of a row tells
    target = table.data.frame[table.target]
    if table.task == "multilabel" or target.dtype == pl.List:
        return _labels(_sets(target), rows, labels)
    is_value = table.task == "regression" or (table.task is None and target.dtype.is_float())
    return _values(target, rows) if is_value else _classes(target, rows)


def _classes(target: pl.Series, limit: int) -> Asked | None:
    """Ask for classes: an equal number of rows of each where there are too many, for every class weighs the same."""
    labelled = pl.DataFrame({"row": pl.int_range(len(target), eager=True), "label": target.cast(pl.String)})
    labelled = labelled.drop_nulls().filter(pl.len().over("label") >= ROWS_OF_A_CLASS)
    names = tuple(labelled["label"].unique().sort().to_list())
    if len(names) < 2:
        return None
    if labelled.height > limit:
        place = pl.Series("place", stream(0, "leakage").permutation(labelled.height))
        each = max(limit // len(names), ROWS_OF_A_CLASS)
        labelled = labelled.with_columns(place).filter(pl.col("place").rank("ordinal").over("label") <= each)
    codes = labelled["label"].replace_strict(names, range(len(names)), return_dtype=pl.Int64)
    return Asked(labelled["row"].to_numpy(), (codes.to_numpy(),), (None,), names)


def _values(target: pl.Series, limit: int) -> Asked | None:
    values = target.cast(pl.Float64, strict=False).to_numpy()
    rows = _some(np.flatnonzero(np.isfinite(values)), limit)
    values = values[rows]
    if not len(values) or values.min() == values.max():
        return None
    drawn_in = np.clip(values, *np.quantile(values, [TAIL, 1 - TAIL]))
    ranks = pl.Series(values).rank().to_numpy().astype(np.float64)
    return Asked(rows, (drawn_in, ranks), (None, None))


def _labels(target: pl.Series, limit: int, most: int) -> Asked | None:
    rows = _some(target.is_not_null().to_numpy().nonzero()[0], limit)
    answers = target[rows]
    counts = answers.explode().drop_nulls().value_counts(sort=True)
    few = (pl.col("count") >= ROWS_OF_A_CLASS) & (pl.col("count") <= len(rows) - ROWS_OF_A_CLASS)
    names = counts.filter(few).to_series(0).head(most).to_list()
    if not names:
        return None
    return Asked(
        rows,
        tuple(answers.list.contains(name).to_numpy().astype(np.int64) for name in names),
        tuple(names),
        tuple(names),
    )


def _sets(target: pl.Series) -> pl.Series:
    """Return lists of labels; a text is cut at the first of the usual separators that occurs."""
    if target.dtype == pl.List:
        return target.cast(pl.List(pl.String))
    texts = target.cast(pl.String)
    separator = next((one for one in SEPARATORS if texts.str.contains(one, literal=True).any()), SEPARATORS[0])
    return texts.str.split(separator).list.eval(pl.element().str.strip_chars())


def _some(rows: np.ndarray, limit: int) -> np.ndarray:
    """Return at most `limit` of the rows, drawn by chance, in order."""
    if len(rows) <= limit:
        return rows
    return np.sort(stream(0, "leakage").choice(rows, limit, replace=False))


def classes_told(codes: np.ndarray, labels: np.ndarray) -> float:
    """Return the balanced accuracy, 0..1, of giving each row the class that the other rows of its code speak for.

    `codes` and `labels` are int64 (rows,), labels 0..classes-1. A code speaks for the class of which it holds the
    greatest share. Where no other row has the code, or two classes tie, the row counts as guessed. As each row is left
    out of its own table, a code that only one row has tells nothing: the encoding of many categories by their targets
    misleads without that (Micci-Barreca 2001; Prokhorenkova et al. 2018, section 3).
    """
    classes = int(labels.max()) + 1
    cells, counts = _cells(codes, labels, classes)
    code, label = np.divmod(cells, classes)
    sizes = np.bincount(labels, minlength=classes)
    share = counts / sizes[label]
    order = np.lexsort((-share, code))
    code, label, share, counts = code[order], label[order], share[order], counts[order]
    start = np.flatnonzero(np.diff(code, prepend=-1))
    cell_of = np.repeat(np.arange(len(start)), np.diff(start, append=len(code)))
    best, has_second = share[start], np.append(code[1:] == code[:-1], False)[start]
    second = np.where(has_second, share[np.minimum(start + 1, len(share) - 1)], 0.0)
    other = np.where(np.arange(len(code)) == start[cell_of], second[cell_of], best[cell_of])
    own = (counts - 1) / np.maximum(sizes[label] - 1, 1)
    credit = np.where(own > other, 1.0, np.where(own < other, 0.0, 1 / classes))
    recall = np.bincount(label, weights=credit * counts, minlength=classes) / np.maximum(sizes, 1)
    return float(recall[sizes > 0].mean())


def _cells(codes: np.ndarray, labels: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs `code * classes + label` that occur, and how often."""
    cells = codes * classes + labels
    if cells.max() < 4 * len(cells):
        counts = np.bincount(cells)
        return counts.nonzero()[0], counts[counts > 0]
    return np.unique(cells, return_counts=True)


def values_told(codes: np.ndarray, values: np.ndarray) -> float:
    """Return R2, at least 0, of giving each row the mean of the other rows of its code; alone in it, of all others.

    `codes` int64 (rows,), `values` float64 (rows,). 1 - the sum of squares that is left / that of the mean of all
    other rows.
    """
    rows = len(values)
    counts = np.bincount(codes)
    means = np.bincount(codes, weights=values) / np.maximum(counts, 1)
    size = counts[codes]
    left = (values - means[codes]) * size / np.maximum(size - 1, 1)
    apart = (values - values.mean()) * rows / max(rows - 1, 1)
    left = np.where(size == 1, apart, left)
    total = float(apart @ apart)
    return max(0.0, 1.0 - float(left @ left) / total) if total > 0 else 0.0
