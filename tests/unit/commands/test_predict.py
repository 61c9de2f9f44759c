"""Answers in files: the same in every form, whole or not at all, and harmless to a spreadsheet where that is asked."""

import json
from argparse import Namespace
from pathlib import Path

import polars as pl
import pytest

from tunesmith.commands import predict
from tunesmith.core.errors import DataError
from tunesmith.data import Prediction

ANSWERS = [
    Prediction(1, "=a1", "=HYPERLINK(1)", 0.75, {"=HYPERLINK(1)": 0.75, "ok": 0.25}),
    Prediction(2, "b2", "ok", 0.5, {"=HYPERLINK(1)": 0.5, "ok": 0.5}),
]


@pytest.mark.parametrize("ending", ["csv", "CSV", "tsv", "parquet"])
def test_a_table_has_one_row_for_each_answer(tmp_path, ending):
    path = tmp_path / f"answers.{ending}"
    predict.write(ANSWERS, path)
    read = {"tsv": lambda p: pl.read_csv(p, separator="\t"), "parquet": pl.read_parquet}.get(ending, pl.read_csv)
    assert read(path).to_dicts() == [
        {
            "row": one.row,
            "id": one.id,
            "answer": one.answer,
            "confidence": one.confidence,
            "score_=HYPERLINK(1)": one.scores["=HYPERLINK(1)"],
            "score_ok": one.scores["ok"],
        }
        for one in ANSWERS
    ]
    assert list(tmp_path.iterdir()) == [path], "no draft is left"


def test_json_lines_are_those_of_the_terminal(tmp_path):
    several = [*ANSWERS, Prediction(3, "c", ["é", "b"], None, {})]
    predict.write(several, tmp_path / "answers.jsonl")
    assert [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text("utf-8").splitlines()] == [
        one.as_json() for one in several
    ]
    assert "é" in (tmp_path / "answers.jsonl").read_text("utf-8")


def test_several_labels_are_one_cell(tmp_path):
    predict.write([Prediction(1, "a", ["x", "y"], None, {}), Prediction(2, "b", [], None, {})], tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text("utf-8") == 'row,id,answer,confidence\n1,a,x|y,\n2,b,"",\n'


def test_formulas_are_told_and_shielded_where_that_is_asked(tmp_path):
    assert predict.write(ANSWERS, tmp_path / "plain.csv").startswith("2 cells look like a formula")
    assert predict.write(ANSWERS, tmp_path / "plain.parquet") == ""
    assert predict.write(ANSWERS, tmp_path / "safe.csv", is_shielded=True) == ""
    cells = pl.read_csv(tmp_path / "safe.csv")
    assert cells["id"].to_list() == ["'=a1", "b2"]
    assert cells["answer"].to_list() == ["'=HYPERLINK(1)", "ok"]


@pytest.mark.parametrize("name", [None, "answers.jsonl", "answers.parquet"])
def test_what_no_spreadsheet_opens_is_not_shielded(name):
    output = None if name is None else Path(name)
    asked = Namespace(data=None, text=["a"], row=None, output=output, for_spreadsheets=True)
    with pytest.raises(DataError, match=r"--for-spreadsheets .*-o FILE\.csv"):
        predict.run(asked)
