"""Excel: one sheet of a workbook, its first filled row the names of the columns."""

from __future__ import annotations

import difflib
import zipfile
from typing import Any

import polars as pl

from ...core.errors import DataError
from ...core.need import need
from . import Note, silent
from ._bytes import Local, read_bytes
from ._columns import FINITE, with_numbers, without_missing
from ._exact import column_names
from ._files import Files
from ._unpack import refuse_bomb

ERRORS = {
    "NA": "#N/A",
    "Div0": "#DIV/0!",
    "Value": "#VALUE!",
    "Ref": "#REF!",
    "Name": "#NAME?",
    "Num": "#NUM!",
    "Null": "#NULL!",
}
# A date alone is stored as its midnight, a time alone as one of the last day of 1899.
MIDNIGHTS = r"^(?P<day>\d{4}-\d\d-\d\d) 00:00:00$"
TIMES = r"^1899-12-31 (?P<time>\d\d:\d\d:\d\d)"


class Excel(Files):
    """Rows of a sheet of `.xlsx`, `.xlsm`, `.xlsb`, `.xls` or `.ods` workbooks; empty rows are skipped.

    Columns are numbers or text as in CSV. Dates become texts like `2024-02-29` or `2024-02-29 12:30:00`; formulas
    give the value that was stored with them.
    """

    sheet: str | None = None
    """The name of the sheet; may be left out where only one has cells."""

    def read_file(self, file: Local, note: Note = silent) -> pl.DataFrame:
        """Return the rows; raises DataError on a damaged workbook, an unknown sheet, or a cell that holds an error."""
        fastexcel = need("fastexcel", extra="excel")
        data = read_bytes(file)
        if zipfile.is_zipfile(file.path):
            refuse_bomb(file.path, file.name, self.most_bytes)
        try:
            book = fastexcel.read_excel(data)
            return self._sheet(book, self._chosen(book, file.name), file.name)
        except fastexcel.FastExcelError as error:
            fact = str(error).partition("\n")[0].removeprefix("calamine error: ")
            raise DataError(f"{file.name}: no workbook that can be read ({fact}); save it again as .xlsx") from error

    def _chosen(self, book: Any, source: str) -> str:
        names = book.sheet_names
        listed = ", ".join(f"'{name}'" for name in names)
        if self.sheet is not None:
            if self.sheet not in names:
                near = difflib.get_close_matches(self.sheet, names, 1)
                hint = f", did you mean '{near[0]}'?" if near else ""
                raise DataError(f"{source}: no sheet '{self.sheet}'{hint} (sheets: {listed})")
            return self.sheet
        filled = [name for name in names if pl.DataFrame(_texts(book, name)).width]
        if len(filled) != 1:
            fact = "more than one sheet has cells" if filled else "no sheet has cells"
            raise DataError(f"{source}: {fact}; name the one to read by `sheet` (sheets: {listed})")
        return filled[0]

    def _sheet(self, book: Any, name: str, source: str) -> pl.DataFrame:
        place = f"{source} sheet '{name}'"
        batch, faults = _texts(book, name).to_arrow_with_errors()
        texts = pl.DataFrame(batch)
        if not texts.width:
            raise DataError(f"{place}: no cells; name another `sheet`")
        names = column_names(texts.row(0), place)
        self._refuse_errors(texts, faults, names, place)
        frame = _with_exact_numbers(texts.slice(1), book, name).rename(dict(zip(texts.columns, names, strict=True)))
        return frame.filter(~pl.all_horizontal(pl.all().is_null()))

    def finished(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows with empty cells and `missing` made null, and columns of numbers as numbers."""
        return with_numbers(without_missing(frame, ("", *self.missing)))

    def _refuse_errors(self, texts: pl.DataFrame, faults: Any, names: list[str], place: str) -> None:
        for fault in faults.errors if faults is not None else ():
            row, column = fault.position
            code = fault.detail.rpartition("Error(")[2].partition(")")[0]
            shown = ERRORS.get(code, code)
            if shown not in self.missing:
                number = row - int(texts.slice(1, row - 1).select(pl.all_horizontal(pl.all().is_null()).sum()).item())
                raise DataError(
                    f"{place} row {number}, column '{names[column]}': the cell holds the error {shown}; "
                    f"mend it, or say `missing: ['{shown}']`"
                )


def _texts(book: Any, name: str) -> Any:
    return book.load_sheet(name, header_row=None, dtypes="string")


def _with_exact_numbers(texts: pl.DataFrame, book: Any, name: str) -> pl.DataFrame:
    """Return the cells with numbers as the workbook holds them, dates and times alone as they are meant.

    As text, a number would have nine decimals at most.
    """
    numeric = {series.name for series in texts if _all(series, FINITE)}
    dtypes = {one: "float" if one in numeric else "string" for one in texts.columns}
    held = pl.DataFrame(book.load_sheet(name, header_row=None, dtypes=dtypes)).slice(1)
    columns = []
    for series in texts:
        floats = held[series.name]
        is_float = series.name in numeric and floats.null_count() == series.null_count()
        columns.append(floats if is_float and (floats != floats.round()).any() else _dates(series))
    return pl.DataFrame(columns)


def _dates(texts: pl.Series) -> pl.Series:
    for pattern, kept in ((MIDNIGHTS, "${day}"), (TIMES, "${time}")):
        if _all(texts, pattern):
            return texts.str.replace(pattern, kept)
    return texts


def _all(texts: pl.Series, pattern: str) -> bool:
    seen = texts.drop_nulls()
    return len(seen) > 0 and bool(seen.str.contains(pattern).all())
