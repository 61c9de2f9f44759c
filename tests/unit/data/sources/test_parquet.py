"""Parquet: every type becomes a number, a text or a list of texts, or is refused by name."""

import datetime
import decimal

import polars as pl
import pytest

from tunesmith.core.errors import DataError, NotFoundError
from tunesmith.data.sources.parquet import Parquet

NOON = datetime.datetime(2024, 2, 29, 12, 0, 0, 5)


def read(tmp_path, series, **fields):
    pl.DataFrame({"x": series}).write_parquet(tmp_path / "rows.parquet")
    return Parquet(path="rows.parquet", **fields).read(tmp_path).frame["x"]


@pytest.mark.parametrize(
    ("series", "kind", "held"),
    [
        (pl.Series([1, None], dtype=pl.Int8), pl.Int64, [1, None]),
        (pl.Series([1, 2**64 - 1], dtype=pl.UInt64), pl.String, ["1", str(2**64 - 1)]),
        (pl.Series([0.5, None], dtype=pl.Float32), pl.Float64, [0.5, None]),
        (pl.Series([decimal.Decimal("1.25")]), pl.Float64, [1.25]),
        (pl.Series([True, False, None]), pl.String, ["true", "false", None]),
        (pl.Series([datetime.date(2024, 2, 29), None]), pl.String, ["2024-02-29", None]),
        (pl.Series([NOON]), pl.String, ["2024-02-29T12:00:00.000005"]),
        (pl.Series(["é", None, ""]), pl.String, ["é", None, ""]),
        (pl.Series(["a", "b", "a"], dtype=pl.Categorical), pl.String, ["a", "b", "a"]),
        (pl.Series(["a"], dtype=pl.Enum(["a", "b"])), pl.String, ["a"]),
        (pl.Series([["a", "b"], [], None]), pl.List(pl.String), [["a", "b"], [], None]),
        (pl.Series([[1], []]), pl.List(pl.String), [["1"], []]),
        (pl.Series([None, None]), pl.String, [None, None]),
    ],
)
def test_types(tmp_path, series, kind, held):
    found = read(tmp_path, series)
    assert found.dtype == kind
    assert found.to_list() == held


@pytest.mark.parametrize(
    "series",
    [
        pl.Series([{"a": 1}]),
        pl.Series([[0.5]]),
        pl.Series([[["a"]]]),
        pl.Series([[1, 2]], dtype=pl.Array(pl.Int64, 2)),
    ],
)
def test_other_types_are_refused_by_column_and_type(tmp_path, series):
    with pytest.raises(DataError, match=r"rows\.parquet, column 'x': the type .+ cannot be used; "):
        read(tmp_path, series)


def test_a_hole_in_a_list_is_refused_by_row(tmp_path):
    with pytest.raises(DataError, match=r"rows\.parquet row 3, column 'x': a list that holds null"):
        read(tmp_path, pl.Series([["a"], None, ["b", None]]))


def test_missing_texts_are_null(tmp_path):
    assert read(tmp_path, pl.Series(["n/a", "x"]), missing=("n/a",)).to_list() == [None, "x"]


def test_no_rows(tmp_path):
    with pytest.raises(DataError, match="no rows"):
        read(tmp_path, pl.Series([], dtype=pl.String))


def test_special_characters_in_the_name_are_no_pattern(tmp_path):
    path = tmp_path / "rows[1]*.parquet"
    pl.DataFrame({"x": [1]}).write_parquet(path)
    assert Parquet(path=path.name).read(tmp_path).rows == [1]


@pytest.mark.parametrize("damage", ["cut", "text", "tiny", "empty", "footer", "body"])
def test_damaged_files(tmp_path, damage):
    path = tmp_path / "rows.parquet"
    pl.DataFrame({"x": [f"row {number}" for number in range(500)]}).write_parquet(path)
    whole = path.read_bytes()
    torn = {
        "cut": whole[:-10],
        "text": b"a,b\n1,2\n",
        "tiny": b"PA",
        "empty": b"",
        "footer": whole[:-8] + b"\xff\xff\xff\x7fPAR1",
        "body": whole[:4] + b"\xff" * 400 + whole[404:],
    }
    path.write_bytes(torn[damage])
    with pytest.raises(DataError, match=r"rows\.parquet: "):
        Parquet(path="rows.parquet").read(tmp_path)


def test_missing_file_and_folder(tmp_path):
    (tmp_path / "rows.parquet").write_bytes(b"")
    with pytest.raises(NotFoundError, match=r"did you mean 'rows\.parquet'"):
        Parquet(path="row.parquet").read(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no Parquet files in this folder"):
        Parquet(path="empty").read(tmp_path)


def folder(tmp_path):
    for name, numbers in {"b": [3], "year=2024/a": [1, 2], "_delta/c": [9], ".hidden/d": [9], "_e": [9]}.items():
        path = tmp_path / "table" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pl.DataFrame({"x": numbers}).write_parquet(path)
    (tmp_path / "table" / "_SUCCESS").write_bytes(b"")
    return "table"


def test_a_folder_is_one_dataset(tmp_path):
    said = []
    data = Parquet(path=folder(tmp_path)).read(tmp_path, said.append)
    assert data.frame["x"].to_list() == [3, 1, 2]
    assert data.frame.columns == ["x"]
    assert data.index["source"].to_list() == ["b.parquet", "a.parquet", "a.parquet"]
    assert said == ["the folders' names hold values of 'year', which is not read as a column; write it into the files"]


def test_folders_per_split(tmp_path):
    name = folder(tmp_path)
    pl.DataFrame({"x": [5]}).write_parquet(tmp_path / "b.parquet")
    data = Parquet(path={"train": name, "test": "b.parquet"}).read(tmp_path)
    assert data.index["split"].to_list() == ["train"] * 3 + ["test"]
    assert data.index["source"].to_list() == ["table/b.parquet"] + ["table/year=2024/a.parquet"] * 2 + ["b.parquet"]
