"""Delimited text: exact on every oddity, and every fault is named by its line."""

import contextlib
import csv as stdlib
import io
import math
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tunesmith.core.errors import DataError, NotFoundError
from tunesmith.data.sources._bytes import Local
from tunesmith.data.sources._delimited import Delimited
from tunesmith.data.sources._exact import exact_frames
from tunesmith.data.sources._layout import Layout
from tunesmith.data.sources._regular import Irregular, count_records
from tunesmith.data.sources.csv import Csv


def read(tmp_path, content, name="reviews.csv", **fields):
    data = content if isinstance(content, bytes) else content.encode()
    (tmp_path / name).write_bytes(data)
    return Csv(path=name, **fields).read(tmp_path)


def notes(tmp_path):
    said = []
    Csv(path="reviews.csv").read(tmp_path, said.append)
    return said


def fault(tmp_path, content, name="reviews.csv", **fields):
    with pytest.raises(DataError) as caught:
        read(tmp_path, content, name, **fields)
    return str(caught.value)


def test_rows_are_numbered_and_typed(tmp_path):
    data = read(tmp_path, "text,price,stars\ngreat,1.5,3\nbad,2,4\n")
    assert data.frame.schema == {"text": pl.String, "price": pl.Float64, "stars": pl.Int64}
    assert data.rows == [1, 2]
    assert data.place(1) == "reviews.csv row 2"
    assert data.index["split"].to_list() == [None, None]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("tail", ["", "\n", "\n\n\n", "\n  \n"])
def test_line_ends_and_trailing_blank_lines(tmp_path, end, tail):
    content = ("a,b\n1,x\n2,y" + tail).replace("\n", end)
    assert read(tmp_path, content).frame.rows() == [(1, "x"), (2, "y")]


def test_blank_lines_between_rows_are_skipped(tmp_path):
    assert read(tmp_path, "\n\na,b\n\n1,x\n \n2,y\n").frame.rows() == [(1, "x"), (2, "y")]


@pytest.mark.parametrize("tail", ["", "\n", "\r\n\r\n"])
def test_a_blank_line_of_a_single_column_is_a_missing_value(tmp_path, tail):
    assert read(tmp_path, "text\ngood\n\nbad" + tail).frame["text"].to_list() == ["good", None, "bad"]
    assert read(tmp_path, '\ntext\ngood\n\n\n"a ""b"""' + tail).frame["text"].to_list() == ["good", None, None, 'a "b"']


def test_quoted_line_ends_and_quotes_are_kept_exactly(tmp_path):
    content = 'a,b\r\n"one\r\ntwo\n\nthree","he said ""no"", twice"\r\n"""","x"\r\n'
    assert read(tmp_path, content).frame.rows() == [("one\r\ntwo\n\nthree", 'he said "no", twice'), ('"', "x")]


def test_space_before_a_quote_is_dropped_when_trimmed(tmp_path):
    assert read(tmp_path, 'a,b\nx, "y, z"\n').frame.rows() == [("x", "y, z")]


def test_trim_is_a_choice(tmp_path):
    content = "a,b\n  x ,1\n   ,2\n"
    assert read(tmp_path, content).frame["a"].to_list() == ["x", None]
    assert read(tmp_path, content, trim=False).frame["a"].to_list() == ["  x ", "   "]


@pytest.mark.parametrize("regular", [True, False])
def test_a_cell_of_ten_megabytes(tmp_path, regular):
    cell = "line\n" * 2_000_000 + "end"
    data = read(tmp_path, f'a,b\n"{cell}",1\nx,{"" if regular else " "}"2"\n')
    assert data.frame["a"].to_list() == [cell, "x"]
    assert data.frame["b"].to_list() == [1, 2]
    assert stdlib.field_size_limit() < 2**31 - 1


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path, delimiter):
    content = "text;x,y\tz|w\n"  # every candidate occurs, in a quoted cell
    rows = f'text{delimiter}label\n"{content}"{delimiter}b\n"1{delimiter}5"{delimiter}c\n'
    assert read(tmp_path, rows, "rows.txt").frame.columns == ["text", "label"]


