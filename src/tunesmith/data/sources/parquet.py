"""Parquet: typed columns, brought to numbers, texts and lists of texts."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from ...core.errors import DataError
from ..dataset import Dataset
from . import Note, silent
from ._bytes import Local, unreadable
from ._columns import plain
from ._files import Files

MARK = b"PAR1"


class Parquet(Files):
    """Rows of Parquet files; dates become ISO texts, categories and truth values texts, decimals floats.

    A folder means all `.parquet` and `.pq` files in it, at any depth, but those whose name, or whose folder's, starts
    with `_` or `.`. Its folders' names are no columns.
    """

    def members(self, folder: Path) -> list[Path]:
        """Return the Parquet files of a folder by name. Raises DataError where it holds none."""
        found = sorted(one for one in folder.rglob("*") if one.suffix.lower() in (".parquet", ".pq") and one.is_file())
        found = [one for one in found if not any(step[0] in "_." for step in one.relative_to(folder).parts)]
        if not found:
            raise DataError(f"{folder}: no Parquet files in this folder; their names must end in .parquet or .pq")
        return found

    def rows(self, base: Path, note: Note = silent) -> Dataset:
        """Return the rows of every file; folders that are named like values of a column are noted."""
        steps = (step for file in self.files(base) for step in Path(file.place).parent.parts if "=" in step)
        for key in dict.fromkeys(step.partition("=")[0] for step in steps):
            note(f"the folders' names hold values of '{key}', which is not read as a column; write it into the files")
        return super().rows(base, note)

    def read_file(self, file: Local, note: Note = silent) -> pl.DataFrame:
        """Return the rows; raises DataError on a file that is no whole Parquet file, or a type that cannot be used."""
        try:
            with file.path.open("rb") as opened:
                start = opened.read(4)
                end = opened.seek(0, 2) and opened.seek(-4, 2) and opened.read(4) if len(start) == 4 else b""
            if start != MARK or end != MARK:
                raise DataError(f"{file.name}: not a whole Parquet file; write it again, or copy it completely")
            frame = pl.read_parquet(file.path, glob=False, hive_partitioning=False)
        except OSError as error:
            raise unreadable(file.name, error) from error
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            fact = str(error).partition("\n")[0]
            raise DataError(f"{file.name}: a damaged Parquet file ({fact}); write or copy it again") from error
        return frame.select(plain(series, file.name) for series in frame)
