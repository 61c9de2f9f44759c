"""A column of answers in a text, in each of the forms in which they are kept, as flat arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

STARTS = ("start", "answer_start")


@dataclass(frozen=True, slots=True)
class Unfolded:
    """Answers one after another: `texts` object, `starts` int64 (-1: not told), and how many each row has, int64."""

    texts: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray

    @property
    def owners(self) -> np.ndarray:
        """The row of each answer, int64 (answers,)."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)


def is_list_of_answers(kind: pl.DataType) -> bool:
    """Return whether a column holds lists of `{text, start}`, or, as the Hub keeps them, both as lists of their own."""
    if isinstance(kind, pl.List) and isinstance(kind.inner, pl.Struct):
        held = {field.name: field.dtype for field in kind.inner.fields}
    elif isinstance(kind, pl.Struct):
        lists = {field.name: field.dtype for field in kind.fields}
        held = {name: one.inner for name, one in lists.items() if isinstance(one, pl.List)}
    else:
        return False
    start = next((held[name] for name in STARTS if name in held), pl.String())
    return held.get("text") in (pl.String, pl.Null) and (start.is_integer() or start == pl.Null)


def unfolded(target: pl.Series) -> Unfolded:
    """Return a column's answers; a missing cell has none."""
    if isinstance(target.dtype, pl.Struct):
        fields = target.struct.unnest()
        texts, start = fields["text"], fields[_start(fields.columns)]
        lengths = texts.list.len().fill_null(0).to_numpy()
        return Unfolded(*_arrays(_flat(texts), _flat(start)), lengths.astype(np.int64))
    lengths = target.list.len().fill_null(0).to_numpy() if isinstance(target.dtype, pl.List) else np.zeros(len(target))
    inner = _flat(target) if lengths.any() else pl.Series([], dtype=pl.Null)
    if not isinstance(inner.dtype, pl.Struct):
        return Unfolded(np.zeros(0, object), np.zeros(0, np.int64), lengths.astype(np.int64))
    fields = inner.struct.unnest()
    return Unfolded(*_arrays(fields["text"], fields[_start(fields.columns)]), lengths.astype(np.int64))


def standing(texts: pl.Series, answers: Unfolded) -> np.ndarray:
    """Return whether each answer stands in its row's text where it says, bool (answers,)."""
    rows = texts.to_list()
    pairs = zip(answers.owners.tolist(), answers.texts.tolist(), answers.starts.tolist(), strict=True)
    return np.array(
        [start >= 0 and bool(text) and (rows[row] or "").startswith(text, start) for row, text, start in pairs], bool
    )


def _flat(lists: pl.Series) -> pl.Series:
    """Return what lists hold, one after another; an empty or missing list holds nothing."""
    return lists.filter(lists.list.len().fill_null(0) > 0).explode()


def _start(names: list[str]) -> str:
    return next(name for name in STARTS if name in names)


def _arrays(texts: pl.Series, starts: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    return np.array(texts.to_list(), object), starts.cast(pl.Int64).fill_null(-1).to_numpy().astype(np.int64)
