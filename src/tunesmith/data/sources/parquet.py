"""Parquet: typed columns, brought to numbers, texts and lists of texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from ...core.errors import DataError
from ..dataset import Dataset
from . import Note, silent
from ._bytes import Local, unreadable
from ._columns import WIDE, plain, plain_types, typed
from ._files import StreamedFiles
from ._stream import Stream

MARK = b"PAR1"


class Parquet(StreamedFiles):
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
        with _told(file.name):
            frame = _scanned(file).collect()
        return frame.select(plain(series, file.name) for series in frame)

    def stream(self, files: Sequence[Local], note: Note = silent) -> Stream:
        """Return the rows block by block; a block is of one row group."""
        scans, types, heights = [], [], []
        for file in files:
            with _told(file.name):
                scan = _scanned(file)
                heights.append(scan.select(pl.len()).collect().item())
                types.append(_types(scan, file.name))
            scans.append(scan)
        joined = pl.concat([pl.DataFrame(schema=one) for one in types], how="diagonal_relaxed").schema

        def frames(at: int) -> Iterator[pl.DataFrame]:
            source, before = files[at].name, 0
            with _told(source):
                for frame in scans[at].collect_batches(maintain_order=True):
                    yield frame.select(typed(series, types[at][series.name], source, before) for series in frame).cast(
                        {name: joined[name] for name in frame.columns}
                    )
                    before += frame.height

        return Stream(heights, [list(one) for one in types], frames)


def _scanned(file: Local) -> pl.LazyFrame:
    with file.path.open("rb") as opened:
        start = opened.read(4)
        end = opened.seek(0, 2) and opened.seek(-4, 2) and opened.read(4) if len(start) == 4 else b""
    if start != MARK or end != MARK:
        raise DataError(f"{file.name}: not a whole Parquet file; write it again, or copy it completely")
    return pl.scan_parquet(file.path, glob=False, hive_partitioning=False)


def _types(scan: pl.LazyFrame, source: str) -> dict[str, pl.DataType]:
    """Return the types that `plain` gives the columns; those that may be beyond Int64 are looked at for it."""
    schema = scan.collect_schema()
    wide = [name for name, kind in schema.items() if kind in WIDE]
    ends = [scan.select(pl.col(wide).min()), scan.select(pl.col(wide).max())] if wide else []
    return plain_types(schema, pl.concat(ends).collect() if ends else pl.DataFrame(), source)


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Turn what goes wrong in reading a file into an error that names it."""
    try:
        yield
    except OSError as error:
        raise unreadable(name, error) from error
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        fact = str(error).partition("\n")[0]
        raise DataError(f"{name}: a damaged Parquet file ({fact}); write or copy it again") from error
