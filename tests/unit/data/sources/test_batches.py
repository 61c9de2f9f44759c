"""Rows in batches are the rows that are read whole: the same types, numbers, sources, labels and refusals."""

import gzip

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.core.errors import DataError
from tunesmith.data.dataset import concatenate
from tunesmith.data.sources import _bytes, _exact, csv
from tunesmith.data.sources.csv import Csv
from tunesmith.data.sources.jsonl import Jsonl
from tunesmith.data.sources.parquet import Parquet


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
    (tmp_path / "rows.jsonl").write_text('{"x": 1}\n' * 10)
    assert alike(Jsonl(path="rows.jsonl"), tmp_path, 4) == 3


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
