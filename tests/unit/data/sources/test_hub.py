"""What the library `datasets` wrote is read without it, classes by name; the Hub is asked for what is no folder."""

import json
import sys

import polars as pl
import pyarrow
import pytest
from pyarrow import ipc

from tunesmith.core.errors import DataError, MissingDependencyError, NotFoundError
from tunesmith.core.part import resolve
from tunesmith.data.sources.hub import Hub

datasets = pytest.importorskip("datasets")

FEATURES = datasets.Features(
    {
        "text": datasets.Value("string"),
        "label": datasets.ClassLabel(names=["bad", "good"]),
        "tags": datasets.Sequence(datasets.ClassLabel(names=["x", "y"])),
        "stars": datasets.Value("float32"),
    }
)
ROWS = {"text": ["a", "b", "c"], "label": [1, 0, -1], "tags": [[0, 1], [], [1]], "stars": [0.5, None, 2]}
HELD = [("a", "good", ["x", "y"], 0.5), ("b", "bad", [], None), ("c", None, ["y"], 2.0)]


@pytest.fixture(autouse=True, scope="module")
def _quiet():
    datasets.disable_progress_bars()


def one():
    return datasets.Dataset.from_dict(ROWS, features=FEATURES)


def several(*names):
    return datasets.DatasetDict({name: one().select(range(at + 1)) for at, name in enumerate(names)})


def without_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)


def test_a_saved_data_set(tmp_path, monkeypatch):
    one().save_to_disk(tmp_path / "set", num_shards=2)
    without_library(monkeypatch)
    data = Hub(path="set").read(tmp_path)
    assert data.frame.rows() == HELD
    assert data.frame.schema["label"] == pl.String
    assert data.place(2) == "set row 3"
    assert data.index["split"].null_count() == 3


def test_saved_splits(tmp_path, monkeypatch):
    several("train", "test").save_to_disk(tmp_path / "set")
    without_library(monkeypatch)
    data = resolve("data.sources", {"kind": "hub", "path": "set"}).read(tmp_path)
    assert data.index["split"].to_list() == ["train", "test", "test"]
    assert data.place(2) == "set/test row 2"
    assert Hub(path="set", split="test").read(tmp_path).index["split"].null_count() == 2


def test_other_splits_are_named(tmp_path):
    several("train", "dev", "unsupervised").save_to_disk(tmp_path / "set")
    with pytest.raises(
        DataError, match=r"set: name the splits to read, as .+ \(splits: 'train', 'dev', 'unsupervised'\)"
    ):
        Hub(path="set").read(tmp_path)
    with pytest.raises(DataError, match="no split 'def', did you mean 'dev'"):
        Hub(path="set", split="def").read(tmp_path)
    data = Hub(path="set", split={"train": "train", "validation": "dev"}).read(tmp_path)
    assert data.index["split"].to_list() == ["train", "validation", "validation"]


def test_the_cache_of_the_library(tmp_path, monkeypatch):
    (tmp_path / "rows.csv").write_text("a,b\n1,x\n2,y\n")
    made = datasets.load_dataset("csv", data_files=str(tmp_path / "rows.csv"), cache_dir=str(tmp_path / "cache"))
    folder = next((tmp_path / "cache").rglob("*.arrow")).parent
    (folder / "cache-0123456789abcdef.arrow").write_bytes(b"left by map")
    assert made["train"].num_rows == 2
    without_library(monkeypatch)
    assert Hub(path=str(folder)).read(tmp_path).frame.rows() == [(1, "x"), (2, "y")]


def test_a_hub_id_goes_through_the_library(tmp_path, monkeypatch):
    asked = []

    def load(path, **how):
        asked.append((path, how))
        return several("train", "validation", "test")

    monkeypatch.setattr(datasets, "load_dataset", load)
    data = Hub(path="owner/reviews", config="en", revision="v1").read(tmp_path)
    assert asked == [("owner/reviews", {"name": "en", "revision": "v1"})]
    assert data.frame.rows()[-3:] == HELD
    assert data.place(5) == "reviews/test row 3"
    assert Hub(path="owner/reviews").title() == "reviews"


