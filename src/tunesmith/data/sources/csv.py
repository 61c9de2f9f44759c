"""Delimited text: comma, semicolon, tab or bar separated values."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import polars as pl
from pydantic import field_validator

from ...core.errors import DataError
from . import Note, silent
from ._bytes import Encoding, Local, Text, examined
from ._columns import Cells, with_numbers, without_missing
from ._delimited import Delimited
from ._files import StreamedFiles
from ._layout import SAMPLE_BYTES, Layout, find_delimiter
from ._regular import Irregular, count_records
from ._stream import Stream, changed

Held = TypeVar("Held")


class Csv(StreamedFiles):
    """Rows of a delimited text with a header line.

    A column is numbers only where every value is one and none has a leading zero; true and false stay text.
    """

    delimiter: str | None = None
    """The character between cells; found if left out: a tab in `.tsv`, else the one of `, ; tab |` that fits."""
    encoding: Encoding | None = None
    """The encoding of the text; if left out: the one its mark names, UTF-8, or else Windows-1252 or Latin-1."""
    columns: tuple[str, ...] | None = None
    """The names of the columns, where the file has no header line."""
    quote: str | None = '"'
    """The character around cells that hold a delimiter or a line end; empty where quotes are ordinary characters."""
    trim: bool = True
    """Whether space around values is dropped."""

    @field_validator("delimiter", "quote")
    @classmethod
    def _one_character(cls, value: str | None) -> str | None:
        if value and (len(value) > 1 or not value.isascii() or value in "\r\n\0"):
            raise ValueError("must be one ASCII character, not a line end")
        return value

    @field_validator("columns")
    @classmethod
    def _different_names(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if value is not None and (not value or len(set(value)) < len(value) or "" in value):
            raise ValueError("needs one or more different names")
        return value

    def read_file(self, file: Local, note: Note = silent) -> pl.DataFrame:
        """Return the rows as text columns; `finished` finds the numbers, over all files together."""
        return self._read(file, note, lambda way: pl.concat(list(way.frames())))

    def finished(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows with empty cells and `missing` made null, and columns of numbers as numbers."""
        return with_numbers(self._clean(frame))

    def stream(self, files: Sequence[Local], note: Note = silent) -> Stream:
        """Return the rows block by block. All files are read twice: the first time for the types of their columns."""
        surveys = [self._read(file, note, self._survey) for file in files]
        cells: dict[str, Cells] = {}
        for survey in surveys:
            for name, one in survey.cells.items():
                cells[name] = cells.get(name, Cells()) | one
        types = {name: one.dtype for name, one in cells.items()}

        def frames(at: int) -> Iterator[pl.DataFrame]:
            height = 0
            try:
                for frame in surveys[at].way.frames():
                    height += frame.height
                    yield self._clean(frame).cast({name: types[name] for name in frame.columns})
            except (Irregular, pl.exceptions.PolarsError, KeyError) as error:
                raise changed(files[at].name) from error
            if height != surveys[at].height:
                raise changed(files[at].name)

        return Stream([one.height for one in surveys], [list(one.cells) for one in surveys], frames)

    def _clean(self, frame: pl.DataFrame) -> pl.DataFrame:
        return without_missing(frame, ("", *self.missing), self.trim)

    def _survey(self, way: Delimited) -> _Survey:
        height, runs, cells = 0, list[int](), dict[str, Cells]()
        for frame in way.frames(runs):
            height += frame.height
            undecided = [name for name in frame.columns if cells.setdefault(name, Cells()).are_numbers]
            for series in self._clean(frame.select(undecided)):
                cells[series.name] |= Cells.of(series)
        return _Survey(dataclasses.replace(way, runs=runs), height, cells)

    def _read(self, file: Local, note: Note, use: Callable[[Delimited], Held]) -> Held:
        """Return what `use` makes of the first way in which the whole file can be read."""
        text = examined(file, self.encoding, guess=True)
        if text.guessed_from is not None:
            fact = f"{file.name} line {text.guessed_from} is not UTF-8, so the file was read as {text.encoding}"
            note(f"{fact}; name its `encoding` if letters look wrong")
        layout = self._layout(text)
        ways = [Delimited(text, layout, self.columns, True), Delimited(text, layout, self.columns, False)]
        if layout.delimiter == "\t" and layout.quote:
            ways.append(Delimited(text, dataclasses.replace(layout, quote=""), self.columns, False))
        fault: DataError | None = None
        for way in ways:
            try:
                return use(way)
            except Irregular:
                continue
            except DataError as error:
                fault = fault or error
        assert fault is not None  # an exact way either reads a text or says why not
        raise fault

    def _layout(self, text: Text) -> Layout:
        start, name = text.start(SAMPLE_BYTES + 1), text.file.name
        delimiter = self.delimiter or ("\t" if text.file.ending == ".tsv" else find_delimiter(start, self.quote or ""))
        if delimiter == self.quote:
            raise DataError(f"{name}: `delimiter` and `quote` are both '{delimiter}'; name two different ones")
        layout = Layout(delimiter, self.quote or "", self.trim)
        if delimiter == "\t" and layout.quote:
            # Many dumps with tabs hold bare quotes. Where every line is a full record by itself, a quote that would
            # swallow a line end is such a bare one; a genuine quoted line end leaves lines that are not full records.
            plain = dataclasses.replace(layout, quote="")
            lines = count_records(text.blocks(), plain)
            if lines is not None and lines != count_records(text.blocks(), layout):
                return plain
        return layout


@dataclasses.dataclass(frozen=True, slots=True)
class _Survey:
    """How a file is read, how many rows it has, and what the cells of its columns are."""

    way: Delimited
    height: int
    cells: dict[str, Cells]
