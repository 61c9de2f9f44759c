"""Arrow files and streams read as Parquet does, and damage is named."""

import contextlib

import polars as pl
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import ipc

from tunesmith.core.errors import DataError
from tunesmith.core.part import resolve
from tunesmith.data.sources.arrow import Arrow

TABLE = pyarrow.table({"x": [f"row {number}" for number in range(500)], "n": list(range(500))})


def written(table, form=ipc.new_file):
    held = pyarrow.BufferOutputStream()
    with form(held, table.schema) as writer:
        writer.write_table(table, max_chunksize=100)
    return held.getvalue().to_pybytes()


def read(tmp_path, data, **fields):
    (tmp_path / "rows.arrow").write_bytes(data)
    return Arrow(path="rows.arrow", **fields).read(tmp_path)


@pytest.mark.parametrize("form", [ipc.new_file, ipc.new_stream])
def test_files_and_streams(tmp_path, form):
    data = read(tmp_path, written(TABLE, form))
    assert data.frame.equals(pl.from_arrow(TABLE))
    assert data.place(499) == "rows.arrow row 500"


@pytest.mark.parametrize("ending", ["arrow", "ipc", "feather"])
@pytest.mark.parametrize("compression", ["uncompressed", "zstd", "lz4"])
def test_what_polars_writes(tmp_path, ending, compression):
    frame = pl.DataFrame({"day": ["2024-02-29"], "tag": [["a", "b"]], "kind": ["a"], "yes": [True]})
    frame = frame.with_columns(pl.col("day").str.to_date(), pl.col("kind").cast(pl.Categorical))
    frame.write_ipc(tmp_path / f"rows.{ending}", compression=compression)
    found = resolve("data.sources", f"rows.{ending}").read(tmp_path).frame
    assert found.rows() == [("2024-02-29", ["a", "b"], "a", "true")]


def test_other_types_are_refused_by_column_and_type(tmp_path):
    with pytest.raises(DataError, match=r"rows\.arrow, column 'x': the type Struct"):
        read(tmp_path, written(pyarrow.table({"x": [{"a": 1}]})))


def test_repeated_names_are_refused(tmp_path):
    with pytest.raises(DataError, match="more than one column is named 'x'"):
        read(tmp_path, written(pyarrow.table([[1], [2]], names=["x", "x"])))


@pytest.mark.parametrize("form", [ipc.new_file, ipc.new_stream])
@pytest.mark.parametrize("damage", ["cut", "text", "tiny", "empty"])
def test_damaged_files(tmp_path, form, damage):
    whole = written(TABLE, form)
    torn = {"cut": whole[:-200], "text": b"a,b\n1,2\n", "tiny": whole[:7], "empty": b""}
    with pytest.raises(DataError, match=r"rows\.arrow: "):
        read(tmp_path, torn[damage])


@settings(max_examples=200, deadline=None)
@given(
    form=st.sampled_from([ipc.new_file, ipc.new_stream]),
    at=st.integers(0, 10**6),
    junk=st.binary(min_size=1, max_size=9),
)
def test_damage_is_an_error_or_a_table(tmp_path_factory, form, at, junk):
    whole = bytearray(written(TABLE, form))
    at %= len(whole)
    whole[at : at + len(junk)] = junk
    with contextlib.suppress(DataError):
        assert len(read(tmp_path_factory.mktemp("arrow"), bytes(whole))) > 0
