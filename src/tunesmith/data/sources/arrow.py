"""Arrow: files and streams of record batches, also called IPC and Feather."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import polars as pl

from . import Note, silent
from ._bytes import Local
from ._columns import WIDE, plain, plain_types, typed
from ._files import StreamedFiles, refuse_mixed
from ._ipc import parts, read_table
from ._stream import Stream, changed

if TYPE_CHECKING:
    import pyarrow


class Arrow(StreamedFiles):
    """Rows of Arrow IPC files and streams, as `.arrow`, `.ipc` or `.feather`; types as in Parquet."""

    def read_file(self, file: Local, note: Note = silent) -> pl.DataFrame:
        """Return the rows; raises DataError on what is no whole Arrow file, or a type that cannot be used."""
        return pl.DataFrame([plain(series, file.name) for series in _frame(read_table(file))])

    def stream(self, files: Sequence[Local], note: Note = silent) -> Stream:
        """Return the rows block by block; a block is a record batch. All files are looked through first."""
        looks = [_look(file) for file in files]
        heights, types = [height for height, _ in looks], [types for _, types in looks]
        refuse_mixed([(file.name, one) for file, one in zip(files, types, strict=True)])
        whole = pl.concat([pl.DataFrame(schema=one) for one in types], how="diagonal_relaxed").schema

        def frames(at: int) -> Iterator[pl.DataFrame]:
            source, before, own = files[at].name, 0, types[at]
            try:
                for frame in map(_frame, parts(files[at])):
                    made = [typed(series, own[series.name], source, before) for series in frame]
                    yield self.finished(pl.DataFrame([one.cast(whole[one.name]) for one in made]))
                    before += frame.height
            except (pl.exceptions.PolarsError, KeyError) as error:
                raise changed(source) from error
            if before != heights[at]:
                raise changed(source)

        return Stream(heights, [list(one) for one in types], frames)


def _look(file: Local) -> tuple[int, dict[str, pl.DataType]]:
    """Return how many rows a file has, and the types that its columns get."""
    height, ends, schema = 0, list[pl.DataFrame](), pl.Schema()
    for frame in map(_frame, parts(file)):
        schema = schema or frame.schema
        height += frame.height
        wide = pl.DataFrame([series for series in frame if series.dtype in WIDE])
        ends += [wide.min(), wide.max()] if frame.height and wide.width else []
    return height, plain_types(schema, pl.concat(ends) if ends else pl.DataFrame(), file.name)


def _frame(table: pyarrow.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame
