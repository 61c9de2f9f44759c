"""Rows in batches are the rows that are read whole: the same types, numbers, sources, labels and refusals."""

import contextlib
import gzip
import json
import re
import sqlite3

import polars as pl
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import ipc

from tunesmith.core.errors import DataError
from tunesmith.data.dataset import concatenate
from tunesmith.data.sources import _bytes, _exact, _json, arrow, csv, jsonl, sql
from tunesmith.data.sources.arrow import Arrow
from tunesmith.data.sources.csv import Csv
from tunesmith.data.sources.hub import Hub
from tunesmith.data.sources.jsonl import Jsonl
from tunesmith.data.sources.parquet import Parquet
from tunesmith.data.sources.sql import Sql


def alike(source, base, rows):
    """Check that batches are slices of what is read whole, and return how many there were."""
    said, again = [], []
    whole = source.read(base, said.append)
    batches = list(source.numbered_batches(base, rows, again.append))
    assert [len(one) for one in batches[:-1]] == [rows] * (len(batches) - 1)
    joined = concatenate(batches)
    assert joined.frame.schema == whole.frame.schema
    assert joined.frame.equals(whole.frame)
    assert joined.index.equals(whole.index)
    assert said == again
    assert pl.concat(source.batches(base, rows)).equals(whole.frame)
    return len(batches)


CELLS = st.sampled_from(
    ["1", "2.5", "007", "nan", "inf", "", " ", "n/a", "1e309", "9" * 25, "é", 'say ""x""', "a\nb", "-3"]
)


@settings(max_examples=60, deadline=None)
@given(
    files=st.lists(st.lists(st.tuples(CELLS, CELLS), max_size=12), min_size=1, max_size=3),
    rows=st.integers(1, 7),
    block=st.integers(4, 40),  # the mark of an encoding stands in the first block
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)
def test_csv(tmp_path_factory, files, rows, block, end, encoding):
    folder = tmp_path_factory.mktemp("batches")
    for at, cells in enumerate(files):
        lines = ["x,y", *(f'"{one}","{two}"' for one, two in cells)]
        (folder / f"{at}.csv").write_bytes((end.join(lines) + end).encode(encoding))
    source = Csv(path="*.csv", missing=("n/a",))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_bytes, "BLOCK", block)
        patch.setattr(_exact, "BLOCK_ROWS", 3)
        if any(files):
            alike(source, folder, rows)
        else:
            with pytest.raises(DataError, match="no rows"):
                list(source.batches(folder, rows))


def test_tabs_single_columns_and_no_header(tmp_path, monkeypatch):
    monkeypatch.setattr(_bytes, "BLOCK", 5)
    (tmp_path / "dump.tsv").write_text('text\tn\n"so\t1\nand"\t2\n5" x\t3\n')
    assert alike(Csv(path="dump.tsv"), tmp_path, 2) == 2
    (tmp_path / "one.csv").write_text("text\na\n\n\nb\n\n\n")
    assert alike(Csv(path="one.csv"), tmp_path, 2) == 2
    assert alike(Csv(path="one.csv", columns=("t",)), tmp_path, 2) == 3


def test_one_number_that_is_none_at_the_very_end_makes_a_text(tmp_path, monkeypatch):
    monkeypatch.setattr(_bytes, "BLOCK", 64)
    (tmp_path / "rows.csv").write_text("x,y,z\n" + "1,2,3\n" * 500 + "x,2.5,007\n")
    first = next(Csv(path="rows.csv").batches(tmp_path, 100))
    assert first.schema == {"x": pl.String, "y": pl.Float64, "z": pl.String}
    assert first.row(0) == ("1", 2.0, "3")


def test_a_late_oddity_is_read_exactly_from_the_start(tmp_path, monkeypatch):
    monkeypatch.setattr(_bytes, "BLOCK", 64)
    (tmp_path / "rows.csv").write_text("x,y\n" + "1,a\n" * 200 + '2, "b, c"\n\n3,d\n')
    alike(Csv(path="rows.csv"), tmp_path, 50)


def test_batches_are_read_one_by_one(tmp_path, monkeypatch):
    monkeypatch.setattr(_bytes, "BLOCK", 1000)
    (tmp_path / "rows.csv").write_text("x\n" + "1\n" * 100_000)
    parsed = []
    real = csv.Delimited._parsed
    monkeypatch.setattr(csv.Delimited, "_parsed", lambda self, data: (parsed.append(len(data)), real(self, data))[1])
    batches = Csv(path="rows.csv").batches(tmp_path, 500)
    next(batches)
    first_pass = 200_000
    assert first_pass < sum(parsed) < first_pass + 5000
    batches.close()


def test_faults_are_those_of_reading_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(_bytes, "BLOCK", 50)
    for content in ("x,y\n" + "1,2\n" * 100 + "1\n", 'x,y\n1,2\n"1,2\n', "x,x\n1,2\n", "x,y\n1,\0\n", "", "\n\n"):
        (tmp_path / "rows.csv").write_text(content)
        with pytest.raises(DataError) as whole:
            Csv(path="rows.csv").read(tmp_path)
        with pytest.raises(DataError) as parts:
            list(Csv(path="rows.csv").batches(tmp_path, 10))
        assert str(whole.value) == str(parts.value)


def test_differing_columns_and_orders(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("y,x\na,b\n")
    assert alike(Csv(path={"train": "a.csv", "test": "b.csv"}), tmp_path, 1) == 2
    (tmp_path / "b.csv").write_text("x,z\n1,2\n")
    with pytest.raises(DataError, match=r"b\.csv: columns differ from a\.csv: 'y', 'z'"):
        list(Csv(path="*.csv").batches(tmp_path))


def test_compressed_files(tmp_path):
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(b"x,y\n" + b"1,a\n" * 1000))
    assert alike(Csv(path="rows.csv.gz"), tmp_path, 300) == 4


def test_kinds_that_are_held_whole(tmp_path):
    pl.DataFrame({"x": range(10)}).write_ipc(tmp_path / "shop-train.arrow")
    assert alike(Hub(path="."), tmp_path, 4) == 3


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**65), 2**65),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["n/a", "", "1", "é", "\n", "-5"]),
    st.just(-5),
)
LISTS = st.one_of(st.none(), st.lists(st.sampled_from(["a", "é", 3]), max_size=3))


@settings(max_examples=100, deadline=None)
@given(
    files=st.lists(
        st.lists(st.fixed_dictionaries({"x": VALUES}, optional={"y": VALUES, "l": LISTS}), min_size=1, max_size=9),
        min_size=1,
        max_size=3,
    ),
    rows=st.integers(1, 5),
    block=st.integers(4, 60),
    forms=st.lists(st.sampled_from(["lines", "array", "wide"]), min_size=3, max_size=3),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_json(tmp_path_factory, files, rows, block, forms, encoding):
    folder = tmp_path_factory.mktemp("batches")
    names = list(dict.fromkeys(name for objects in files for one in objects for name in one))
    for at, (objects, form) in enumerate(zip(files, forms, strict=False)):
        whole = [*objects, dict.fromkeys(names)]
        array = json.dumps(whole, indent=2 if form == "wide" else None)
        text = "\n".join(map(json.dumps, whole)) if form == "lines" else array
        (folder / f"{at}.json").write_bytes(text.encode(encoding))
    source = Jsonl(path="*.json", missing=("n/a", "-5"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_bytes, "BLOCK", block)
        patch.setattr(jsonl, "BLOCK_ROWS", 3)
        try:
            source.read(folder)
        except DataError as error:  # a column of nothing but null in one file, and lists in another
            with pytest.raises(DataError, match=f"^{re.escape(str(error))}$"):
                list(source.batches(folder, rows))
        else:
            alike(source, folder, rows)


def test_of_json_no_more_is_held_than_a_block_and_an_object(tmp_path, monkeypatch):
    monkeypatch.setattr(_bytes, "BLOCK", 1000)
    monkeypatch.setattr(jsonl, "BLOCK_ROWS", 50)
    (tmp_path / "rows.json").write_text(json.dumps([{"x": number, "text": "word " * 9} for number in range(5000)]))
    held, made = [], []
    more, block = _json._Window.more, Jsonl._block
    monkeypatch.setattr(_json._Window, "more", lambda self, at: (more(self, at), held.append(len(self.text)))[0])
    monkeypatch.setattr(Jsonl, "_block", lambda self, *asked: (made.append(1), block(self, *asked))[1])
    batches = Jsonl(path="rows.json").batches(tmp_path, 100)
    next(batches)
    assert len(made) <= 100 + 3, "once through for the types, then two or three blocks"
    assert len(list(batches)) == 49
    assert max(held) < 4000
    assert len(made) == 200


def test_faults_of_json_are_those_of_reading_whole(tmp_path, monkeypatch):
    good = '{"x": 1}\n' * 40
    bad = ['{"x": [1]}\n', '{"x": {"a": 1}}\n', "{}", '{"x": 1e999}', "3\n", '{"x": 1', '{"x": ["a"]}\n', '"']
    texts = [good + one for one in bad] + ["[" + ",".join(good.splitlines()) + one for one in ("", ",", ",3]", "] 4")]
    monkeypatch.setattr(_bytes, "BLOCK", 50)
    monkeypatch.setattr(jsonl, "BLOCK_ROWS", 7)
    for text in texts:
        (tmp_path / "rows.json").write_text(text)
        with pytest.raises(DataError) as whole:
            Jsonl(path="rows.json").read(tmp_path)
        with pytest.raises(DataError) as parts:
            list(Jsonl(path="rows.json").batches(tmp_path, 10))
        assert str(whole.value) == str(parts.value)
    (tmp_path / "rows.json").write_text(good)
    (tmp_path / "more.json").write_text('{"x": ["a"]}')
    with pytest.raises(DataError, match=r"more\.json and rows\.json, column 'x': lists in one, single"):
        list(Jsonl(path="*.json").batches(tmp_path))


@pytest.mark.parametrize("change", ['{"x": 1}\n', '{"x": "a"}\n' * 100, '{"z": 1}\n' * 100])
def test_a_json_file_that_changes_between_the_two_readings_is_refused(tmp_path, monkeypatch, change):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"x": 1}\n' * 100)
    real = Jsonl.stream

    def changed(self, files, note):
        stream = real(self, files, note)
        path.write_text(change)
        return stream

    monkeypatch.setattr(Jsonl, "stream", changed)
    with pytest.raises(DataError, match=r"^rows\.jsonl: the file changed while it was read"):
        list(Jsonl(path="rows.jsonl").batches(tmp_path, 10))


ARROW = {
    "n": st.integers(-(2**63), 2**63 - 1),
    "wide": st.integers(0, 2**64 - 1),
    "f": st.floats(allow_nan=False, width=32),
    "t": st.sampled_from(["a", "n/a", "é", ""]),
    "yes": st.booleans(),
    "day": st.dates(),
    "kind": st.sampled_from(["a", "b"]),
    "tags": st.lists(st.sampled_from(["a", "b"]), max_size=2),
}
TYPES = [pl.Int64, pl.UInt64, pl.Float32, pl.String, pl.Boolean, pl.Date, pl.Categorical, pl.List(pl.String)]


@settings(max_examples=40, deadline=None)
@given(
    files=st.lists(
        st.lists(st.fixed_dictionaries({name: st.none() | one for name, one in ARROW.items()}), min_size=1, max_size=9),
        min_size=1,
        max_size=2,
    ),
    rows=st.integers(1, 5),
    size=st.integers(1, 4),
    form=st.sampled_from([ipc.new_file, ipc.new_stream]),
)
def test_arrow(tmp_path_factory, files, rows, size, form):
    folder = tmp_path_factory.mktemp("batches")
    for at, cells in enumerate(files):
        table = pl.DataFrame(cells, dict(zip(ARROW, TYPES, strict=True))).to_arrow()
        with form(folder / f"{at}.arrow", table.schema) as writer:
            writer.write_table(table, max_chunksize=size)
    alike(Arrow(path="*.arrow", missing=("n/a",)), folder, rows)


def test_arrow_is_read_batch_by_batch_and_faults_are_those_of_the_whole(tmp_path, monkeypatch):
    table = pyarrow.table({"x": [["a"]] * 99 + [["a", None]]})
    with ipc.new_file(tmp_path / "rows.arrow", table.schema) as writer:
        writer.write_table(table, max_chunksize=10)
    with pytest.raises(DataError, match=r"rows\.arrow row 100, column 'x': a list that holds null"):
        list(Arrow(path="rows.arrow").batches(tmp_path, 30))
    batches, made, real = Arrow(path="rows.arrow").batches(tmp_path, 10), [], arrow._frame
    monkeypatch.setattr(arrow, "_frame", lambda part: (made.append(part.num_rows), real(part))[1])
    next(batches)
    assert sum(made) <= 100 + 20, "once through for the types, then one batch or two"
    whole = (tmp_path / "rows.arrow").read_bytes()
    (tmp_path / "rows.arrow").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError) as parts:
        list(Arrow(path="rows.arrow").batches(tmp_path))
    with pytest.raises(DataError) as at_once:
        Arrow(path="rows.arrow").read(tmp_path)
    assert str(parts.value) == str(at_once.value)


@settings(max_examples=30, deadline=None)
@given(
    cells=st.lists(
        st.tuples(st.sampled_from([None, 1, -9, 2.5, "n/a", "é"]), st.sampled_from([None, "a"])), min_size=1, max_size=9
    ),
    rows=st.integers(1, 5),
)
def test_sql(tmp_path_factory, cells, rows):
    pytest.importorskip("sqlalchemy")
    folder = tmp_path_factory.mktemp("batches")
    waiting = folder / "waiting"
    waiting.mkdir()
    with contextlib.closing(sqlite3.connect(folder / "shop.db")) as shop:
        shop.execute("CREATE TABLE rows (id, x, y)")
        shop.executemany("INSERT INTO rows VALUES (?, ?, ?)", [(at, *one) for at, one in enumerate(cells)])
        shop.commit()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sql, "BLOCK_ROWS", 2)
        patch.setattr("tempfile.tempdir", str(waiting))
        alike(Sql(url="sqlite:///shop.db", query="SELECT x, y FROM rows", missing=("n/a",)), folder, rows)
    assert list(waiting.iterdir()) == []


def test_a_query_runs_once_for_all_batches(tmp_path, monkeypatch):
    pytest.importorskip("sqlalchemy")
    asked = []
    real = Sql._blocks
    monkeypatch.setattr(Sql, "_blocks", lambda self, *told: (asked.append(1), real(self, *told))[1])
    monkeypatch.setattr(sql, "BLOCK_ROWS", 3)
    numbers = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 10) SELECT x FROM n ORDER BY x"
    batches = list(Sql(url="sqlite://", query=numbers).batches(tmp_path, 4))
    assert [batch["x"].to_list() for batch in batches] == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]
    assert len(asked) == 1
    with pytest.raises(DataError, match="the query gives no rows; change it"):
        list(Sql(url="sqlite://", query="SELECT 1 WHERE 0").batches(tmp_path))


