"""The page on data is true: its recipes load and read, its Python runs, and it names every kind and ending."""

import contextlib
import gzip
import json
import re
import sqlite3
from pathlib import Path

import polars as pl
import pytest

from tunesmith.core.part import kinds
from tunesmith.data.sources import ENDINGS
from tunesmith.data.sources._files import Files
from tunesmith.recipe import load

PAGE = (Path(__file__).parents[2] / "docs" / "data.md").read_text("utf-8")
RECIPES = re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.M | re.S)
PYTHON = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.M | re.S)
ELSEWHERE = ("s3://", "postgresql", "stanfordnlp/imdb")
ROWS = pl.DataFrame({"id": [1, 2, 3], "text": ["good", "bad", "fine"], "label": ["a", "b", "a"], "stars": [5, 1, 4]})


@pytest.fixture
def place(tmp_path):
    (tmp_path / "months").mkdir()
    for name in ("reviews.csv", "old.csv", "test.csv", "months/march.csv", "months/april.csv"):
        ROWS.write_csv(tmp_path / name)
    (tmp_path / "reviews.csv.gz").write_bytes(gzip.compress((tmp_path / "reviews.csv").read_bytes()))
    ROWS.drop("label").write_ndjson(tmp_path / "texts.jsonl")
    ROWS.select("id", "label").write_csv(tmp_path / "labels.csv")
    for picture in ("train/cat/a.png", "train/dog/b.png", "val/dog/c.png"):
        (tmp_path / "pictures" / picture).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pictures" / picture).write_bytes(b"a picture")
    write_shaped(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        database.execute("CREATE TABLE reviews (id, text, label, stars)")
        database.executemany("INSERT INTO reviews VALUES (?, ?, ?, ?)", ROWS.rows())
        database.commit()
    return tmp_path


def write_shaped(place):
    """Write a file of each kind whose rows are tags, answers or boxes, one that needs what the page says of it."""
    (place / "ner.conll").write_text("Ann\tB-PER\nleft\tO\n\nStay\tO\n")
    (place / "spans.jsonl").write_text('{"text": "Annas here", "spans": [{"start": 0, "end": 3, "label": "PER"}]}\n')
    question = {"id": "1", "question": "Who?", "answers": [{"text": "Ann", "answer_start": 5}]}
    article = {"title": "t", "paragraphs": [{"context": "Ann left.", "qas": [question]}]}
    (place / "questions.json").write_text(json.dumps({"data": [article]}))
    turns = [{"role": "user", "content": "Who left?"}, {"role": "assistant", "content": "Ann."}]
    (place / "chats.jsonl").write_text(json.dumps({"messages": turns}))
    image = {"id": 1, "file_name": "a.png", "width": 20, "height": 10}
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}
    told = {"images": [image], "annotations": [box], "categories": [{"id": 1, "name": "car"}]}
    (place / "boxes.json").write_text(json.dumps(told))
    for name in ("street", "voc/Annotations", "voc/JPEGImages", "yolo/images/train", "yolo/labels/train"):
        (place / name).mkdir(parents=True)
    (place / "voc/JPEGImages/a.jpg").write_bytes(b"a picture")
    corners = "<xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>5</ymax>"
    thing = f"<object><name>car</name><bndbox>{corners}</bndbox></object>"
    size = "<size><width>20</width><height>10</height></size>"
    (place / "voc/Annotations/a.xml").write_text(f"<annotation><filename>a.jpg</filename>{size}{thing}</annotation>")
    (place / "yolo/data.yaml").write_text("names: [car]\ntrain: images/train\n")
    (place / "yolo/labels/train/a.txt").write_text("0 0.5 0.5 0.2 0.2\n")


def prepare(place, recipe):
    """Write the files that need a library of their own, where the recipe reads them."""
    if "reviews.xlsx" in recipe:
        pytest.importorskip("fastexcel")
        xlsxwriter = pytest.importorskip("xlsxwriter")
        with xlsxwriter.Workbook(place / "reviews.xlsx") as book:
            for name in ("March", "April"):
                ROWS.write_excel(book, name)
    if "yolo" in recipe:
        pytest.importorskip("PIL.Image").new("RGB", (20, 10)).save(place / "yolo/images/train/a.png")
    if "kind: sql" in recipe:
        pytest.importorskip("sqlalchemy")
    if "path: saved" in recipe:
        datasets = pytest.importorskip("datasets")
        datasets.disable_progress_bars()
        datasets.Dataset.from_dict(ROWS.to_dict(as_series=False)).save_to_disk(place / "saved")


@pytest.mark.parametrize("text", RECIPES, ids=lambda text: text.split("\n")[0])
def test_every_recipe_loads_and_reads(place, text):
    (place / "recipe.yaml").write_text(text, "utf-8")
    recipe, _ = load(place / "recipe.yaml")
    if not any(one in text for one in ELSEWHERE):
        prepare(place, text)
        assert recipe.target in recipe.data.read(place).columns


def test_the_python_runs(place, monkeypatch):
    monkeypatch.chdir(place)
    for block in PYTHON:
        names = {}
        exec(block, names)
        assert names["count"] == len(ROWS)


def test_every_kind_is_in_the_table_with_its_endings():
    lines = re.findall(r"^\| `(\w+)` \|(.*?)\|", PAGE, flags=re.M)
    told = {kind: re.findall(r"`(\.\w+)`", endings) for kind, endings in lines}
    assert sorted(told) == list(kinds("data.sources"))
    assert {ending: kind for kind, endings in told.items() for ending in endings} == ENDINGS


def test_the_limit_is_told():
    assert f"`most_bytes` ({Files.model_fields['most_bytes'].default // 1024**3} GiB)" in PAGE
