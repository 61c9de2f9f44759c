"""CoNLL files: a word and its tags per line, a blank line between sentences."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from pydantic import Field, field_validator

from ...core.errors import DataError
from . import Note, silent
from ._bytes import Encoding, Local, examined
from ._files import Files

DOCUMENT = "-DOCSTART-"
WORDS, TAGS, OF = "words", "tags", "document"
CELLS = " \t"


class Conll(Files):
    """A row per sentence: `words` and `tags`, lists of the same length, and what else `columns` names.

    Cells stand between tabs where the first line has one, else between blanks. Where `-DOCSTART-` lines divide the
    file, the column `document` names each sentence's document, to split by.
    """

    columns: dict[str, int] = Field({WORDS: 0, TAGS: -1}, validate_default=True)
    """Name -> number of the cell in a line, from 0; negative ones count from the end."""
    comment: str = "#"
    """Lines that begin so, and do not have as many cells as the others, are left out; empty: there are no comments."""

    encoding: Encoding | None = None
    """The encoding of the text; if left out: the one its mark names, or UTF-8."""

    @field_validator("columns")
    @classmethod
    def _has_words(cls, value: dict[str, int]) -> dict[str, int]:
        if WORDS not in value or OF in value:
            raise ValueError(f"needs `{WORDS}:`, and `{OF}` is found by itself")
        return value

    def read_file(self, file: Local, note: Note = silent) -> pl.DataFrame:
        """Return a row per sentence. Raises DataError with the line where a cell is missing or one too many."""
        text = examined(file, self.encoding).whole().decode().replace("\r\n", "\n").replace("\r", "\n")
        lines = pl.DataFrame({"text": pl.Series(text.split("\n"), dtype=pl.String)}).with_row_index("line", offset=1)
        lines = lines.with_columns(pl.col("text").str.strip_chars(CELLS).alias("bare"))
        lines = lines.with_columns(
            (pl.col("bare") == "").alias("is_blank"),
            pl.col("bare").str.contains(rf"^{DOCUMENT}(?:[ \t]|$)").alias("is_document"),
        )
        places = pl.col("is_document").cum_sum().alias(OF), (pl.col("is_blank") | pl.col("is_document")).cum_sum()
        rows = lines.with_columns(places[0], places[1].alias("sentence"))
        rows = rows.filter(~pl.col("is_blank") & ~pl.col("is_document"))
        rows = self._without_comments(self._cut(rows), file.name)
        frame = rows.select(OF, "sentence", *(self._column(rows, name, file.name) for name in self.columns))
        grouped = frame.group_by("sentence", maintain_order=True).agg(*self.columns, pl.first(OF)).drop("sentence")
        is_divided = bool(lines["is_document"].any())
        name = pl.format("{} {}", pl.lit(file.name), OF) if is_divided else pl.lit(None, pl.String)
        return grouped.with_columns(name.alias(OF))

    def finished(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows without the column `document` where no file is divided into documents."""
        return frame.drop(OF) if OF in frame.columns and frame[OF].null_count() == frame.height else frame

    def raw(self, base: Path) -> pl.DataFrame:
        """Return the sentences as `read` does: a file of lines has no rows of cells."""
        return self.read(base).frame

    def _without_comments(self, rows: pl.DataFrame, source: str) -> pl.DataFrame:
        """Return the lines of words, all of one width. Raises DataError at the first of another width."""
        if rows.is_empty():
            raise DataError(f"{source}: no words, only blank lines; give a file with a word and its tag per line")
        lead = self._lead(rows)
        width, first = rows["width"][lead], rows["line"][lead]
        is_odd = pl.col("width") != width
        kept = rows.filter(~(self._is_marked() & is_odd))
        odd = kept.filter(is_odd)
        if odd.height:
            line, count = odd["line"][0], odd["width"][0]
            cells = f"{count} cell{'s' if count != 1 else ''}"
            remedy = "write a word and its tags, and a blank line between sentences"
            raise DataError(f"{source} line {line}: {cells}, but line {first} has {width}; {remedy}")
        return kept

    def _column(self, rows: pl.DataFrame, name: str, source: str) -> pl.Series:
        """Return one cell of every line. Raises DataError where lines have no such cell, or it is empty."""
        at, width = self.columns[name], rows["width"][0]
        if not -width <= at < width:
            remedy = "name another in `columns`"
            raise DataError(f"{source} line {rows['line'][0]}: no cell {at} for '{name}' among {width}; {remedy}")
        found = rows["cells"].list.get(at).str.strip_chars(CELLS)
        empty = found == ""
        if empty.any():
            line = rows["line"][int(empty.arg_true()[0])]
            raise DataError(f"{source} line {line}: an empty cell for '{name}'; write it, or take the line out")
        same = next((one for one, cell in self.columns.items() if one != name and cell % width == at % width), None)
        if same is not None:
            raise DataError(
                f"{source}: with {width} cells in a line, '{name}' and '{same}' are the same one; mend `columns`"
            )
        return found.alias(name)

    def _cut(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the lines with their `cells` (lists of texts) and their number `width`."""
        is_tabbed = rows.height > 0 and "\t" in rows["bare"][self._lead(rows)]
        text = pl.col("text") if is_tabbed else pl.col("bare").str.replace_all(r"[ \t]+", " ")
        cut = rows.with_columns(text.str.split("\t" if is_tabbed else " ").alias("cells"))
        return cut.with_columns(pl.col("cells").list.len().alias("width"))

    def _lead(self, rows: pl.DataFrame) -> int:
        """Return the position of the first line that is surely no comment; 0 where every line could be one."""
        return int(rows.select((~self._is_marked()).arg_max()).item() or 0)

    def _is_marked(self) -> pl.Expr:
        return pl.col("bare").str.starts_with(self.comment) if self.comment else pl.lit(False)
