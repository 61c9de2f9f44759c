"""Labels in a file of their own are joined by key; what finds no partner is counted and named."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.core.errors import DataError, NotFoundError
from tunesmith.core.part import resolve
from tunesmith.data.sources.csv import Csv


def write(tmp_path, rows, labels):
    (tmp_path / "rows.csv").write_text(rows)
    (tmp_path / "labels.csv").write_text(labels)


def read(tmp_path, said=None, **fields):
    how = {"path": "labels.csv", "key": "id", "column": "label"} | fields.pop("labels", {})
    return Csv(path="rows.csv", labels=how, **fields).read(tmp_path, (said if said is not None else []).append)


def test_labels_are_joined_by_key_in_the_order_of_the_rows(tmp_path):
    write(tmp_path, "id,text\nb,two\na,one\n", "label,id\nx,a\ny,b\n")
    said = []
    data = read(tmp_path, said)
    assert data.frame.rows() == [("b", "two", "y"), ("a", "one", "x")]
    assert data.place(0) == "rows.csv row 1"
    assert said == []


def test_every_form_of_labels_and_a_recipe(tmp_path):
    write(tmp_path, "id,text\n1,a\n2,b\n", "")
    pl.DataFrame({"id": [2, 1], "label": [["x"], ["y", "z"]]}).write_parquet(tmp_path / "labels.parquet")
    labels = {"path": "labels.parquet", "key": "id", "column": "label"}
    source = resolve("data.sources", {"path": "rows.csv", "labels": labels})
    assert source.read(tmp_path).frame["label"].to_list() == [["y", "z"], ["x"]]
    assert resolve("data.sources", source.model_dump(mode="json")) == source


def test_what_has_no_partner_is_counted_and_named(tmp_path):
    write(tmp_path, "id,text\na,1\nb,2\nc,3\n", "id,label\nc,x\nq,y\nr,z\n")
    said = []
    assert read(tmp_path, said).frame["label"].to_list() == [None, None, "x"]
    assert said == [
        "2 of 3 rows have no label in labels.csv, for their 'id' 'a', 'b' are not in it",
        "2 of 3 labels in labels.csv have no row, for their 'id' 'q', 'r' are not in it",
    ]
    write(tmp_path, "id,text\n" + "".join(f"{n},x\n" for n in range(100)), "id,label\n0,x\n")
    read(tmp_path, said)
    assert (
        said[-1]
        == "99 of 100 rows have no label in labels.csv, for their 'id' '1', '2', '3', '4', '5', ... are not in it"
    )


def test_a_missing_label_is_null(tmp_path):
    write(tmp_path, "id,text\na,1\nb,2\n", "id,label\na,n/a\nb,x\n")
    assert read(tmp_path, missing=("n/a",)).frame["label"].to_list() == [None, "x"]


@pytest.mark.parametrize(
    ("rows", "labels", "fact"),
    [
        ("id,t\na,1\na,2\n", "id,label\na,x\n", "rows.csv row 2, column 'id': the key repeats 'a'"),
        ("id,t\na,1\n,2\n", "id,label\na,x\n", "rows.csv row 2, column 'id': the key is empty"),
        ("id,t\na,1\n", "id,label\na,x\na,x\n", "labels.csv row 2, column 'id': the key repeats 'a'"),
        ("id,t\na,1\n", "id,label\n,x\n", "labels.csv row 1, column 'id': the key is empty"),
        ("id,label\na,1\n", "id,label\na,x\n", "labels.csv: the rows have a column 'label' already; rename"),
        ("key,t\na,1\n", "id,label\na,x\n", "rows.csv: no column 'id', which `labels` names (columns: key, t)"),
        ("id,t\na,1\n", "ids,label\na,x\n", "labels.csv: no column 'id', which `labels` names, did you mean 'ids'?"),
        (
            "id,t\na,1\n",
            "id,lable\na,x\n",
            "labels.csv: no column 'label', which `labels` names, did you mean 'lable'?",
        ),
        ("id,t\na,1\n", "id,label\nb,x\n", "labels.csv: no key in 'id' is one of the rows', which are such as 'a'"),
    ],
)
def test_faults(tmp_path, rows, labels, fact):
    write(tmp_path, rows, labels)
    with pytest.raises(DataError) as caught:
        read(tmp_path)
    assert str(caught.value).startswith(fact)


def test_the_key_column_is_no_label(tmp_path):
    write(tmp_path, "id,t\na,1\n", "id,label\na,x\n")
    with pytest.raises(DataError, match="the rows have a column 'id' already"):
        read(tmp_path, labels={"column": "id"})


def test_keys_of_different_types_are_compared_as_texts_or_numbers(tmp_path):
    write(tmp_path, "id,t\n007,a\nx,b\n", "id,label\n7,x\n8,y\n")
    with pytest.raises(DataError, match="no key in 'id' is one of the rows'"):
        read(tmp_path)
    write(tmp_path, "id,t\n7,a\n8,b\n", "id,label\n7,x\n8.5,y\n")
    assert read(tmp_path).frame["label"].to_list() == ["x", None]


def test_no_file_and_no_form(tmp_path):
    write(tmp_path, "id,t\na,1\n", "")
    with pytest.raises(NotFoundError, match=r"did you mean 'labels\.csv'"):
        read(tmp_path, labels={"path": "label.csv"})


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.integers(0, 20), unique=True, min_size=1), labels=st.lists(st.integers(0, 20), unique=True))
def test_every_row_stays_and_has_its_own_label(tmp_path_factory, rows, labels):
    folder = tmp_path_factory.mktemp("labels")
    labels = [rows[0], *(one for one in labels if one != rows[0])]
    write(folder, "id,t\n" + "".join(f"k{n},1\n" for n in rows), "id,label\n" + "".join(f"k{n},v{n}\n" for n in labels))
    frame = read(folder).frame
    assert frame["id"].to_list() == [f"k{n}" for n in rows]
    assert frame["label"].to_list() == [f"v{n}" if n in labels else None for n in rows]
