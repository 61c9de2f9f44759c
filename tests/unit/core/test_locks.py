"""A lock lasts as long as anything of the opened file does."""

import mmap
import os

import pytest

from tunesmith.core.locks import claim, release, share

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX locks")


@pytest.fixture
def path(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    return tmp_path / "file"


def test_many_share_and_one_claims(path):
    with path.open("rb") as first, path.open("rb") as second, path.open("r+b") as third:
        assert share(first.fileno())
        assert share(second.fileno())
        assert not claim(third.fileno())
        release(first.fileno())
        assert not claim(third.fileno())
        release(second.fileno())
        assert claim(third.fileno())
        assert not share(first.fileno())


def test_a_map_keeps_the_lock_of_the_file_it_came_from(path):
    with path.open("rb") as file:
        assert share(file.fileno())
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    with path.open("r+b") as other:
        assert not claim(other.fileno())
        mapped.close()
        assert claim(other.fileno())


def test_without_locks_files_are_used_and_never_removed(path, monkeypatch):
    def refuse(*arguments):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    with path.open("rb") as file:
        assert share(file.fileno())
        assert not claim(file.fileno())
        release(file.fileno())
