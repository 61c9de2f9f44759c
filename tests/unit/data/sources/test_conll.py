"""CoNLL files: sentences, documents, comments; every fault by its line."""

from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError

from tunesmith.core.errors import DataError
from tunesmith.data.sources.conll import Conll
from tunesmith.data.tags import aligned, scheme_of, tag_faults

WNUT = Path(__file__).parents[4].parent / "shared" / "assets" / "ner" / "wnut17"


def read(tmp_path, content, name="a.conll", **fields):
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return Conll(path=name, **fields).read(tmp_path).frame.rows()


@pytest.mark.parametrize("content", ["a\tO\nb c\tB-X\n\nd\tO\n", "\n\t\na\tO\r\nb c\tB-X\r\n\r\n \t\r\nd\tO\r\n"])
def test_sentences(tmp_path, content):
    assert read(tmp_path, content) == [(["a", "b c"], ["O", "B-X"]), (["d"], ["O"])]


def test_documents_are_named_by_their_file(tmp_path):
    content = "-DOCSTART- -X- O\n\na NN  O\n\nb NN B-X\n-DOCSTART- -X- O\n\nc NN O"
    rows = read(tmp_path, content, columns={"words": 0, "parts": 1, "tags": -1})
    assert [row[3] for row in rows] == ["a.conll 1", "a.conll 1", "a.conll 2"]
    assert rows[0][:3] == (["a"], ["NN"], ["O"])


def test_files_with_documents_and_without_are_one_dataset(tmp_path):
    (tmp_path / "a.conll").write_text("-DOCSTART- O\n\na O\n")
    (tmp_path / "b.conll").write_text("b O\n")
    data = Conll(path={"train": "a.conll", "test": "b.conll"}).read(tmp_path)
    assert data.frame["document"].to_list() == ["a.conll 1", None]


def test_comments_are_told_from_words(tmp_path):
    assert read(tmp_path, "# id 1 of 2\na\tO\n#\tO\n") == [(["a", "#"], ["O", "O"])]
    assert read(tmp_path, "# O\na O\n") == [(["#", "a"], ["O", "O"])]
    with pytest.raises(DataError, match=r"a\.conll line 2: 3 cells, but line 1 has 2"):
        read(tmp_path, "a O\n# b c\n", comment="")


def test_encodings(tmp_path):
    assert read(tmp_path, "é O".encode("latin-1"), encoding="latin-1") == [(["é"], ["O"])]
    assert read(tmp_path, "é O".encode("utf-16")) == [(["é"], ["O"])]


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        ("a O\nb\n", "line 2: 1 cell, but line 1 has 2"),
        ("a O\nb O O\n", "line 2: 3 cells, but line 1 has 2"),
        ("a\tO\n\tO\n", "line 2: an empty cell for 'words'"),
        ("a\tO\nb\t\n", "line 2: an empty cell for 'tags'"),
        ("a\nb\n", "'words' and 'tags' are the same one"),
        ("\n\n \n", "no words, only blank lines"),
        ("-DOCSTART- O\n", "no words, only blank lines"),
        ("", "the file is empty"),
        (b"a O\n\xff O\n", "line 2: byte 0xff is not UTF-8"),
        (b"a O\n\0 O\n", "line 2: a zero byte"),
    ],
)
def test_faults_are_named(tmp_path, content, fact):
    with pytest.raises(DataError, match=f"a.conll.*{fact}"):
        read(tmp_path, content)


def test_a_column_that_no_line_has(tmp_path):
    with pytest.raises(DataError, match="no cell 5 for 'tags' among 2"):
        read(tmp_path, "a O\n", columns={"words": 0, "tags": 5})
    for columns in ({"tags": 1}, {"words": 0, "document": 1}):
        with pytest.raises(ValidationError, match="needs `words:`"):
            Conll(path="a.conll", columns=columns)


def test_a_line_of_a_million_cells(tmp_path):
    assert len(read(tmp_path, "a O " * 500_000)) == 1


@pytest.mark.assets
def test_wnut_17():
    if not WNUT.is_dir():
        pytest.skip("the real data are not here")
    path = {"train": "wnut17train.conll", "validation": "emerging.dev.conll", "test": "emerging.test.annotated"}
    data = Conll(path=path).read(WNUT)
    assert data.index["split"].value_counts().sort("split")["count"].to_list() == [1287, 3394, 1009]
    assert data.frame.schema == {"words": pl.List(pl.String), "tags": pl.List(pl.String)}
    assert aligned(data.frame["words"], data.frame["tags"]) is None
    assert scheme_of(data.frame["tags"]) == "iob2"
    assert tag_faults(data.frame["tags"], "iob2").is_empty()
    assert data.identified(["words"]).index["id"].is_unique().all()