def test_the_delimiter_of_the_header_wins_over_the_texts(tmp_path):
    assert read(tmp_path, "text;label\na, b, c;x\nd, e, f;y\n").frame.rows() == [("a, b, c", "x"), ("d, e, f", "y")]


def test_a_named_delimiter_is_obeyed(tmp_path):
    assert read(tmp_path, "a^b\n1^2\n", delimiter="^").frame.rows() == [(1, 2)]
    assert read(tmp_path, "a b\n1 2\n", delimiter=" ").frame.rows() == [(1, 2)]


def test_tabs_with_bare_quotes_lose_no_rows(tmp_path):
    # Read with quotes, rows 1 and 2 would silently become one.
    content = 'text\tlabel\n"so it began\t1\nand ended"\t0\nplain\t1\n'
    assert read(tmp_path, content, "dump.tsv").frame["text"].to_list() == ['"so it began', 'and ended"', "plain"]


def test_tabs_with_stray_quotes_and_a_blank_line(tmp_path):
    content = 'text\tlabel\n"quote" he said\t1\n\n5" pipe\t0\n"open\t1\n'
    texts = read(tmp_path, content, "dump.tsv").frame["text"].to_list()
    assert texts == ['"quote" he said', '5" pipe', '"open']


def test_tabs_with_genuine_quotes(tmp_path):
    content = 'text\tlabel\n"a\tb"\t1\n"two\nlines"\t0\n'
    assert read(tmp_path, content, "dump.tsv").frame["text"].to_list() == ["a\tb", "two\nlines"]


def test_quotes_can_be_ordinary(tmp_path):
    for quote in ("", None):
        assert read(tmp_path, 'a,b\n"x,y"\n', quote=quote).frame.rows() == [('"x', 'y"')]
    assert read(tmp_path, "a,b\n'x,y',2\n", quote="'").frame.rows() == [("x,y", 2)]


@pytest.mark.parametrize(
    ("cells", "kind", "values"),
    [
        (["1", "-2", "+3", "0"], pl.Int64, [1, -2, 3, 0]),
        (["1", "2.5", ".5", "1e3", "5."], pl.Float64, [1.0, 2.5, 0.5, 1000.0, 5.0]),
        (["1", "inf", "-Infinity", "INF"], pl.Float64, [1.0, math.inf, -math.inf, math.inf]),
        (["007", "123"], pl.String, ["007", "123"]),
        (["-01.5", "2"], pl.String, ["-01.5", "2"]),
        (["true", "false"], pl.String, ["true", "false"]),
        (["1", "two"], pl.String, ["1", "two"]),
        (["nan", "nan"], pl.String, ["nan", "nan"]),
        (["1_000", "2"], pl.String, ["1_000", "2"]),
        (["٣", "4"], pl.String, ["٣", "4"]),
        (["0x10", "4"], pl.String, ["0x10", "4"]),
        (["9223372036854775807", "1"], pl.Int64, [2**63 - 1, 1]),
        (["92233720368547758070", "1"], pl.String, ["92233720368547758070", "1"]),
        (["1", "", "2"], pl.Int64, [1, None, 2]),
        (["", ""], pl.String, [None, None]),
    ],
)
def test_a_column_is_numbers_only_where_every_value_is_one(tmp_path, cells, kind, values):
    data = read(tmp_path, "n,other\n" + "".join(f"{cell},x\n" for cell in cells))
    assert data.frame["n"].dtype == kind
    assert data.frame["n"].to_list() == values


def test_nan_beside_numbers_is_kept_for_the_checks(tmp_path):
    column = read(tmp_path, "n,o\n1,x\nNaN,x\n").frame["n"]
    assert column[0] == 1
    assert math.isnan(column[1])


