"""One way of reading a delimited text: with a layout, fast where the text is regular, or exact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from ...core.errors import DataError
from ._bytes import Text
from ._exact import column_names, exact_frames
from ._layout import Layout
from ._regular import Irregular, pieces, regular_records


@dataclass(frozen=True, slots=True)
class Delimited:
    """A text with its layout; `columns` are its columns where it has no header, `is_regular` asks for the fast way."""

    text: Text
    layout: Layout
    columns: Sequence[str] | None
    is_regular: bool
    runs: Sequence[int] | None = None
    """The lengths in bytes of runs of whole records, where the text has been read in the fast way before."""

    def frames(self, runs: list[int] | None = None) -> Iterator[pl.DataFrame]:
        """Yield the rows as text columns, in blocks of bounded size; what the fast way learns is added to `runs`.

        Raises DataError with the line of a fault, and Irregular where the fast way does not fit: what was yielded
        before must then be thrown away.
        """
        if not self.is_regular:
            yield from exact_frames(self.text.blocks, self.layout, self.text.file.name, self.columns)
            return
        names = self.columns
        for frame in self._parsed_again(self.runs) if self.runs is not None else self._parsed_first(runs):
            if names is None:  # the header is read as a row, so that polars renames nothing
                names = column_names(frame.row(0), f"{self.text.file.name} line 1")
                frame = frame.slice(1)
            if len(names) != frame.width:
                fact = f"{frame.width} cells, `columns` names {len(names)}"
                raise DataError(f"{self.text.file.name} line 1: {fact}; name every column")
            yield frame.rename(dict(zip(frame.columns, names, strict=True)))

    def _parsed_first(self, runs: list[int] | None) -> Iterator[pl.DataFrame]:
        for data, records in regular_records(self.text.blocks(), self.layout):
            frame = self._parsed(data)
            if frame.height != records:
                raise Irregular
            if runs is not None:
                runs.append(len(data))
            yield frame

    def _parsed_again(self, runs: Sequence[int]) -> Iterator[pl.DataFrame]:
        return map(self._parsed, pieces(self.text.blocks(), runs))

    def _parsed(self, data: bytes) -> pl.DataFrame:
        try:
            return pl.read_csv(
                data,
                has_header=False,
                separator=self.layout.delimiter,
                quote_char=self.layout.quote or None,
                infer_schema=False,
            )
        except pl.exceptions.PolarsError as error:
            raise Irregular from error
