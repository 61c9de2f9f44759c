"""Ten million rows in bounded memory: ids, copies, near rows, split, all from one reading of the source."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from ..hashing import hexadecimal, unit_intervals
from ..near import Pairs, sides
from .copies import first_equal, occurrences
from .search import near_in
from .sifting import Sifting
from .spool import Spool

__all__ = ["SIDES", "Sifted", "Sifting", "sift"]

SIDES = ("train", "validation", "test", "aside")
ASIDE = SIDES.index("aside")


@dataclass(frozen=True, slots=True)
class Sifted:
    """What came of the rows: `rows` = `copies` + the sum of `splits`. `pairs` of rows, by position, are near."""

    rows: int
    copies: int
    pairs: Pairs
    splits: dict[str, int]


def sift(
    batches: Iterable[pl.DataFrame], to: Path, how: Sifting, began: Callable[[str], None] = lambda stage: None
) -> Sifted:
    """Write the rows without exact copies, with `id` and `split`, as Parquet shards into the folder `to`.

    The rows are read once, batch by batch, and wait in uncompressed Arrow files in `to` until all are known. In memory
    are, of each row, a few numbers; texts only of a batch, and of rows that are compared. `began` hears the name of
    each stage when it begins: read, copies, near, split, write.

    - A row's id is the one that `Dataset.identified` gives it. Of rows equal in the inputs and the target the first is
      kept; copies are recognised by 64 bits of sha256.
    - The split follows from the inputs, as `stages.split` has it, but for near rows: the later takes the side of the
      earlier, and one near to rows on two sides is set aside (`near.sides`).

    Raises DataError where batches differ in their columns, or a column is called `id` or `split`.
    """
    to.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".sifting-", dir=to))
    try:
        began("read")
        spool = Spool(work, how)
        for batch in batches:
            spool.add(batch)
        columns = spool.closed()
        began("copies")
        first, kept = first_equal(columns.content), first_equal(columns.whole) == np.arange(columns.rows)
        began("near")
        pairs = near_in(spool, columns, kept, first)
        began("split")
        split = _split(columns.content, kept, how)
        split = np.where(kept, sides(split, pairs, ASIDE), -1).astype(np.int8)
        began("write")
        number = occurrences(columns.content)
        for at, start, frame in spool.frames():
            rows = slice(start, start + frame.height)
            made = _finished(frame, columns.content[rows], number[rows], split[rows])
            made.write_parquet(to / f"part-{at:05d}.parquet")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    counts = np.bincount(split[kept], minlength=len(SIDES)).tolist()
    return Sifted(columns.rows, int((~kept).sum()), pairs, dict(zip(SIDES, counts, strict=True)))


def _split(content: np.ndarray, kept: np.ndarray, how: Sifting) -> np.ndarray:
    """Return the index in SIDES of where each kept row would stand by itself, int8 (rows,)."""
    found = np.zeros(len(content), np.int8)
    places = unit_intervals(hexadecimal(content[kept]), how.salt)
    found[kept] = np.select([places < how.test, places < how.test + how.validation], [2, 1], 0)
    return found


def _finished(frame: pl.DataFrame, content: np.ndarray, number: np.ndarray, split: np.ndarray) -> pl.DataFrame:
    ids = hexadecimal(content)
    counted = pl.Series(number)
    names = pl.Series("split", np.array(SIDES, object)[split], pl.String)
    ids = pl.select(pl.when(counted > 1).then(ids + "-" + counted.cast(pl.String)).otherwise(ids).alias("id"))["id"]
    return frame.with_columns(ids, names).filter(pl.Series(split >= 0))
