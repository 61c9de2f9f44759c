"""Splits that are not of one kind."""

import numpy as np
import polars as pl
import pytest

from tunesmith.data.dataset import Dataset
from tunesmith.parts.checks import Table
from tunesmith.parts.checks import _samples as samples
from tunesmith.parts.checks.drift import Drift

CHANCE = np.random.default_rng(0)
ROWS = 600
SPLITS = ["train", "train", "test"] * (ROWS // 3)
TEST = np.array(SPLITS) == "test"
NORMAL = CHANCE.normal(size=ROWS)
CITIES = CHANCE.choice(["Bern", "Chur", "Basel"], ROWS)
WORDS = ["parcel", "letter", "late", "again", "was", "the", "not", "fine"]
TEXTS = [" ".join(CHANCE.choice(WORDS, 12)) for _ in range(ROWS)]


def find(kind, column, target=None, task="classification", splits=SPLITS, **fields):
    columns = {"column": column} | ({"target": target} if target is not None else {})
    data = Dataset.of(pl.DataFrame(columns, strict=False), "rows.csv").with_splits(splits)
    name = "target" if target is not None else None
    return Drift(**fields).find(Table(data, ("column",), name, task, (), {"column": kind}))


@pytest.mark.parametrize(("kind", "column"), [("number", NORMAL), ("category", CITIES), ("text", TEXTS)])
def test_rows_divided_at_random_have_no_finding(kind, column):
    assert find(kind, column, CITIES) == []


def test_rows_without_splits_are_not_compared():
    shifted = NORMAL + TEST
    assert find("number", shifted, splits=[None] * ROWS) == []
    assert find("number", shifted, splits=["train"] * ROWS) == []
    assert find("number", shifted, splits=["train"] * (ROWS - 9) + ["test"] * 9) == []


def test_numbers_that_moved_are_found():
    (finding,) = find("number", NORMAL + TEST)
    assert (finding.column, finding.severity, finding.rows, finding.count) == ("column", "warning", (), ROWS // 3)
    assert "column 'column': 'test' is not like 'train' (Kolmogorov-Smirnov distance 0." in finding.advice


def test_values_missing_in_one_split_are_found():
    (finding,) = find("number", np.where(TEST & (NORMAL > 0), np.nan, NORMAL))
    assert finding.column == "column"
    (finding,) = find("category", [None if one and at % 2 else CITIES[at] for at, one in enumerate(TEST)])
    assert finding.column == "column"


def test_categories_in_other_shares_and_new_ones_are_found():
    (finding,) = find("category", np.where(TEST & (NORMAL > 0), "Bern", CITIES))
    assert "Jensen-Shannon distance 0." in finding.advice
    (finding,) = find("category", np.where(TEST & (NORMAL > 1), "Genf", CITIES))
    assert finding.column == "column"


def test_categories_of_few_rows_each_do_not_look_apart():
    assert find("category", [f"code {number}" for number in range(ROWS)]) == []


def test_texts_on_something_else_are_found_by_row():
    texts = [f"{text} refund please" if TEST[at] and at % 2 else text for at, text in enumerate(TEXTS)]
    (finding,) = find("text", texts)
    assert finding.rows
    assert all(TEST[row] and "refund" in texts[row] for row in finding.rows)
    assert all(score >= 0.9 for score in finding.scores)
    assert "2 x AUC - 1 of a classifier 0." in finding.advice


def test_answers_in_other_shares_are_found():
    (finding,) = find("text", TEXTS, np.where(TEST & (NORMAL > 0), "Bern", CITIES))
    assert finding.column == "target"
    assert "shares of the answers differ" in finding.advice
    (finding,) = find("text", TEXTS, NORMAL + TEST, "regression")
    assert "Kolmogorov-Smirnov" in finding.advice
    labels = [["a", "b"] if one and at % 2 else ["a"] for at, one in enumerate(TEST)]
    (finding,) = find("text", TEXTS, labels, "multilabel")
    assert finding.column == "target"


def test_columns_that_go_together_otherwise_are_found():
    other = np.where(TEST, -NORMAL, NORMAL) + 0.1 * CHANCE.normal(size=ROWS)
    data = Dataset.of(pl.DataFrame({"one": NORMAL, "other": other}), "rows.csv").with_splits(SPLITS)
    (finding,) = Drift().find(Table(data, ("one", "other")))
    assert finding.column is None
    assert "its columns together" in finding.advice
    assert finding.rows
    assert finding.rows == tuple(sorted(finding.rows))


def test_a_small_difference_does_not_matter_however_sure_it_is():
    many = np.random.default_rng(1).normal(size=200_000)
    is_test = np.arange(len(many)) % 2 == 1
    splits = np.where(is_test, "test", "train").tolist()
    assert find("number", many + 0.05 * is_test, splits=splits) == []
    assert find("number", many + 0.05 * is_test, splits=splits, effect=0.01)


def test_the_largest_split_stands_for_train_where_there_is_none():
    splits = np.where(TEST, "test", "validation").tolist()
    (finding,) = find("number", NORMAL + TEST, splits=splits)
    assert "'test' is not like 'validation'" in finding.advice


def test_measures_agree_with_what_is_known():
    assert samples.numbers(np.arange(50.0), np.arange(50.0)).effect == 0
    assert samples.numbers(np.arange(50.0), np.arange(50.0) + 100).effect == 1
    apart = samples.categories(pl.Series(["a"] * 50), pl.Series(["b"] * 50))
    assert apart.effect == pytest.approx(1)
    assert apart.chance < 1e-9
    assert samples.categories(pl.Series(["a", "b"] * 50), pl.Series(["b", "a"] * 90)).effect == 0
    assert samples.adjusted([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
    assert samples.adjusted([]).tolist() == []
