"""Several files are one dataset: lists, patterns and splits of them, each row with its own file's name and number."""

import pytest
from pydantic import ValidationError

from tunesmith.core.errors import DataError, NotFoundError
from tunesmith.core.part import resolve
from tunesmith.data.sources.csv import Csv
from tunesmith.recipe import Recipe


def write(tmp_path, **files):
    """Write small tables: `a__b=...` is the file a/b.csv."""
    for name, text in files.items():
        path = tmp_path / (name.replace("__", "/") + ".csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_a_list_is_one_dataset_in_its_order(tmp_path):
    write(tmp_path, one="x,y\n1,a\n2,b\n", two="y,x\nc,3\n")
    data = Csv(path=["two.csv", "one.csv"]).read(tmp_path)
    assert data.frame.rows() == [("c", 3), ("a", 1), ("b", 2)]
    assert data.rows == [1, 1, 2]
    assert data.place(2) == "one.csv row 2"
    assert data.index["split"].null_count() == 3


def test_a_pattern_is_sorted_by_name_and_leaves_folders_out(tmp_path):
    write(tmp_path, data__b="x\n2\n", data__a="x\n1\n", data__c="x\n3\n", data__deep__d="x\n4\n")
    (tmp_path / "data" / "folder.csv").mkdir()
    assert Csv(path="data/*.csv").read(tmp_path).frame["x"].to_list() == [1, 2, 3]
    assert Csv(path="data/**/*.csv").read(tmp_path).frame["x"].to_list() == [1, 2, 3, 4]
    assert Csv(path=f"{tmp_path}/data/[ab].csv").read(tmp_path).frame["x"].to_list() == [1, 2]


def test_the_folder_of_the_recipe_is_no_pattern(tmp_path):
    base = tmp_path / "run[1]"
    write(base, a="x\n1\n")
    assert Csv(path="*.csv").read(base).rows == [1]


def test_an_existing_name_is_no_pattern(tmp_path):
    (tmp_path / "rows[1].csv").write_text("x\n1\n")
    (tmp_path / "rows1.csv").write_text("x\n2\n")
    assert Csv(path="rows[1].csv").read(tmp_path).frame["x"].to_list() == [1]


def test_lists_and_patterns_per_split(tmp_path):
    write(tmp_path, new__a="x\n1\n", new__b="x\n2\n", old="x\n3\n", test="x\n4\n")
    data = Csv(path={"train": ["new/*.csv", "old.csv"], "test": "test.csv"}).read(tmp_path)
    assert data.index["split"].to_list() == ["train"] * 3 + ["test"]
    assert data.index["source"].to_list() == ["a.csv", "b.csv", "old.csv", "test.csv"]


def test_equal_names_are_told_apart_by_their_folders(tmp_path):
    write(tmp_path, set__train__rows="x\n1\n", set__test__rows="x\n2\n")
    data = Csv(path={"train": "set/train/rows.csv", "test": "set/test/rows.csv"}).read(tmp_path)
    assert data.place(1) == "test/rows.csv row 1"
    assert data.index["source"].to_list() == ["train/rows.csv", "test/rows.csv"]


def test_types_are_those_of_all_files_together(tmp_path):
    write(tmp_path, a="x\n1\n", b="x\n007\n")
    assert Csv(path="*.csv").read(tmp_path).frame["x"].to_list() == ["1", "007"]


def test_differing_columns_are_refused_by_name(tmp_path):
    write(tmp_path, a="x,y\n1,2\n", b="x,z\n1,2\n")
    with pytest.raises(DataError, match=r"b\.csv: columns differ from a\.csv: 'y', 'z'"):
        Csv(path="*.csv").read(tmp_path)


def test_one_file_of_several_may_have_no_rows_but_not_a_whole_split(tmp_path):
    write(tmp_path, a="x,y\n1,2\n", b="x,y\n", c="x,y\n")
    assert Csv(path="*.csv").read(tmp_path).frame.rows() == [(1, 2)]
    with pytest.raises(DataError, match=r"b\.csv: no rows"):
        Csv(path={"train": "a.csv", "test": ["b.csv", "c.csv"]}).read(tmp_path)


def test_a_file_named_twice_is_refused(tmp_path):
    write(tmp_path, a="x\n1\n", b="x\n2\n")
    with pytest.raises(DataError, match=r"a\.csv: the same file is named twice"):
        Csv(path=["a.csv", "*.csv"]).read(tmp_path)
    with pytest.raises(DataError, match="the same file is named twice"):
        Csv(path={"train": "a.csv", "test": "../" + tmp_path.name + "/a.csv"}).read(tmp_path)
    (tmp_path / "link.csv").symlink_to(tmp_path / "a.csv")
    with pytest.raises(DataError, match=r"a\.csv and .*link\.csv: the same file is named twice"):
        Csv(path=["a.csv", "link.csv"]).read(tmp_path)


def test_a_pattern_without_a_match_and_a_folder(tmp_path):
    (tmp_path / "data").mkdir()
    with pytest.raises(NotFoundError, match=r"data/\*\.csv: no file matches"):
        Csv(path="data/*.csv").read(tmp_path)
    with pytest.raises(
        DataError, match=r"is a folder; give the path of one file in it, or a pattern such as .*data/\*"
    ):
        Csv(path="data").read(tmp_path)


@pytest.mark.parametrize("path", ["", [], [""], ["a.csv", ""], {"train": []}, {"train": "a.csv", "test": ""}])
def test_a_path_names_a_file(path):
    with pytest.raises(ValidationError, match="the name of a file is empty"):
        Csv(path=path)


@pytest.mark.parametrize(
    "path", ["data/*.csv", ["a.csv", "b.csv"], {"train": ["a.csv"], "test": "b.csv"}, {"train": "a.csv"}]
)
def test_the_ending_says_the_kind_of_every_form(path):
    assert resolve("data.sources", {"path": path}) == Csv(path=path)
    assert resolve("data.sources", Csv(path=path).model_dump(mode="json")) == Csv(path=path)


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("data/reviews.v2.csv", "reviews"),
        ("data/.hidden.csv", "hidden"),
        (["a.csv", "b.csv"], "a"),
        ({"test": "t.csv", "train": ["a.csv"]}, "a"),
        ("data/2024/*.csv", "2024"),
        ("data/**/*.csv", "data"),
        ("*.csv", "model"),
        ("täg é.csv", "tag-e"),
    ],
)
def test_versions_are_named_after_the_first_file_or_the_folder(path, title):
    assert Recipe(data=Csv(path=path)).title() == title
