"""Paths that rows hold stay within the folder of the rows."""

import polars as pl
import pytest

from tunesmith.core.errors import DataError
from tunesmith.data import Dataset
from tunesmith.data.inside import refuse_leaving


def judged(root, *paths):
    refuse_leaving(Dataset.of(pl.DataFrame({"image": pl.Series(paths, dtype=pl.String)}), "table.csv"), "image", root)


def test_what_stays_inside(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b.png").write_bytes(b"")
    (tmp_path / "link.png").symlink_to(tmp_path / "a/b.png")
    judged(tmp_path, "a/b.png", "./a/b.png", "link.png", "none.png", None, "a..b.png", "..a/b.png", "a/b..", "...")


@pytest.mark.parametrize(
    "path",
    ["/etc/hosts", "../x.png", "a/../../x.png", "..", "a\\..\\..\\x", "\\\\host\\x", "C:\\x.png", "c:x.png", "a/.."],
)
def test_what_leaves_is_refused_by_row_and_name(tmp_path, path):
    with pytest.raises(DataError) as caught:
        judged(tmp_path, "a/b.png", None, path, "/other")
    assert str(caught.value).startswith(f"table.csv row 3, column 'image': '{path}' leads out of the folder")


def test_links_that_leave(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.png").write_bytes(b"")
    (root / "file.png").symlink_to(tmp_path / "secret.png")
    (root / "folder").symlink_to(tmp_path)
    (tmp_path / "root-beside").mkdir()
    (root / "beside").symlink_to(tmp_path / "root-beside")
    for path in ("file.png", "folder/secret.png", "beside/x.png"):
        with pytest.raises(DataError, match=rf"row 2, column 'image': '{path}' leads out"):
            judged(root, "a.png", path, path)


def test_the_folder_may_be_a_link_itself(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    judged(tmp_path / "link", "a.png")