def test_missing_texts_are_null_before_types_are_found(tmp_path):
    data = read(tmp_path, "price,text\n1,n/a\n n/a ,x\n-999,-\n", missing=("n/a", "-999"))
    assert data.frame["price"].to_list() == [1, None, None]
    assert data.frame["text"].to_list() == [None, "x", "-"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_marked_encodings(tmp_path, encoding):
    data = read(tmp_path, "naïve,b\nünïcödé 😀,1\n".encode(encoding))
    assert data.columns == ["naïve", "b"]
    assert data.frame["naïve"].to_list() == ["ünïcödé 😀"]
    assert notes(tmp_path) == []


def test_named_encodings(tmp_path):
    assert read(tmp_path, "a,b\né,1\n".encode("utf-16-le"), encoding="utf-16-le").frame["a"][0] == "é"
    assert read(tmp_path, "a,b\né,1\n".encode("cp1252"), encoding="cp1252").frame["a"][0] == "é"
    assert "line 2" in fault(tmp_path, "a,b\né,1\n".encode("cp1252"), encoding="utf-8")
    assert "utf-16" in fault(tmp_path, b"a,b\nc", encoding="utf-16")


def test_other_encodings_are_guessed_and_said(tmp_path):
    assert read(tmp_path, "a,b\nx,1\n“é”,1\n".encode("cp1252")).frame["a"][1] == "“é”"
    (note,) = notes(tmp_path)
    assert note.startswith("reviews.csv line 3 is not UTF-8")
    assert "cp1252" in note
    assert read(tmp_path, b"a,b\nx\x81,1\n").frame["a"][0] == "x\x81"
    assert "latin-1" in notes(tmp_path)[0]


def test_an_invalid_byte_is_found_beyond_the_first_block(tmp_path, monkeypatch):
    monkeypatch.setattr("tunesmith.data.sources._bytes.BLOCK", 4)
    read(tmp_path, "a,b\nüüüü,1\nx,2\n€€,3\n".encode() + b"\xff,4\n")
    assert "line 5 " in notes(tmp_path)[0]


def test_a_file_without_header(tmp_path):
    assert read(tmp_path, "x,1\ny,2\n", columns=("text", "n")).frame.rows(named=True)[1] == {"text": "y", "n": 2}
    assert "2 cells, `columns` names 3" in fault(tmp_path, "x,1\n", columns=("a", "b", "c"))
    assert "2 cells, `columns` names 3" in fault(tmp_path, "x,1\n\nx,1\n", columns=("a", "b", "c"))


def test_nameless_columns_are_numbered(tmp_path):
    assert read(tmp_path, ",text\n0,x\n").columns == ["column_1", "text"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b,c,d\n1,2,3,4\n1,2,3\n", "reviews.csv line 3: 3 cells, the header has 4; "),
        ('a,b\n"1\n1",2\n1,2,3\n', "reviews.csv line 4: 3 cells, the header has 2; "),
        ("a,b\n1\n", "reviews.csv line 2: 1 cell, the header has 2; "),
        ("a,b\r\n\r\n1,2,\r\n", "reviews.csv line 3: 3 cells"),
        ("text\nHello, world\n", "reviews.csv line 2: 2 cells, the header has 1; "),
        ("a,b,a\n1,2,3\n", "reviews.csv line 1: more than one column is named 'a'; "),
        ("a, a\n1,2,\n", "more than one column is named 'a'"),
        ("", "reviews.csv: the file is empty"),
        ("\n \n\n", "reviews.csv: nothing but blank lines"),
        ("\ufeff", "reviews.csv: nothing but blank lines"),
        ("a,b\n", "reviews.csv: no rows"),
        ("a,b", "reviews.csv: no rows"),
        ('a,b\n1,2\n"x,2\n3,4\n', "reviews.csv line 3: the quote that opens here is never closed; "),
        ('a,b\n"m\nn","x\n3,4\n', "reviews.csv line 3: the quote that opens here is never closed; "),
        ('a,b\n1,2\n"x" y,2\n', "reviews.csv line 3: text after a closing quote; "),
        ("a,b\n1,\x002\n", "reviews.csv line 2: a zero byte"),
        (b"\x89PNG\r\n\x1a\n\x01\x02", "reviews.csv: binary data, not text"),
    ],
)
def test_faults_are_named_by_line(tmp_path, content, said):
    assert said in fault(tmp_path, content)


