"""What every source keeps: kinds by ending, files per split, known columns, one form for all."""

from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from pydantic import ValidationError

from tunesmith.core.errors import DataError
from tunesmith.core.part import find, kinds, resolve
from tunesmith.data.sources import ENDINGS, Source, source_for
from tunesmith.data.sources.csv import Csv
from tunesmith.data.sources.jsonl import Jsonl

WITHOUT_ENDING = {"chat", "coco", "folder", "hub", "span_json", "sql", "squad", "voc", "yolo"}


def test_the_folder_is_the_registry():
    assert set(ENDINGS.values()) | WITHOUT_ENDING == set(kinds("data.sources"))
    assert resolve("data.sources", {"kind": "csv", "path": "a.csv"}) == Csv(path="a.csv")


@pytest.mark.parametrize("kind", kinds("data.sources"))
def test_samples_survive_a_round_trip(kind):
    for sample in find("data.sources", kind).samples():
        assert resolve("data.sources", sample.model_dump(mode="json")) == sample


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a.csv", "csv"),
        ("b/A.TSV", "csv"),
        ("a.csv.gz", "csv"),
        ("a.JSONL.ZST", "jsonl"),
        ("https://x.org/a.csv?b=c.d", "csv"),
        ("a.b.txt", "csv"),
        ("a.ndjson", "jsonl"),
        (Path("a.pq"), "parquet"),
        ("ner/train.conll", "conll"),
        ("a.BIO.gz", "conll"),
        ("street/data.yaml", "yolo"),
        ("VOC2007/Annotations", "voc"),
    ],
)
def test_kinds_by_ending(path, kind):
    assert source_for(path) == kind


@pytest.mark.parametrize("path", ["reviews.docx", "reviews", "a.gz", "a.parquet.gz", "a.csv.7z"])
def test_an_unknown_ending_names_the_known(path):
    with pytest.raises(DataError, match=r"known: \.csv, \.tsv, \.txt, \.jsonl"):
        source_for(path)


def test_a_source_is_abstract():
    assert Source.__abstractmethods__ == {"rows", "title"}


def test_one_file_per_split(tmp_path):
    (tmp_path / "one.csv").write_text("text,zip\na,100\nb,200\n")
    (tmp_path / "two.csv").write_text("zip,text\n007,c\n")
    data = Csv(path={"train": "one.csv", "test": "two.csv"}).read(tmp_path)
    assert data.index["split"].to_list() == ["train", "train", "test"]
    assert data.rows == [1, 2, 1]
    assert data.place(2) == "two.csv row 1"
    assert data.frame.rows() == [("a", "100"), ("b", "200"), ("c", "007")]  # the type is that of all files together


def test_files_of_different_columns_are_refused(tmp_path):
    (tmp_path / "one.csv").write_text("text,label\na,1\n")
    (tmp_path / "two.csv").write_text("text\nb\n")
    with pytest.raises(DataError, match=r"two\.csv: columns differ from one\.csv: 'label'"):
        Csv(path={"train": "one.csv", "validation": "two.csv"}).read(tmp_path)


def test_lists_in_one_file_and_texts_in_the_other_are_refused(tmp_path):
    (tmp_path / "one.jsonl").write_text('{"x": ["a"]}\n')
    (tmp_path / "two.jsonl").write_text('{"x": "a"}\n')
    with pytest.raises(DataError, match=r"one\.jsonl and two\.jsonl, column 'x': lists in one"):
        Jsonl(path={"train": "one.jsonl", "test": "two.jsonl"}).read(tmp_path)


def test_numbers_in_one_file_and_texts_in_the_other_are_texts(tmp_path):
    (tmp_path / "one.jsonl").write_text('{"x": 1, "y": null}\n')
    (tmp_path / "two.jsonl").write_text('{"x": "a", "y": 2}\n')
    frame = Jsonl(path={"train": "one.jsonl", "test": "two.jsonl"}).read(tmp_path).frame
    assert frame["x"].to_list() == ["1", "a"]
    assert frame.schema["x"] == pl.String


def test_unknown_columns_are_refused_with_the_near_one(tmp_path):
    (tmp_path / "rows.csv").write_text("text,label,key\na,1,k\n")
    with pytest.raises(DataError, match=r"rows\.csv: no column 'txt', which `inputs` names, did you mean 'text'\?"):
        Csv(path="rows.csv", inputs=["txt"]).read(tmp_path)
    with pytest.raises(DataError, match=r"no column 'row', which `id` names \(columns: text, label, key\)"):
        Csv(path="rows.csv", id="row").read(tmp_path)
    assert Csv(path="rows.csv", inputs=["text"], id="key").read(tmp_path).rows == [1]


def test_an_absolute_path_stays(tmp_path):
    (tmp_path / "rows.csv").write_text("a\n1\n")
    assert Csv(path=str(tmp_path / "rows.csv")).read(Path("elsewhere")).frame["a"].to_list() == [1]


def test_splits_have_known_names():
    with pytest.raises(ValidationError):
        Csv(path={"train": "a.csv", "dev": "b.csv"})
    with pytest.raises(ValidationError, match="at least `train:`"):
        Csv(path={"test": "b.csv"})


def test_paths_of_images_in_a_table_stay_in_its_folder(tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set/rows.csv").write_text("picture,label\ncat/a.png,cat\n../b.png,dog\n")
    inputs = {"picture": SimpleNamespace(kind="image")}
    with pytest.raises(
        DataError, match=r"rows\.csv row 2, column 'picture': '\.\./b\.png' leads out of the folder .*set;"
    ):
        Csv.model_construct(path="set/rows.csv", inputs=inputs).read(tmp_path)
    assert Csv.model_construct(path="set/rows.csv", inputs={"picture": SimpleNamespace(kind="text")}).read(tmp_path)
