"""Delimited text: comma, semicolon, tab or bar separated values."""

from __future__ import annotations

import dataclasses

import polars as pl
from pydantic import field_validator

from ...core.errors import DataError
from . import Note, silent
from ._bytes import Local, decode, read_bytes
from ._columns import with_numbers, without_missing
from ._exact import column_names, read_exactly
from ._files import Files
from ._layout import Layout, count_records, find_delimiter


class Csv(Files):
    """Rows of a delimited text with a header line.

    A column is numbers only where every value is one and none has a leading zero; true and false stay text.
    """

    delimiter: str | None = None
    """The character between cells; found if left out: a tab in `.tsv`, else the one of `, ; tab |` that fits."""
    encoding: str | None = None
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

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str | None) -> str | None:
        try:
            b"a".decode(value or "utf-8")
        except UnicodeError:
            pass  # a real encoding, in which this byte is not a whole text
        except LookupError as error:
            raise ValueError("no such text encoding (for instance utf-8, cp1252, utf-16)") from error
        return value

    @field_validator("columns")
    @classmethod
    def _different_names(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if value is not None and (not value or len(set(value)) < len(value) or "" in value):
            raise ValueError("needs one or more different names")
        return value

    def read_file(self, file: Local, note: Note = silent) -> pl.DataFrame:
        """Return the rows as text columns; `finished` finds the numbers, over all files together."""
        text = decode(read_bytes(file), file.name, self.encoding, guess=True)
        if text.guessed_from is not None:
            fact = f"{file.name} line {text.guessed_from} is not UTF-8, so the file was read as {text.encoding}"
            note(f"{fact}; name its `encoding` if letters look wrong")
        data = text.data.rstrip(b"\r\n")
        if not data.strip():
            raise DataError(f"{file.name}: nothing but blank lines; give a file with a header and rows")
        layout = self._layout(file, data)
        records = count_records(data, layout)
        if records is not None:
            frame = self._read_fast(data, layout, file.name)
            if frame.height == records - (self.columns is None):
                return frame
        try:
            return read_exactly(data, layout, file.name, self.columns)
        except DataError:
            if layout.delimiter != "\t" or not layout.quote:
                raise
            try:
                return read_exactly(data, dataclasses.replace(layout, quote=""), file.name, self.columns)
            except DataError:
                pass
            raise

    def finished(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows with empty cells and `missing` made null, and columns of numbers as numbers."""
        return with_numbers(without_missing(frame, ("", *self.missing), self.trim))

    def _layout(self, file: Local, data: bytes) -> Layout:
        delimiter = self.delimiter or ("\t" if file.ending == ".tsv" else find_delimiter(data, self.quote or ""))
        if delimiter == self.quote:
            raise DataError(f"{file.name}: `delimiter` and `quote` are both '{delimiter}'; name two different ones")
        layout = Layout(delimiter, self.quote or "", self.trim)
        if delimiter == "\t" and layout.quote:
            # Many dumps with tabs hold bare quotes. Where every line is a full record by itself, a quote that would
            # swallow a line end is such a bare one; a genuine quoted line end leaves lines that are not full records.
            plain = dataclasses.replace(layout, quote="")
            lines = count_records(data, plain)
            if lines is not None and lines != count_records(data, layout):
                return plain
        return layout

    def _read_fast(self, data: bytes, layout: Layout, source: str) -> pl.DataFrame:
        """Read a regular text; the header is read as a row, so that polars renames nothing."""
        frame = pl.read_csv(
            data,
            has_header=False,
            separator=layout.delimiter,
            quote_char=layout.quote or None,
            infer_schema=False,
        )
        if self.columns is None:
            names = column_names(frame.row(0), f"{source} line 1")
            return frame.slice(1).rename(dict(zip(frame.columns, names, strict=True)))
        if len(self.columns) != frame.width:
            raise DataError(
                f"{source} line 1: {frame.width} cells, `columns` names {len(self.columns)}; name every column"
            )
        return frame.rename(dict(zip(frame.columns, self.columns, strict=True)))