def test_ragged_tabs_name_the_line(tmp_path):
    assert "dump.tsv line 3: 1 cell" in fault(tmp_path, 'a\tb\nx\t1\n"y"\n', "dump.tsv")


def test_files_that_cannot_be_read(tmp_path, monkeypatch):
    (tmp_path / "reviews.csv").write_text("a\n1\n")
    with pytest.raises(NotFoundError, match=r"did you mean 'reviews\.csv'\?"):
        Csv(path="reveiws.csv").read(tmp_path)
    with pytest.raises(NotFoundError, match="relative one starts at the recipe's folder"):
        Csv(path="no/such/place.csv").read(tmp_path)
    with pytest.raises(DataError, match="is a folder"):
        Csv(path=".").read(tmp_path)

    def refuse(path, mode):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(DataError, match=r"reviews\.csv: cannot be read \(Permission denied\)"):
        Csv(path="reviews.csv").read(tmp_path)


@pytest.mark.parametrize(
    "fields",
    [
        {"delimiter": ",,"},
        {"delimiter": "\n"},
        {"quote": "«"},
        {"encoding": "utf-9"},
        {"encoding": "hex"},
        {"columns": ("a", "a")},
        {"columns": ()},
        {"path": ""},
        {"path": {"test": "a.csv"}},
        {"delimeter": ","},
    ],
)
def test_wrong_settings_are_refused(fields):
    with pytest.raises(ValidationError):
        Csv(**{"path": "a.csv"} | fields)


def test_the_same_delimiter_and_quote_are_refused(tmp_path):
    assert "two different ones" in fault(tmp_path, "a,b\n1,2\n", delimiter='"')


CELLS = st.lists(st.text(st.sampled_from('ab,"\n\r 1é'), max_size=6), min_size=2, max_size=3)


@settings(max_examples=150, deadline=None)
@given(rows=st.integers(2, 3).flatmap(lambda width: st.lists(CELLS.filter(lambda row: len(row) == width), min_size=1)))
def test_what_the_standard_library_writes_is_read_back(tmp_path_factory, rows):
    text = io.StringIO(newline="")
    stdlib.writer(text, quoting=stdlib.QUOTE_ALL).writerows([[f"c{i}" for i in range(len(rows[0]))], *rows])
    path = tmp_path_factory.mktemp("csv") / "rows.csv"
    path.write_bytes(text.getvalue().encode())
    frame = Csv(path=path.name, trim=False).read_file(Local(path, path.name))
    assert [tuple(cell or "" for cell in row) for row in frame.rows()] == [tuple(row) for row in rows]


@settings(max_examples=400, deadline=None)
@given(
    text=st.text(st.sampled_from('a,"\n\r é'), min_size=1, max_size=24), block=st.integers(1, 8), quote=st.booleans()
)
def test_a_regular_text_is_read_alike_by_the_fast_and_the_exact_reader(text, block, quote):
    data, layout = text.encode(), Layout(",", '"' if quote else "", trim=False)
    whole = count_records([data], layout)
    assert count_records([data[at : at + block] for at in range(0, len(data), block)], layout) == whole
    if whole is None:
        return
    data = data.rstrip(b"\r\n")
    width = pl.read_csv(data, has_header=False, infer_schema=False, quote_char=layout.quote or None).width
    names = [f"c{i}" for i in range(width)]
    exact = pl.concat(exact_frames(lambda: [data], layout, "a.csv", names))
    with contextlib.suppress(Irregular):
        fast = pl.concat(Delimited(FakeText(data, block), layout, names, True).frames())
        assert fast.height == whole
        assert fast.fill_null("").rows() == exact.rows()


class FakeText:
    """A text in memory, in blocks of a few bytes."""

    file = Local(Path("a.csv"), "a.csv")

    def __init__(self, data, block):
        self.data, self.block = data, block

    def blocks(self):
        return [self.data[at : at + self.block] for at in range(0, len(self.data), self.block)]
