"""Arrow: files and streams of record batches, also called IPC and Feather."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ...core.errors import DataError
from ...core.need import lazy
from . import Note, silent
from ._bytes import Local, unreadable
from ._columns import plain
from ._files import Files

if TYPE_CHECKING:
    import pyarrow
    from pyarrow import ipc
else:
    pyarrow, ipc = lazy("pyarrow"), lazy("pyarrow.ipc")

MARK = b"ARROW1"


class Arrow(Files):
    """Rows of Arrow IPC files and streams, as `.arrow`, `.ipc` or `.feather`; types as in Parquet."""

    def read_file(self, file: Local, note: Note = silent) -> pl.DataFrame:
        """Return the rows; raises DataError on what is no whole Arrow file, or a type that cannot be used."""
        table = read_table(file)
        frame = pl.from_arrow(table)
        assert isinstance(frame, pl.DataFrame)
        return frame.select(plain(series, file.name) for series in frame)


def read_table(file: Local) -> pyarrow.Table:
    """Return an IPC file or stream as a table, its buffers checked. Raises DataError where it is damaged."""
    try:
        with pyarrow.memory_map(str(file.path)) as held:
            opened = ipc.open_file if held.read(len(MARK)) == MARK else ipc.open_stream
            held.seek(0)
            with opened(held) as reader:
                table = reader.read_all()
        table.validate(full=True)
    except (pyarrow.ArrowException, EOFError) as error:
        fact = str(error).partition("\n")[0] or "it is empty"
        raise DataError(
            f"{file.name}: not a whole Arrow file ({fact}); write it again, or copy it completely"
        ) from error
    except OSError as error:
        raise unreadable(file.name, error) from error
    names = table.column_names
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DataError(f"{file.name}: more than one column is named '{repeated[0]}'; rename all but one")
    return table
