"""Image folders: a class per folder, splits above, and nothing that leads out of the folder."""

import os

import pytest

from tunesmith.core.errors import DataError, NotFoundError
from tunesmith.core.part import resolve
from tunesmith.data.sources.folder import Folder


def make(tmp_path, *names):
    for name in names:
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"image")
    return tmp_path


def read(tmp_path, *names, said=None):
    make(tmp_path, *names)
    return Folder(path="images").read(tmp_path, (said if said is not None else []).append)


def test_a_class_per_folder(tmp_path):
    data = read(tmp_path, "dog/b.PNG", "cat/2.jpg", "cat/1.jpeg", "cat/é.webp")
    assert data.frame.rows() == [
        ("cat/1.jpeg", "cat"),
        ("cat/2.jpg", "cat"),
        ("cat/é.webp", "cat"),
        ("dog/b.PNG", "dog"),
    ]
    assert data.rows == [1, 2, 3, 4]
    assert data.place(3) == "images row 4"
    assert data.index["split"].null_count() == 4


@pytest.mark.parametrize("name", ["val", "valid", "validation"])
def test_splits_above_the_classes(tmp_path, name):
    data = read(tmp_path, "test/cat/t.png", "train/cat/a.png", "train/dog/b.png", f"{name}/dog/c.png")
    assert data.index["split"].to_list() == ["train", "train", "validation", "test"]
    assert data.frame["image"].to_list() == [
        "train/cat/a.png",
        "train/dog/b.png",
        f"{name}/dog/c.png",
        "test/cat/t.png",
    ]
    assert data.frame["label"].to_list() == ["cat", "dog", "dog", "cat"]
    assert data.place(3) == "images/test row 1"


def test_classes_may_be_named_like_splits(tmp_path):
    assert read(tmp_path, "train/a.png", "test/b.png").frame["label"].to_list() == ["test", "train"]
    assert read(tmp_path, "car/c.png").frame["label"].to_list() == ["car", "test", "train"]


def test_what_is_no_image_is_noted_and_what_is_hidden_is_not(tmp_path):
    said = []
    names = ["cat/a.png", "cat/notes.txt", "README.md", ".DS_Store", "cat/._a.png", "__MACOSX/cat/a.png"]
    (tmp_path / "images" / "dog").mkdir(parents=True)
    assert len(read(tmp_path, *names, said=said)) == 1
    assert said == [
        "images: 2 files are no images and were left out: README.md, cat/notes.txt",
        "images: the folder 'dog' holds no images, so there is no such class",
    ]


@pytest.mark.parametrize(
    ("names", "fact"),
    [
        (["a.png", "cat/b.png"], "a.png: an image outside the folder of a class"),
        (["train/a.png", "train/cat/b.png"], "train/a.png: an image outside the folder of a class"),
        (["cat/big/a.png"], "cat/big: a folder within the folder of a class"),
        (["train/cat/a.png", "extra/cat/a.png"], "extra/cat: a folder within the folder of a class"),
        (["train/cat/a.png", "val/cat/a.png", "validation/cat/a.png"], "more than one folder for the split"),
        (["cat/notes.txt"], "images: no images in it"),
    ],
)
def test_faults(tmp_path, names, fact):
    with pytest.raises(DataError, match=fact):
        read(tmp_path, *names)


def test_links_may_not_lead_out(tmp_path):
    make(tmp_path, "cat/a.png", "dog/b.png")
    outside = tmp_path / "secret.png"
    outside.write_bytes(b"secret")
    (tmp_path / "images/cat/inside.png").symlink_to(tmp_path / "images/dog/b.png")
    assert len(read(tmp_path)) == 3
    for link, target in (("cat/out.png", outside), ("bird", tmp_path), ("cat/up.png", "../../secret.png")):
        path = tmp_path / "images" / link
        path.symlink_to(target)
        with pytest.raises(DataError, match=rf"{link}: a link that leads out of the folder"):
            read(tmp_path)
        path.unlink()


def test_links_in_a_circle_end(tmp_path):
    make(tmp_path, "cat/a.png")
    (tmp_path / "images/loop").symlink_to(tmp_path / "images")
    with pytest.raises(DataError):
        read(tmp_path)
    (tmp_path / "images/loop").unlink()
    (tmp_path / "images/loop").symlink_to(tmp_path / "images/loop")
    with pytest.raises(DataError, match="loop: a link that leads out of the folder, or to nothing"):
        read(tmp_path)


def test_a_name_that_is_no_text_is_refused(tmp_path):
    make(tmp_path, "cat/a.png")
    try:
        open(os.fsencode(tmp_path / "images/cat") + b"/\xff.png", "wb").close()
    except OSError:
        pytest.skip("this file system takes names in UTF-8 only")
    with pytest.raises(DataError, match=r"the name 'cat/\\udcff\.png' is not text in UTF-8"):
        read(tmp_path)


def test_no_folder(tmp_path):
    make(tmp_path, "cat/a.png")
    with pytest.raises(NotFoundError, match="did you mean 'images'"):
        Folder(path="image").read(tmp_path)
    with pytest.raises(DataError, match="is a file; give the folder"):
        Folder(path="images/cat/a.png").read(tmp_path)


def test_in_a_recipe(tmp_path):
    source = resolve("data.sources", {"kind": "folder", "path": "images/"})
    assert source.title() == "images"
    assert source.root(tmp_path) == tmp_path / "images"