@pytest.mark.parametrize("group", [3, 1000])
def test_parquet(tmp_path, group):
    wide = pl.Series([1] * 9 + [2**64 - 1], dtype=pl.UInt64)
    frame = pl.DataFrame(
        {"n": range(10), "wide": wide, "fits": wide.clip(0, 5), "day": ["2024-02-29"] * 10, "l": [["a"]] * 10}
    )
    frame = frame.with_columns(pl.col("day").str.to_date())
    frame.write_parquet(tmp_path / "a.parquet", row_group_size=group)
    frame.with_columns(pl.col("n") + 0.5).write_parquet(tmp_path / "b.parquet", row_group_size=group)
    assert alike(Parquet(path=["a.parquet", "b.parquet"]), tmp_path, 4) == 5
    assert alike(Parquet(path={"train": "b.parquet", "test": "a.parquet"}), tmp_path, 100) == 1
    schema = next(Parquet(path="a.parquet").batches(tmp_path, 4)).schema
    assert (schema["wide"], schema["fits"]) == (pl.String, pl.Int64)


def test_faults_of_parquet(tmp_path):
    pl.DataFrame({"x": [["a"]] * 9 + [["a", None]]}).write_parquet(tmp_path / "rows.parquet", row_group_size=4)
    with pytest.raises(DataError, match=r"rows\.parquet row 10, column 'x': a list that holds null"):
        list(Parquet(path="rows.parquet").batches(tmp_path, 3))
    pl.DataFrame({"x": [{"a": 1}]}).write_parquet(tmp_path / "rows.parquet")
    with pytest.raises(DataError, match="the type Struct"):
        list(Parquet(path="rows.parquet").batches(tmp_path))
    pl.DataFrame({"x": [f"row {number}" for number in range(5000)]}).write_parquet(tmp_path / "rows.parquet")
    whole = (tmp_path / "rows.parquet").read_bytes()
    (tmp_path / "rows.parquet").write_bytes(whole[:4] + b"\xff" * 400 + whole[404:])
    with pytest.raises(DataError, match=r"rows\.parquet: a damaged Parquet file"):
        list(Parquet(path="rows.parquet").batches(tmp_path))


def test_labels_are_joined_in_every_batch(tmp_path):
    (tmp_path / "rows.csv").write_text("id,x\n" + "".join(f"k{n},{n}\n" for n in range(10)))
    (tmp_path / "labels.csv").write_text("id,label\n" + "".join(f"k{n},{n % 2}\n" for n in range(1, 12)))
    source = Csv(path="rows.csv", labels={"path": "labels.csv", "key": "id", "column": "label"})
    assert alike(source, tmp_path, 3) == 4
    (tmp_path / "rows.csv").write_text("id,x\n" + "".join(f"k{n % 7},{n}\n" for n in range(10)))
    with pytest.raises(DataError, match=r"rows\.csv row 9, column 'id': the key repeats 'k1'"):
        list(source.batches(tmp_path, 3))


def test_unknown_columns_are_refused_before_the_first_batch(tmp_path):
    (tmp_path / "rows.csv").write_text("text\na\n")
    with pytest.raises(DataError, match="no column 'txt'"):
        next(Csv(path="rows.csv", inputs=["txt"]).batches(tmp_path))


@pytest.mark.parametrize(
    "change",
    ["x,y\n1,a\n", "x,y\n" + "1,a\n" * 90 + "b,a\n" * 10, "x,z\n" + "1,a\n" * 100],
    ids=["cut", "text", "names"],
)
def test_a_file_that_changes_between_the_two_readings_is_refused(tmp_path, monkeypatch, change):
    monkeypatch.setattr(_bytes, "BLOCK", 64)
    path = tmp_path / "rows.csv"
    path.write_text("x,y\n" + "1,a\n" * 100)
    real = Csv.stream

    def changed(self, files, note):
        stream = real(self, files, note)
        path.write_text(change)
        return stream

    monkeypatch.setattr(Csv, "stream", changed)
    with pytest.raises(DataError, match=r"^rows\.csv: the file changed while it was read"):
        list(Csv(path="rows.csv").batches(tmp_path, 10))
