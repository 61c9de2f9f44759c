"""Whatever the bytes are: a clear error that names the file, or rows that can be used. Never a crash, never a hang."""

import contextlib
import gzip
import io
import json
import sqlite3
import zipfile

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tunesmith.core.errors import DataError
from tunesmith.core.part import resolve
from tunesmith.data.sources.csv import Csv
from tunesmith.data.sources.jsonl import Jsonl
from tunesmith.data.sources.sql import Sql

USABLE = (pl.Int64, pl.Float64, pl.String, pl.List(pl.String))
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Bytes that mean something to one of the readers, or are cut out of what does.
MARKS = [bytes([one]) for one in b',;:"\n\r\t{}[] \0\xff\xc3a']
WORDS = rb""""" 1e309 1e308 -0 007 nan NaN 1e999 {"a":1} {"a":[1,"b"]} "\ud800" \u0000 PAR1 ARROW1 =1+1""".split()
WORDS += [
    b"\r\n",
    b"9" * 400,
    b"PK\x03\x04",
    b"\x1f\x8b\x08",
    b"\xc3\xa9",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\xff\xfe\0\0",
]
SPICE = st.sampled_from(MARKS + WORDS)
BYTES = st.one_of(st.binary(max_size=60), st.lists(SPICE, max_size=40).map(b"".join))


def judged(folder, name, data, **fields):
    """Read the bytes under a name: either usable rows, or an error that names the file."""
    (folder / name).write_bytes(data)
    source = resolve("data.sources", {"path": name, **fields})
    rows, said = None, ""
    try:
        rows = source.read(folder)
    except DataError as error:
        said = str(error)
    if rows is None:
        assert name in said
        assert len(said) < 2000
        return None
    assert len(rows) > 0
    assert all(kind in USABLE for kind in rows.frame.schema.values())
    assert rows.index.height == rows.frame.height
    rows.identified(rows.columns)
    return rows


@pytest.mark.parametrize(
    "name", ["rows.csv", "rows.tsv", "rows.jsonl", "rows.json", "rows.parquet", "rows.arrow", "rows.xlsx"]
)
@QUICK
@given(data=BYTES)
def test_any_bytes(tmp_path_factory, name, data):
    judged(tmp_path_factory.mktemp("any"), name, data)


@pytest.mark.parametrize("name", ["rows.csv.gz", "rows.csv.zst", "rows.csv.zip", "rows.jsonl.gz"])
@QUICK
@given(data=BYTES, is_packed=st.booleans())
def test_any_bytes_in_an_archive(tmp_path_factory, name, data, is_packed):
    judged(tmp_path_factory.mktemp("any"), name, gzip.compress(data) if is_packed else data)


@QUICK
@given(
    data=BYTES,
    encoding=st.sampled_from([None, "utf-8", "utf-16", "cp1252", "utf-7", "shift_jis", "ascii", "utf-8-sig"]),
)
def test_any_bytes_in_any_encoding(tmp_path_factory, data, encoding):
    folder = tmp_path_factory.mktemp("any")
    judged(folder, "rows.csv", data, encoding=encoding)
    judged(folder, "rows.csv", data, encoding=encoding, quote="", delimiter="a", trim=False, missing=("a",))


@QUICK
@given(cuts=st.lists(st.tuples(st.integers(0, 10**6), st.binary(min_size=1, max_size=4)), min_size=1, max_size=4))
def test_a_damaged_parquet_file(tmp_path_factory, cuts):
    whole = io.BytesIO()
    pl.DataFrame({"x": [f"row {n}" for n in range(50)], "n": range(50), "l": [["a"]] * 50}).write_parquet(whole)
    data = bytearray(whole.getvalue())
    for at, junk in cuts:
        at %= len(data)
        data[at : at + len(junk)] = junk
    judged(tmp_path_factory.mktemp("any"), "rows.parquet", bytes(data))


@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.tuples(st.integers(0, 10**6), st.binary(min_size=1, max_size=4)), min_size=1, max_size=4))
def test_a_damaged_database(tmp_path_factory, cuts):
    folder = tmp_path_factory.mktemp("any")
    with contextlib.closing(sqlite3.connect(folder / "a.db")) as database:
        database.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)")
        database.executemany("INSERT INTO rows (text) VALUES (?)", [(f"row {n}",) for n in range(50)])
        database.commit()
    data = bytearray((folder / "a.db").read_bytes())
    for at, junk in cuts:
        at %= len(data)
        data[at : at + len(junk)] = junk
    (folder / "a.db").write_bytes(bytes(data))
    with contextlib.suppress(DataError):
        Sql(url="sqlite:///a.db", query="SELECT * FROM rows ORDER BY id").read(folder)


