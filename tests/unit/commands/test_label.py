"""`tunesmith label`: out to a person and back."""

import json

import numpy as np
import polars as pl
import pytest

from tunesmith.cli import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    generator = np.random.default_rng(0)
    size = generator.normal(size=120).round(3)
    label = np.where(size > 0, "big", "small")
    label[3] = "small" if label[3] == "big" else "big"
    size[3] = 2.5 if label[3] == "small" else -2.5
    frame = pl.DataFrame({"size": size, "weight": generator.normal(size=120).round(3), "label": label})
    frame.write_csv("rows.csv")
    return tmp_path


def label(capsys, *arguments):
    code = main(["label", "rows.csv", *map(str, arguments), "--json"])
    said = capsys.readouterr()
    return code, json.loads(said.out) if said.out else said.err


def test_a_wrong_label_is_given_out_and_comes_back_corrected(folder, capsys):
    code, said = label(capsys, "-o", "look.csv", "--count", 5)
    assert (code, said["rows"]) == (0, 5)
    look = pl.read_csv("look.csv", infer_schema=False)
    assert look["place"][0] == "rows.csv row 4"
    right = look["suggestion"][0]
    look.with_columns(new_label=pl.Series([right, *[None] * 4])).write_csv("look.csv")
    code, said = label(capsys, "--take", "look.csv", "-o", "corrected.csv")
    assert (code, said["given"], said["changed"]) == (0, 1, 1)
    before, after = pl.read_csv("rows.csv"), pl.read_csv("corrected.csv")
    assert after["label"][3] == right != before["label"][3]
    assert (
        after.with_row_index().filter(pl.col("index") != 3).equals(before.with_row_index().filter(pl.col("index") != 3))
    )
    assert main(["clean", "--undo", "corrected.ledger.jsonl", "corrected.csv", "-o", "back.csv"]) == 0
    assert pl.read_csv("back.csv", infer_schema=False).equals(pl.read_csv("rows.csv", infer_schema=False))


def test_label_studio_and_back(folder, capsys):
    code, said = label(capsys, "-o", "tasks.json", "--to", "label-studio", "--count", 2)
    assert (code, said["rows"]) == (0, 2)
    assert (folder / "tasks.xml").read_text("utf-8").startswith("<View>")
    exported = json.loads((folder / "tasks.json").read_text("utf-8"))
    choice = {"type": "choices", "value": {"choices": exported[0]["predictions"][0]["result"][0]["value"]["choices"]}}
    exported[0]["annotations"] = [{"result": [choice]}]
    exported[1]["annotations"] = []
    (folder / "export.json").write_text(json.dumps(exported), "utf-8")
    code, said = label(capsys, "--take", "export.json", "-o", "corrected.csv")
    assert (code, said["changed"]) == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "with -o FILE"),
        (["-o", "look.xls"], "unknown ending"),
        (["-o", "tasks.csv", "--to", "label-studio"], "imports .json"),
        (["--take", "rows.csv", "-o", "out.csv"], "no column 'id'"),
    ],
)
def test_what_cannot_be_is_refused(folder, capsys, arguments, words):
    code, said = label(capsys, *arguments)
    assert code == 2
    assert words in said
