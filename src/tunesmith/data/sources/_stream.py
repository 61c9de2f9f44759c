"""Files too large to hold: their rows block by block, in the types of the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from ...core.errors import DataError
from ..dataset import Dataset, concatenate


@dataclass(frozen=True, slots=True)
class Stream:
    """The rows of several files, after a first look at all of them."""

    heights: Sequence[int]
    """How many rows each file has."""
    columns: Sequence[Sequence[str]]
    """The names of each file's columns."""
    frames: Callable[[int], Iterator[pl.DataFrame]]
    """The rows of the file at a position, in the types that the columns have over all files."""


def changed(name: str) -> DataError:
    """Return the error for a file that is not, at its second reading, what it was at the first."""
    return DataError(f"{name}: the file changed while it was read; read it again when it is whole")


def numbered(frames: Iterable[pl.DataFrame], source: str, split: str | None) -> Iterator[Dataset]:
    """Yield the frames of one file with their rows numbered through."""
    before = 0
    for frame in frames:
        block = Dataset.of(frame, source, split)
        yield Dataset(frame, block.index.with_columns(pl.col("row") + before))
        before += frame.height


def in_batches(blocks: Iterable[Dataset], rows: int) -> Iterator[Dataset]:
    """Yield the same rows in batches of `rows`, the last one of what is left."""
    held: list[Dataset] = []
    for block in blocks:
        held.append(block)
        if sum(map(len, held)) < rows:
            continue
        whole = concatenate(held)
        full = len(whole) - len(whole) % rows
        for start in range(0, full, rows):
            yield sliced(whole, start, rows)
        held = [sliced(whole, full, rows)]
    if held and (len(rest := concatenate(held))):
        yield rest


def sliced(data: Dataset, start: int, rows: int) -> Dataset:
    """Return consecutive rows, without a copy."""
    return Dataset(data.frame.slice(start, rows), data.index.slice(start, rows))
