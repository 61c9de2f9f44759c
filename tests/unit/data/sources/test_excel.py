"""Workbooks: exact numbers, dates as texts, one sheet chosen or named; cells with errors and damage are refused."""

import contextlib
import datetime
import io
import sys
import zipfile

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.core.errors import DataError, MissingDependencyError
from tunesmith.core.part import resolve
from tunesmith.data.sources import _unpack
from tunesmith.data.sources.excel import Excel

pytest.importorskip("fastexcel")
xlsxwriter = pytest.importorskip("xlsxwriter")


def book(*sheets):
    """Write a workbook: each sheet a name and rows of cells."""
    held = io.BytesIO()
    with xlsxwriter.Workbook(
        held, {"default_date_format": "yyyy-mm-dd hh:mm:ss", "strings_to_formulas": False}
    ) as made:
        for name, rows in sheets:
            sheet = made.add_worksheet(name)
            for at, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    if isinstance(cell, str) and cell.startswith("#"):
                        sheet.write_formula(at, column, "=x", None, cell)
                    elif cell is not None:
                        sheet.write(at, column, cell)
    return held.getvalue()


def read(tmp_path, data, **fields):
    (tmp_path / "rows.xlsx").write_bytes(data)
    return Excel(path="rows.xlsx", **fields).read(tmp_path)


def column(tmp_path, *cells, **fields):
    return read(
        tmp_path, book(("one", [["key", "x"], *([at, cell] for at, cell in enumerate(cells))])), **fields
    ).frame["x"]


def test_rows_by_ending(tmp_path):
    (tmp_path / "rows.xlsx").write_bytes(book(("one", [["text", "n"], ["a", 1], ["b", 2]])))
    data = resolve("data.sources", "rows.xlsx").read(tmp_path)
    assert data.frame.rows() == [("a", 1), ("b", 2)]
    assert data.place(1) == "rows.xlsx row 2"


@pytest.mark.parametrize(
    ("cells", "kind", "held"),
    [
        ([1, 2], pl.Int64, [1, 2]),
        ([1.5, None], pl.Float64, [1.5, None]),
        ([1e-12, 1.0], pl.Float64, [1e-12, 1.0]),
        ([1e300, 0.5], pl.Float64, [1e300, 0.5]),
        (["007", "12"], pl.String, ["007", "12"]),
        (["9007199254740993", "1"], pl.Int64, [9007199254740993, 1]),
        (["a", 1, 2.5], pl.String, ["a", "1", "2.5"]),
        ([True, False], pl.String, ["true", "false"]),
        ([None, None], pl.String, [None, None]),
        (["", " "], pl.String, [None, " "]),
        ([datetime.date(2024, 2, 29), datetime.date(2024, 3, 1)], pl.String, ["2024-02-29", "2024-03-01"]),
        (
            [datetime.datetime(2024, 2, 29, 12), datetime.date(2024, 3, 1)],
            pl.String,
            ["2024-02-29 12:00:00", "2024-03-01 00:00:00"],
        ),
        ([datetime.time(1, 2, 3)], pl.String, ["01:02:03"]),
    ],
)
def test_types(tmp_path, cells, kind, held):
    found = column(tmp_path, *cells)
    assert found.to_list() == held
    assert found.dtype == kind


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.floats(allow_nan=False, allow_infinity=False).map(lambda x: float(f"{x / 2:.16G}")), min_size=1, max_size=8
    )
)
def test_numbers_are_exact(tmp_path_factory, numbers):
    # A workbook's writer keeps 16 digits; halves stay finite when they are rounded to these.
    found = column(tmp_path_factory.mktemp("book"), *numbers)
    assert found.cast(pl.Float64).to_list() == numbers


def test_the_table_may_start_anywhere_and_have_gaps(tmp_path):
    rows = [[], [None, None, "text", None, "n"], [], [None, None, "a", "x", 0.5], [], [None, None, "b", None, 1.5]]
    data = read(tmp_path, book(("one", rows)))
    assert data.frame.to_dict(as_series=False) == {"text": ["a", "b"], "column_2": ["x", None], "n": [0.5, 1.5]}
    assert data.rows == [1, 2]


