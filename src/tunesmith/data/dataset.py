"""A table whose rows have identities: the user's columns beside id, row number, source and split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..core.errors import DataError
from ..core.ids import digest
from .hashing import hexadecimal, row_hashes


@dataclass(frozen=True, slots=True)
class Dataset:
    """`frame` holds the user's columns; `index` has the same height and the columns `id content row source split`.

    `row` is the 1-based number in the source file's own order. `split` is null until the rows are split
    (or from the start, where the data came as separate files). `id` names the row for ever; `content` is the
    hash of its inputs, equal for rows of equal inputs. Both are empty until `identified`.
    Paths in cells, as of images, start at `folder`; None where the rows come from no source: at the current folder.
    """

    frame: pl.DataFrame
    index: pl.DataFrame
    folder: Path | None = None

    @classmethod
    def of(cls, frame: pl.DataFrame, source: str, split: str | None = None) -> Dataset:
        """Number the rows of a freshly read frame."""
        index = pl.DataFrame({"row": np.arange(1, frame.height + 1, dtype=np.int64)}).select(
            pl.lit("").alias("id"),
            pl.lit("").alias("content"),
            "row",
            pl.lit(source).alias("source"),
            pl.lit(split, pl.String).alias("split"),
        )
        return cls(frame, index)

    def __len__(self) -> int:
        return self.frame.height

    @property
    def ids(self) -> list[str]:
        """The ids of the rows, in order."""
        return self.index["id"].to_list()

    @property
    def contents(self) -> list[str]:
        """The hashes of the rows' inputs, in order."""
        return self.index["content"].to_list()

    @property
    def rows(self) -> list[int]:
        """The source's own row numbers, in order."""
        return self.index["row"].to_list()

    @property
    def columns(self) -> list[str]:
        """The names of the user's columns."""
        return self.frame.columns

    def place(self, position: int) -> str:
        """Return where a row stands, for a message: `reviews.csv row 812`."""
        row = self.index.row(position, named=True)
        return f"{row['source']} row {row['row']}"

    def take(self, positions: Sequence[int] | np.ndarray) -> Dataset:
        """Return the rows at these positions, in their order."""
        chosen = np.asarray(positions, dtype=np.int64)
        return replace(self, frame=self.frame[chosen], index=self.index[chosen])

    def where(self, mask: np.ndarray | pl.Series) -> Dataset:
        """Return the rows where the mask (bool, one per row) is true."""
        keep = pl.Series(mask)
        return replace(self, frame=self.frame.filter(keep), index=self.index.filter(keep))

    def in_split(self, name: str) -> Dataset:
        """Return the rows assigned to a split."""
        return self.where((self.index["split"] == name).fill_null(False))

    def with_splits(self, names: Sequence[str | None]) -> Dataset:
        """Return the same rows with their split written down."""
        return replace(self, index=self.index.with_columns(pl.Series("split", names, pl.String)))

    def identified(self, columns: Sequence[str], numeric: Sequence[str] = (), key: str | None = None) -> Dataset:
        """Give every row its lasting id: the `key` column's value, or a hash of these input columns.

        Numbers are hashed by value, all else as text, so a row keeps its id from CSV to Parquet. Rows with equal
        inputs share the hash and get `-2`, `-3`, ... Raises DataError where the key column repeats or is empty.
        """
        hashes = row_hashes(self.frame, columns, numeric)
        content = hexadecimal(hashes).alias("content")
        ids = _counted(hashes, content) if key is None else self._keys(key)
        return replace(self, index=self.index.with_columns(content, ids.alias("id")))

    def _keys(self, key: str) -> pl.Series:
        keys = self.frame[key].cast(pl.String)
        bad = keys.is_null() | ~keys.is_first_distinct()
        if bad.any():
            at = int(bad.arg_true()[0])
            fact = "is empty" if keys[at] is None else f"repeats '{keys[at]}'"
            raise DataError(f"{self.place(at)}, column '{key}': the id {fact}; ids must be unique, or leave `id` out")
        return keys

    def example(self, position: int) -> dict[str, Any]:
        """Return one row's values by column name, to be shown: of bytes their length and digest."""
        row = self.frame.row(position, named=True)
        return {name: _shown(value) if isinstance(value, bytes) else value for name, value in row.items()}


def _shown(value: bytes) -> str:
    return f"{len(value)} bytes, sha256 {digest(value)[:12]}"


def _counted(hashes: np.ndarray, content: pl.Series) -> pl.Series:
    """Return the hashes in hexadecimal, the second and later row of one hash with `-2`, `-3`, ... behind it."""
    repeated = np.flatnonzero(pl.Series(hashes).is_duplicated().to_numpy())
    if not len(repeated):
        return content
    number = pl.DataFrame({"hash": hashes[repeated]}).select(pl.int_range(1, pl.len() + 1).over("hash"))[:, 0]
    later = (number > 1).to_numpy()
    return content.clone().scatter(
        repeated[later], content[repeated[later]] + "-" + number.filter(later).cast(pl.String)
    )


def concatenate(parts: Sequence[Dataset]) -> Dataset:
    """Join datasets of the same columns. Raises DataError where columns, or the folders that paths start at, differ."""
    refuse_other_columns([(part.index["source"][0] if len(part) else "rows", part.columns) for part in parts])
    folders = list(dict.fromkeys(part.folder for part in parts if part.folder is not None))
    if len(folders) > 1:
        raise DataError(f"paths of some rows start at {folders[0]}, of others at {folders[1]}; keep them together")
    frames = [part.frame.select(parts[0].columns) for part in parts]
    index = pl.concat([part.index for part in parts])
    return Dataset(pl.concat(frames, how="vertical_relaxed"), index, folders[0] if folders else None)


def refuse_other_columns(named: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Raise DataError at the first source whose columns are not those of the first one, naming what differs."""
    source, columns = named[0]
    for other, names in named[1:]:
        if set(names) != set(columns):
            odd = ", ".join(f"'{name}'" for name in sorted(set(names) ^ set(columns)))
            raise DataError(f"{other}: columns differ from {source}: {odd}")
