"""Compressed files read like their content; what is cut, locked, ambiguous or a bomb is refused by name."""

import gzip
import io
import zipfile

import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.core.errors import DataError
from tunesmith.data.sources import _unpack
from tunesmith.data.sources.csv import Csv
from tunesmith.data.sources.jsonl import Jsonl

ROWS = b"text,n\n" + b"".join(b"row %d,%d\n" % (n, n) for n in range(300))


def zipped(content, *names):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names or ("rows.csv",):
            archive.writestr(name, content)
    return held.getvalue()


PACK = {
    "gz": gzip.compress,
    "zst": lambda content: pyarrow.compress(content, codec="zstd", asbytes=True),
    "zip": zipped,
}


def read(tmp_path, data, ending, **fields):
    (tmp_path / f"rows.csv.{ending}").write_bytes(data)
    return Csv(path=f"rows.csv.{ending}", **fields).read(tmp_path)


def fault(tmp_path, data, ending, **fields):
    with pytest.raises(DataError) as caught:
        read(tmp_path, data, ending, **fields)
    assert str(caught.value).startswith(f"rows.csv.{ending}")
    return str(caught.value)


@pytest.mark.parametrize("ending", PACK)
def test_the_content_is_read(tmp_path, ending):
    data = read(tmp_path, PACK[ending](ROWS), ending)
    assert data.frame["n"].to_list() == list(range(300))
    assert data.place(2) == f"rows.csv.{ending} row 3"


@pytest.mark.parametrize("ending", ["gz", "zst"])
def test_parts_one_after_another_are_one_file(tmp_path, ending):
    pack = PACK[ending]
    assert read(tmp_path, pack(ROWS[:1000]) + pack(ROWS[1000:]), ending).frame.height == 300


@pytest.mark.parametrize("ending", PACK)
def test_faults_are_named_by_the_line_of_the_content(tmp_path, ending):
    assert "line 3: 1 cell" in fault(tmp_path, PACK[ending](b"a,b\n1,2\n3\n"), ending)


@pytest.mark.parametrize("ending", PACK)
def test_other_forms_of_text(tmp_path, ending):
    (tmp_path / f"a.TSV.{ending}").write_bytes(PACK[ending](b'x\ty\n"so\t1\n'))
    assert Csv(path=f"a.TSV.{ending}").read(tmp_path).frame["x"].to_list() == ['"so']
    (tmp_path / f"a.jsonl.{ending}").write_bytes(PACK[ending](b'{"x": 1}\n'))
    assert Jsonl(path=f"a.jsonl.{ending}").read(tmp_path).frame["x"].to_list() == [1]


@pytest.mark.parametrize("ending", PACK)
@pytest.mark.parametrize("damage", ["cut", "cut at the end", "no archive", "changed"])
def test_cut_and_damaged_archives_are_named(tmp_path, ending, damage):
    whole = PACK[ending](ROWS)
    torn = {
        "cut": whole[: len(whole) // 2],
        "cut at the end": whole[:-3],
        "no archive": ROWS,
        "changed": whole[:40] + bytes(255 - one for one in whole[40:60]) + whole[60:],
    }
    assert "a cut or damaged archive" in fault(tmp_path, torn[damage], ending)


@pytest.mark.parametrize("ending", PACK)
def test_empty_archives(tmp_path, ending):
    assert "0 bytes" in fault(tmp_path, PACK[ending](b""), ending)
    assert f"rows.csv.{ending}" in fault(tmp_path, b"", ending)


@settings(max_examples=60, deadline=None)
@given(ending=st.sampled_from(sorted(PACK)), at=st.integers(0, 10**6), byte=st.integers(0, 255), cut=st.booleans())
def test_no_damage_gives_other_rows_silently(tmp_path_factory, ending, at, byte, cut):
    whole = bytearray(PACK[ending](ROWS))
    at %= len(whole)
    whole[at] = byte
    folder = tmp_path_factory.mktemp("damage")
    try:
        found = read(folder, bytes(whole[:at] if cut else whole), ending).frame
    except DataError:
        return
    if ending != "zst":  # a frame of zstd may go without a checksum of its content
        assert found["n"].to_list() == list(range(300))


def test_a_zip_of_several_files_is_refused_with_their_names(tmp_path):
    assert "holds 2 files ('a.csv', 'b.csv')" in fault(tmp_path, zipped(ROWS, "a.csv", "b.csv"), "zip")
    assert "holds 0 files" in fault(tmp_path, zipped(ROWS, "folder/"), "zip")
    many = fault(tmp_path, zipped(b"", *(f"{n}.csv" for n in range(12))), "zip")
    assert "'9.csv', ...)" in many


def test_what_systems_leave_in_a_zip_is_no_file(tmp_path):
    data = zipped(ROWS, "data/", "data/rows.csv", "__MACOSX/data/._rows.csv", "data/.DS_Store")
    assert read(tmp_path, data, "zip").frame.height == 300


def test_a_locked_zip_is_refused(tmp_path):
    data = bytearray(zipped(ROWS))
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    assert "needs a password" in fault(tmp_path, bytes(data), "zip")


@pytest.mark.parametrize("ending", PACK)
def test_more_than_allowed_is_refused(tmp_path, ending):
    assert "allow more by `most_bytes`" in fault(tmp_path, PACK[ending](ROWS), ending, most_bytes=len(ROWS) - 1)
    assert read(tmp_path, PACK[ending](ROWS), ending, most_bytes=len(ROWS)).frame.height == 300


def test_a_size_declared_too_large_is_refused_before_anything_is_unpacked(tmp_path, monkeypatch):
    data = zipped(ROWS)
    monkeypatch.setattr(zipfile.ZipFile, "open", None)
    assert "more than 1,000 bytes" in fault(tmp_path, data, "zip", most_bytes=1000)


@pytest.mark.parametrize("ending", PACK)
def test_a_bomb_is_refused_long_before_it_is_unpacked(tmp_path, ending, monkeypatch):
    monkeypatch.setattr(_unpack, "BOMB_BYTES", 1_000_000)
    monkeypatch.setattr(_unpack, "BOMB_RATIO", 900)
    monkeypatch.setattr(_unpack, "BLOCK", 1 << 16)
    written = []
    real = _unpack._written
    monkeypatch.setattr(
        _unpack, "_written", lambda into, block, name: (written.append(len(block)), real(into, block, name))
    )
    bomb = PACK[ending](b"0" * 40_000_000)
    assert "as in a decompression bomb" in fault(tmp_path, bomb, ending)
    assert sum(written) < 37_000_000


def test_nothing_stays_behind(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(_unpack.tempfile, "tempdir", str(folder))
    read(tmp_path, PACK["gz"](ROWS), "gz")
    fault(tmp_path, PACK["gz"](ROWS)[:-3], "gz")
    assert list(folder.iterdir()) == []


def test_no_room_is_said(tmp_path, monkeypatch):
    def full(into, block, name):
        return real(Full(), block, name)

    class Full:
        def write(self, block):
            raise OSError(28, "No space left on device")

    real = _unpack._written
    monkeypatch.setattr(_unpack, "_written", full)
    message = fault(tmp_path, PACK["gz"](ROWS), "gz")
    assert "No space left on device" in message
    assert "TMPDIR" in message
