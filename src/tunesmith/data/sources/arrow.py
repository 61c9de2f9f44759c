"""Arrow: files and streams of record batches, also called IPC and Feather."""

from __future__ import annotations

import polars as pl

from . import Note, silent
from ._bytes import Local
from ._columns import plain
from ._files import Files
from ._ipc import read_table


class Arrow(Files):
    """Rows of Arrow IPC files and streams, as `.arrow`, `.ipc` or `.feather`; types as in Parquet."""

    def read_file(self, file: Local, note: Note = silent) -> pl.DataFrame:
        """Return the rows; raises DataError on what is no whole Arrow file, or a type that cannot be used."""
        table = read_table(file)
        frame = pl.from_arrow(table)
        assert isinstance(frame, pl.DataFrame)
        return frame.select(plain(series, file.name) for series in frame)
