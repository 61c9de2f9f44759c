"""Files elsewhere come through fsspec; addresses never show or store their secrets."""

import json
import os
import sys
import threading

import fsspec
import polars as pl
import pytest

from tunesmith.core.errors import DataError, MissingDependencyError, NotFoundError
from tunesmith.core.part import resolve
from tunesmith.data.sources import _secrets
from tunesmith.data.sources.csv import Csv
from tunesmith.data.sources.parquet import Parquet
from tunesmith.recipe import Recipe


@pytest.fixture
def memory():
    files = fsspec.filesystem("memory")
    yield lambda name, data: files.pipe(name, data)
    files.store.clear()
    files.pseudo_dirs[:] = [""]


def test_a_file_in_memory(memory, tmp_path):
    memory("/bucket/rows.csv", b"x,y\n1,a\n")
    data = resolve("data.sources", {"path": "memory://bucket/rows.csv"}).read(tmp_path)
    assert data.frame.rows() == [(1, "a")]
    assert data.place(0) == "rows.csv row 1"


def test_patterns_lists_and_compression(memory, tmp_path):
    memory("/set/b.csv", b"x\n2\n")
    memory("/set/a.csv", b"x\n1\n")
    memory("/old/a.csv", b"x\n3\n")
    data = Csv(path=["memory://set/*.csv", "memory://old/a.csv"]).read(tmp_path)
    assert data.frame["x"].to_list() == [1, 2, 3]
    assert data.index["source"].to_list() == ["set/a.csv", "set/b.csv", "old/a.csv"]
    with pytest.raises(NotFoundError, match=r"memory://no/\*\.csv: no file matches"):
        Csv(path="memory://no/*.csv").read(tmp_path)


def test_parquet_by_file_address(tmp_path):
    pl.DataFrame({"x": [1, 2]}).write_parquet(tmp_path / "rows.parquet")
    assert Parquet(path=f"file://{tmp_path}/rows.parquet").read(tmp_path).frame["x"].to_list() == [1, 2]


def test_what_is_not_there(tmp_path):
    with pytest.raises(NotFoundError, match=r"memory://bucket/none\.csv: there is no such file"):
        Csv(path="memory://bucket/none.csv").read(tmp_path)
    with pytest.raises(DataError, match=r"nosuch://bucket/rows\.csv: cannot be fetched"):
        Csv(path="nosuch://bucket/rows.csv").read(tmp_path)


def test_a_missing_library_is_an_install_command(tmp_path, monkeypatch):
    fsspec.register_implementation("lacking", "no_such_backend.Files", errtxt="Install it", clobber=True)
    wanted = r"no_such_backend is not installed, .+: pip install 'no_such_backend'"
    with pytest.raises(MissingDependencyError, match=wanted):
        Csv(path="lacking://bucket/rows.csv").read(tmp_path)
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'tunesmith\[store\]'"):
        Csv(path="memory://bucket/rows.csv").read(tmp_path)


def test_more_than_allowed_is_not_fetched(memory, tmp_path):
    memory("/bucket/rows.csv", b"x\n" + b"1\n" * 1000)
    with pytest.raises(DataError, match="more than 100 bytes"):
        Csv(path="memory://bucket/rows.csv", most_bytes=100).read(tmp_path)


def test_a_pipe_is_read_once(tmp_path):
    pipe = tmp_path / "rows.csv"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"x\n1\n",))
    writer.start()
    assert Csv(path="rows.csv").read(tmp_path).frame["x"].to_list() == [1]
    writer.join()


def test_variables_stand_for_secrets(memory, tmp_path, monkeypatch):
    memory("/bucket/rows.csv", b"x\n1\n")
    source = Csv(path="memory://${BUCKET}/rows.csv")
    with pytest.raises(DataError, match="the variable BUCKET is not set"):
        source.read(tmp_path)
    monkeypatch.setenv("BUCKET", "bucket")
    assert source.read(tmp_path).rows == [1]
    assert source.model_dump()["path"] == "memory://${BUCKET}/rows.csv"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://ann:pass@h.org/a.csv", "https://ann:***@h.org/a.csv"),
        ("https://ann:${P}@h.org/a.csv", "https://ann:${P}@h.org/a.csv"),
        (
            "https://h.org/a.csv?version=3&X-Amz-Signature=pass&b=c",
            "https://h.org/a.csv?version=3&X-Amz-Signature=***&b=c",
        ),
        ("https://h.org/a.csv?sig=pass#x", "https://h.org/a.csv?sig=***#x"),
        ("https://h.org/a.csv?design=2", "https://h.org/a.csv?design=2"),
        ("s3://bucket/a.csv", "s3://bucket/a.csv"),
    ],
)
def test_secrets_are_neither_shown_nor_stored(address, shown):
    assert _secrets.hidden(address) == shown
    for path in (address, [address], {"train": [address], "test": address}):
        recipe = Recipe(data=Csv(path=path))
        assert "pass" not in json.dumps(recipe.model_dump(mode="json"))
    if "pass" in address:
        assert "pass" not in _secrets.scrubbed(f"login to {address} failed: pass", address)


def test_a_hidden_secret_says_what_to_do(tmp_path):
    with pytest.raises(DataError, match=r"its secret was not stored; write it as \$\{VARIABLE\}"):
        Csv(path="https://ann:***@h.org/a.csv").read(tmp_path)


def test_characters_of_a_password_are_escaped(monkeypatch):
    monkeypatch.setenv("P", "a@b/c")
    monkeypatch.setenv("WHOLE", "sqlite:///a@b.db")
    assert _secrets.filled("db://ann:${P}@host/x") == "db://ann:a%40b%2Fc@host/x"
    assert _secrets.filled("${WHOLE}") == "sqlite:///a@b.db"