def test_rows_chosen_by_the_library_are_those_read(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: {"train": one().select([2, 0])})
    assert Hub(path="owner/reviews").read(tmp_path).frame.rows() == [HELD[2], HELD[0]]


def test_offline_the_error_names_local_alternatives(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    with pytest.raises(
        DataError, match=r"^owner/none: no folder of that name here, nor to be had .+`save_to_disk` wrote, or"
    ):
        Hub(path="owner/none").read(tmp_path)


def test_without_the_library_a_hub_id_is_an_install_command(tmp_path, monkeypatch):
    without_library(monkeypatch)
    with pytest.raises(MissingDependencyError, match=r"pip install 'tunesmith\[hub\]'"):
        Hub(path="owner/reviews").read(tmp_path)


def test_paths_are_not_asked_of_the_hub(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "load_dataset", None)
    (tmp_path / "file").write_text("x")
    for path in ("./none", "../none", str(tmp_path / "none")):
        with pytest.raises(NotFoundError, match="there is no such file"):
            Hub(path=path).read(tmp_path)
    with pytest.raises(DataError, match="file is a file; give a folder"):
        Hub(path="file").read(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no data set in this folder"):
        Hub(path="empty").read(tmp_path)


def change(path, key, value):
    held = json.loads(path.read_text())
    path.write_text(json.dumps(held | {key: value}))


@pytest.mark.parametrize(
    ("name", "key", "value", "fact"),
    [
        ("dataset_dict.json", "splits", ["../outside"], "out of the folder"),
        ("dataset_dict.json", "splits", ["/"], "out of the folder"),
        ("dataset_dict.json", "splits", "train", "no list 'splits'"),
        ("dataset_dict.json", "splits", ["test"], "cannot be read"),
        ("train/state.json", "_data_files", [{"filename": "../../secret.arrow"}], "out of the folder"),
        ("train/state.json", "_data_files", [{"filename": "gone.arrow"}], "there is no such file"),
        ("train/state.json", "_data_files", [7], "there is no such file"),
        ("train/state.json", "_data_files", None, "no list '_data_files'"),
        ("train/state.json", "_indices_data_files", [{"filename": "i.arrow"}], "a selection of rows by an old library"),
    ],
)
def test_a_description_that_lies(tmp_path, name, key, value, fact):
    several("train").save_to_disk(tmp_path / "set")
    change(tmp_path / "set" / name, key, value)
    with pytest.raises((DataError, NotFoundError), match=fact):
        Hub(path="set").read(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{", "1", '{"splits": {}}', "[" * 100_000])
def test_a_description_that_is_none(tmp_path, text):
    several("train").save_to_disk(tmp_path / "set")
    (tmp_path / "set/dataset_dict.json").write_text(text)
    with pytest.raises(DataError, match=r"dataset_dict\.json"):
        Hub(path="set").read(tmp_path)


@pytest.mark.parametrize("written", [b"", b"[]", b'{"info": 1}', b'{"info": {"features": []}}', b"["])
def test_a_file_without_features_keeps_its_numbers(tmp_path, written):
    arrow_file(tmp_path, written)
    assert Hub(path="set").read(tmp_path).frame["label"].to_list() == [0, 1]


def test_a_number_without_a_class(tmp_path):
    arrow_file(tmp_path, b'{"info": {"features": {"label": {"_type": "ClassLabel", "names": ["a"]}}}}')
    with pytest.raises(DataError, match="column 'label': a number that none of its 1 classes has"):
        Hub(path="set").read(tmp_path)


def arrow_file(tmp_path, features):
    table = pyarrow.table({"label": [0, 1]}).replace_schema_metadata({b"huggingface": features})
    (tmp_path / "set").mkdir()
    with ipc.new_stream(tmp_path / "set/reviews-train.arrow", table.schema) as writer:
        writer.write_table(table)


def test_a_damaged_file(tmp_path):
    one().save_to_disk(tmp_path / "set")
    path = next((tmp_path / "set").glob("*.arrow"))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"data-00000-of-00001\.arrow: not a whole Arrow file"):
        Hub(path="set").read(tmp_path)
