"""Rows that wait on disk: the batches as they came, and beside them a few numbers of each row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from ...core.errors import DataError
from ..hashing import row_hashes
from ..near.columns import Columns
from ..near.mistyped import LONGEST
from ..near.numbers import matrix
from ..near.shingles import normalised
from ..near.sketch import Plan, Sketches
from .sifting import Sifting

OWN = ("id", "split")  # the columns that sifting adds


@dataclass(frozen=True, slots=True)
class RowNumbers:
    """Memory-mapped numbers of all rows: `content` and `whole` (with the target) are hashes of 64 bits.

    `alike` (uint64) is a hash of the categories, `is_empty` (bool) true where every input is missing, `values` float64
    (rows, numbers), `sketches` of the texts, `is_short` (bool) true where these are below LONGEST characters.
    """

    content: np.ndarray
    whole: np.ndarray
    alike: np.ndarray
    is_empty: np.ndarray
    values: np.ndarray
    sketches: Sketches
    is_short: np.ndarray

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.content)


class Spool:
    """Takes batches, gives back what is known of their rows, and the batches again."""

    def __init__(self, folder: Path, how: Sifting) -> None:
        self.folder, self.how = folder, how
        self._plan = Plan.of(how.threshold)
        self._schema: pl.Schema | None = None
        self._starts: list[int] = [0]

    def add(self, batch: pl.DataFrame) -> None:
        """Keep a batch. Raises DataError where its columns are not those of the first one."""
        if not batch.height:
            return
        self._check(batch)
        how, columns = self.how, Columns.of(batch, self.how.kinds)
        content = row_hashes(batch, list(how.kinds), how.numeric)
        whole = content
        if how.target is not None:
            target = batch.select(pl.col(how.target).cast(pl.String)).hash_rows().to_numpy()
            whole = (content ^ target) * np.uint64(0x9E3779B97F4A7C15)
        self._append("content", content)
        self._append("whole", whole)
        self._append("alike", columns.alike(batch))
        self._append("empty", columns.empty(batch))
        self._append("values", matrix(batch, columns.number))
        if columns.text:
            sketches, texts = Sketches.empty(batch.height, self._plan), normalised(batch, columns.text)
            sketches.fill(0, texts)
            self._append("short", (texts.str.len_chars() < LONGEST).to_numpy())
            for at, part in enumerate(sketches.parts):
                self._append(f"part-{at}", part)
            self._append("marks", sketches.marks)
        batch.write_ipc(self._place(len(self._starts) - 1), compression="uncompressed")
        self._starts.append(self._starts[-1] + batch.height)

    def closed(self) -> RowNumbers:
        """Return the numbers of all rows. Raises DataError where there is no row."""
        if self._schema is None:
            raise DataError("sift: there are no rows")
        numbers = len(self.how.numeric)
        sketches = Sketches.empty(0, self._plan)
        if self.texts:
            parts = [self._mapped(f"part-{part}", np.uint32) for part in range(self._plan.parts)]
            sketches = Sketches(self._plan, parts, self._mapped("marks", np.uint8, self._plan.hashes))
        return RowNumbers(
            self._mapped("content", np.uint64),
            self._mapped("whole", np.uint64),
            self._mapped("alike", np.uint64),
            self._mapped("empty", np.bool_),
            self._mapped("values", np.float64, numbers) if numbers else np.empty((self._starts[-1], 0)),
            sketches,
            self._mapped("short", np.bool_) if self.texts else np.zeros(self._starts[-1], bool),
        )

    @property
    def texts(self) -> list[str]:
        """The inputs that are texts."""
        return [name for name, kind in self.how.kinds.items() if kind == "text"]

    def frames(self) -> Iterator[tuple[int, int, pl.DataFrame]]:
        """Yield number, position of the first row and rows of each batch; each batch's file is gone afterwards."""
        for at, start in enumerate(self._starts[:-1]):
            place = self._place(at)
            yield at, start, pl.read_ipc(place)
            place.unlink()

    def read_texts(self, rows: np.ndarray) -> pl.Series:
        """Return the normalised texts of these rows (int64, ascending)."""
        found = [pl.Series([], dtype=pl.String)]
        bounds = np.searchsorted(rows, self._starts)
        for at, (low, high) in enumerate(pairwise(bounds.tolist())):
            if high > low:
                frame = pl.read_ipc(self._place(at), columns=self.texts)
                found.append(normalised(frame[rows[low:high] - self._starts[at]], self.texts))
        return pl.concat(found)

    def _check(self, batch: pl.DataFrame) -> None:
        if self._schema is None:
            taken = [name for name in OWN if name in batch.columns]
            if taken:
                raise DataError(f"sift: there is a column '{taken[0]}' already, which sifting adds; rename it")
            if self.how.target is not None and self.how.target not in batch.columns:
                known = ", ".join(batch.columns)
                raise DataError(f"sift: there is no column '{self.how.target}', the target (columns: {known})")
            self._schema = batch.schema
        if batch.schema != self._schema:
            odd = sorted(set(batch.schema.items()) ^ set(self._schema.items()), key=str)
            names = ", ".join(f"'{name}' {kind}" for name, kind in odd)
            raise DataError(f"sift: the batch from row {self._starts[-1] + 1} on has other columns: {names}")

    def _append(self, name: str, numbers: np.ndarray) -> None:
        with (self.folder / name).open("ab") as file:
            file.write(np.ascontiguousarray(numbers).data)

    def _mapped(self, name: str, dtype: type, columns: int | None = None) -> np.ndarray:
        shape = (self._starts[-1],) if columns is None else (self._starts[-1], columns)
        return np.memmap(self.folder / name, dtype, "r", shape=shape)

    def _place(self, at: int) -> Path:
        return self.folder / f"rows-{at}.arrow"