def test_the_sheet_is_the_only_filled_one_or_named(tmp_path):
    assert read(tmp_path, book(("empty", []), ("two", [["x"], [1]]))).frame["x"].to_list() == [1]
    several = book(("one", [["x"], [1]]), ("two", [["x"], [2]]))
    assert read(tmp_path, several, sheet="two").frame["x"].to_list() == [2]
    for fields, fact in (
        ({}, "more than one sheet has cells; name the one to read by `sheet` \\(sheets: 'one', 'two'\\)"),
        ({"sheet": "tow"}, "no sheet 'tow', did you mean 'two'\\? \\(sheets: 'one', 'two'\\)"),
    ):
        with pytest.raises(DataError, match=rf"rows\.xlsx: {fact}"):
            read(tmp_path, several, **fields)
    with pytest.raises(DataError, match="no sheet has cells"):
        read(tmp_path, book(("one", [])))
    with pytest.raises(DataError, match="sheet 'one': no cells"):
        read(tmp_path, book(("one", [])), sheet="one")
    with pytest.raises(DataError, match="no rows"):
        read(tmp_path, book(("one", [["x", "y"]])))


def test_repeated_names_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"rows\.xlsx sheet 'one': more than one column is named 'a'"):
        read(tmp_path, book(("one", [["a", "a "], [1, 2]])))


@pytest.mark.parametrize("error", ["#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!"])
def test_a_cell_with_an_error_is_refused_by_row_or_is_missing_by_choice(tmp_path, error):
    data = book(("one", [["key", "x"], ["a", 1], [], ["b", error], ["c", error]]))
    with pytest.raises(DataError) as caught:
        read(tmp_path, data)
    place = f"rows.xlsx sheet 'one' row 2, column 'x': the cell holds the error {error}"
    assert str(caught.value) == f"{place}; mend it, or say `missing: ['{error}']`"
    assert read(tmp_path, data, missing=(error,)).frame["x"].to_list() == [1, None, None]


@pytest.mark.parametrize("damage", ["text", "empty", "cut", "zip", "zeros"])
def test_damaged_workbooks(tmp_path, damage):
    whole = book(("one", [["x"], *([n] for n in range(100))]))
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("a.txt", "a")
    torn = {"text": b"a,b\n1,2\n", "empty": b"", "cut": whole[:-100], "zip": other.getvalue(), "zeros": bytes(3000)}
    with pytest.raises(DataError, match=r"rows\.xlsx: "):
        read(tmp_path, torn[damage])


@settings(max_examples=40, deadline=None)
@given(at=st.integers(0, 10**6), junk=st.binary(min_size=1, max_size=12))
def test_damage_is_an_error_or_harmless(tmp_path_factory, at, junk):
    whole = bytearray(book(("one", [["x"], *([n] for n in range(50))])))
    at %= len(whole)
    whole[at : at + len(junk)] = junk
    with contextlib.suppress(DataError):
        assert read(tmp_path_factory.mktemp("book"), bytes(whole)).frame["x"].to_list() == list(range(50))


def test_a_bomb_is_refused_before_the_workbook_is_opened(tmp_path, monkeypatch):
    data = io.BytesIO(book(("one", [["x"], [1]])))
    with zipfile.ZipFile(data, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/large.bin", bytes(5_000_000))
    with pytest.raises(DataError, match="more than 1,000,000 bytes when unpacked"):
        read(tmp_path, data.getvalue(), most_bytes=1_000_000)
    monkeypatch.setattr(_unpack, "BOMB_BYTES", 1_000_000)
    monkeypatch.setattr(_unpack, "BOMB_RATIO", 100)
    with pytest.raises(DataError, match="as in a decompression bomb"):
        read(tmp_path, data.getvalue())


def test_without_the_library_the_error_is_the_install_command(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fastexcel", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'tunesmith\[excel\]'"):
        read(tmp_path, b"x")