@pytest.mark.parametrize(
    "content",
    [
        'a,b\n"1,2\n3,4\n' + "5,6\n" * 50_000,  # a quote that swallows all the rest
        'a,b\n1,"2\n' * 20_000,
        "a,b\n" + '"' * 200_001 + "\n",
        '"' * 100_000,
        "a,b\n" + "\r" * 300_000,
        "\n" * 300_000,
        "," * 300_000,
        "a" * 2_000_000,
        "a,b\n" + "1,2\r" * 100_000 + "3\n",
        "a,b\r" + "1,2\r" * 100_000,
        "é,b\n" + "\x1a" * 100_000,
    ],
    ids=range(11),
)
def test_texts_that_never_end(tmp_path, content):
    judged(tmp_path, "rows.csv", content.encode())


def test_cr_only_line_ends(tmp_path):
    assert judged(tmp_path, "rows.csv", b"a,b\r1,x\r2,y\r").frame.rows() == [(1, "x"), (2, "y")]


def test_mixed_encodings(tmp_path):
    rows = judged(tmp_path, "rows.csv", "a,b\né,1\n".encode() + "é,2\n".encode("cp1252"))
    assert rows.frame["a"].to_list() == ["Ã©", "é"]  # and it is noted, with the line
    said = []
    Csv(path="rows.csv").read(tmp_path, said.append)
    assert said == [
        "rows.csv line 3 is not UTF-8, so the file was read as cp1252; name its `encoding` if letters look wrong"
    ]


@pytest.mark.parametrize("numbers", [["1e308", "-1e308"], ["1e308", "1.7976931348623157e308"], ["5e-324", "1e-400"]])
def test_the_largest_and_smallest_numbers(tmp_path, numbers):
    rows = judged(tmp_path, "rows.csv", "x,y\n{},1\n{},2\n".format(*numbers).encode())
    assert rows.frame["x"].to_list() == [float(one) for one in numbers]


@pytest.mark.parametrize("number", ["1e309", "-1e309", "9" * 310 + ".5", "1e999999999"])
def test_numbers_beyond_a_float_are_infinite_for_checks_and_training_to_refuse(tmp_path, number):
    rows = judged(tmp_path, "rows.csv", f"x,y\n1.5,1\n{number},2\n".encode())
    assert rows.frame["x"].to_list() == [1.5, float(number)]
    (tmp_path / "rows.jsonl").write_text(f'{{"x": 1}}\n{{"x": {number}}}\n')
    with pytest.raises(DataError, match=r"rows\.jsonl line 2: the number .+ is beyond what a float holds"):
        Jsonl(path="rows.jsonl").read(tmp_path)


@pytest.mark.parametrize("number", ["9" * 400, "9" * 5000, "-" + "9" * 20])
def test_integers_beyond_a_float_in_json(tmp_path, number):
    rows = judged(tmp_path, "rows.jsonl", f'{{"x": 1.5}}\n{{"x": {number}}}\n'.encode())
    assert rows is None or rows.frame["x"][1] in (number, float(number))


@pytest.mark.parametrize("is_regular", [True, False])
def test_twenty_thousand_columns(tmp_path, is_regular):
    width = 20_000
    row = ",".join(str(number) for number in range(width))
    content = ",".join(f"c{number}" for number in range(width)) + f"\n{row}\n{'' if is_regular else ' '}{row}\n"
    rows = judged(tmp_path, "rows.csv", content.encode())
    assert rows.frame.shape == (2, width)
    assert rows.frame[:, width - 1].to_list() == [width - 1] * 2


def test_twenty_thousand_keys(tmp_path):
    one = json.dumps({f"c{number}": number for number in range(20_000)})
    assert judged(tmp_path, "rows.jsonl", f"{one}\n{one}\n".encode()).frame.shape == (2, 20_000)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, '[{"a": ' + "[" * 50_000, '{"a": "' + "x" * 3_000_000 + '"}']
)
def test_deep_and_large_json(tmp_path, text):
    judged(tmp_path, "rows.json", text.encode())


def test_zero_characters_of_json_stay_in_their_cell(tmp_path):
    assert judged(tmp_path, "rows.jsonl", b'{"x": "a\\u0000b"}\n').frame["x"].to_list() == ["a\0b"]


def test_cells_that_look_like_code_stay_text(tmp_path):
    rows = judged(tmp_path, "rows.csv", b"x,y\n=1+1,<script>\n@x,${HOME}\n")
    assert rows.frame.rows() == [("=1+1", "<script>"), ("@x", "${HOME}")]


def test_a_bomb_of_a_thousand_files(tmp_path):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(1000):
            archive.writestr(f"{number}.csv", "0" * 1000)
    assert judged(tmp_path, "rows.csv.zip", held.getvalue()) is None


def test_a_link_to_itself_and_to_nothing(tmp_path):
    (tmp_path / "rows.csv").symlink_to(tmp_path / "rows.csv")
    (tmp_path / "none.csv").symlink_to(tmp_path / "gone.csv")
    for name in ("rows.csv", "none.csv"):
        with pytest.raises(LookupError, match="there is no such file"):
            Csv(path=name).read(tmp_path)


def test_folders_of_links_in_circles_end(tmp_path):
    for name in "abcdef":
        (tmp_path / name).symlink_to(tmp_path)
    (tmp_path / "rows.csv").write_text("x\n1\n")
    assert Csv(path="**/*.csv").read(tmp_path).rows == [1]
