"""The promises of the family: findings as JSON, no fault no finding, no rows no trouble."""

import json
import random

import polars as pl
import pytest

from tunesmith.core.part import kinds, resolve
from tunesmith.data.dataset import Dataset
from tunesmith.parts.checks import Finding, Table

KINDS = ["contradictions", "drift", "duplicates", "id_columns", "imbalance", "leakage", "missing", "near_duplicates"]
KINDS += ["outliers", "split_leakage"]


def table(inputs=("text",), target="label", task="classification", **columns):
    return Table(Dataset.of(pl.DataFrame(columns), "rows.csv"), inputs, target, task)


def test_the_folder_is_the_registry():
    assert set(KINDS) <= set(kinds("parts.checks"))


@pytest.mark.parametrize("kind", KINDS)
def test_no_rows_no_finding(kind):
    check = resolve("parts.checks", kind)
    empty = pl.Series([], dtype=pl.String)
    assert check.find(table(text=empty, label=empty)) == []
    assert check.find(table(text=empty, label=pl.Series([], dtype=pl.List(pl.String)), task="multilabel")) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("task", ["classification", None])
def test_clean_rows_have_no_finding(kind, task):
    words = [f"word{number}" for number in range(60)]
    texts = [" ".join(random.Random(number).choices(words, k=9)) for number in range(30)]
    clean = table(text=texts, label=["good", "bad", "fair"] * 10, task=task)
    assert resolve("parts.checks", kind).find(clean) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", [None, "label"])
def test_a_table_without_target_or_inputs_is_no_trouble(kind, target):
    bare = table(inputs=() if target else ("text",), target=target, text=["a", "b"], label=["x", "y"])
    assert all(finding.check == kind for finding in resolve("parts.checks", kind).find(bare))


def test_a_finding_as_json():
    data = Dataset.of(pl.DataFrame({"text": list("abcd")}), "rows.csv").identified(["text"])
    finding = Finding("missing", "warning", (1, 3), (1.0, 0.5), "do this", "text")
    assert finding.count == 2
    shown = finding.as_json(data, limit=1)
    assert shown == {
        "check": "missing",
        "severity": "warning",
        "column": "text",
        "count": 2,
        "rows": [{"row": 2, "id": data.ids[1], "score": 1.0}],
        "advice": "do this",
    }
    assert [row["row"] for row in finding.as_json(data)["rows"]] == [2, 4]
    json.dumps(shown, allow_nan=False)


def test_a_finding_of_a_column_has_a_count_and_no_rows():
    data = Dataset.of(pl.DataFrame({"text": []}), "rows.csv")
    shown = Finding("id_columns", "warning", (), (), "leave it out", "text", 7).as_json(data)
    assert (shown["count"], shown["rows"]) == (7, [])


def test_every_row_needs_its_score():
    with pytest.raises(ValueError, match="2 rows with 1 scores"):
        Finding("missing", "warning", (1, 2), (1.0,), "")
