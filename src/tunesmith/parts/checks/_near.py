"""Rows whose inputs are nearly, but not exactly, the same."""

from __future__ import annotations

import numpy as np
import polars as pl

from ...data.near import Pairs, comparable, near_pairs
from . import Table
from ._words import first_equal

COMPARED = ("text", "number", "category", "image")
FEWEST_NUMBERS = 4  # columns of numbers; in fewer, rows are near by chance wherever values are dense


def nearly_equal(table: Table, threshold: float) -> Pairs:
    """Return the pairs of near rows that are not equal in every input; none where only a few numbers are compared."""
    frame, plain = comparable(table.data.frame, {name: table.kind_of(name) for name in table.inputs})
    kinds = {name: kind for name, kind in plain.items() if kind in COMPARED}
    numbers = sum(frame[name].n_unique() > 2 for name, kind in kinds.items() if kind == "number")
    if numbers < FEWEST_NUMBERS and not {"text", "image"} & set(kinds.values()):
        return Pairs.none()
    pairs = near_pairs(frame, kinds, threshold, table.folder)
    first = first_rows(table)
    return pairs.where(first[pairs.first] != first[pairs.second])


def first_rows(table: Table) -> np.ndarray:
    """Return the first row equal to each row in every input, int64 (rows,); a row without any input is its own."""
    first = np.arange(len(table.data))
    equal = first_equal(table, table.inputs)
    first[equal["position"].to_numpy()] = equal["first"].to_numpy()
    return first


def nearest(rows: np.ndarray, others: np.ndarray, similarity: np.ndarray) -> pl.DataFrame:
    """Return each row once, in order, with the other row that is most like it: `row`, `other`, `similarity`."""
    pairs = pl.DataFrame({"row": rows, "other": others, "similarity": similarity.astype(np.float64)})
    ranked = pairs.sort("row", "similarity", "other", descending=[False, True, False])
    return ranked.unique("row", keep="first", maintain_order=True)
