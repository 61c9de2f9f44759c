"""Many columns at once: to ask each by itself costs a thousand times what its few rows are worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import polars as pl

CELL = "cell"  # what a column is called by itself: Polars takes names like `^a$` for patterns
CELLS = 1 << 18  # laid end to end; a column of more stands alone


def stacked(
    frame: pl.DataFrame, names: Sequence[str], dtype: type[pl.DataType] = pl.String
) -> Iterator[tuple[Sequence[str], pl.Series]]:
    """Yield these columns, as one type, end to end, some at a time: their names, and their rows column by column."""
    size = max(1, CELLS // max(frame.height, 1))
    for start in range(0, len(names), size):
        some = names[start : start + size]
        yield some, pl.concat([frame[name].cast(dtype).rename(CELL) for name in some], rechunk=True)


def having(
    frame: pl.DataFrame,
    names: Sequence[str],
    look: Callable[[pl.Series], pl.Series],
    dtype: type[pl.DataType] = pl.String,
) -> set[str]:
    """Return which of these columns have a row where `look` is true; it is asked of many columns, end to end."""
    found: set[str] = set()
    for some, values in stacked(frame, names, dtype):
        answers: np.ndarray = look(values).fill_null(False).to_numpy().reshape(len(some), frame.height)
        found.update(some[at] for at in np.flatnonzero(answers.any(axis=1)).tolist())
    return found
