"""Later copies of a row, and nothing else."""

import math

import polars as pl

from tunesmith.data.dataset import Dataset
from tunesmith.parts.checks import Table
from tunesmith.parts.checks.duplicates import Duplicates


def find(inputs, target=None, **columns):
    return Duplicates().find(Table(Dataset.of(pl.DataFrame(columns), "rows.csv"), inputs, target))


def test_later_copies_are_listed_with_the_first():
    (finding,) = find(("text",), "label", text=["é", "b", "é", "é"], label=["x", "y", "x", "x"])
    assert (finding.rows, finding.scores) == ((2, 3), (1.0, 1.0))
    assert "rows.csv row 3 repeats rows.csv row 1, rows.csv row 4 repeats rows.csv row 1" in finding.advice


def test_one_copy_reads_well():
    (finding,) = find(("text",), text=["a", "a"])
    assert "1 row repeats an earlier row in every input (rows.csv row 2 repeats rows.csv row 1)" in finding.advice


def test_another_target_is_no_copy():
    assert find(("text",), "label", text=["a", "a"], label=["x", "y"]) == []


def test_every_input_must_be_equal():
    assert find(("text", "price"), text=["a", "a"], price=[0.1, 0.2]) == []
    (finding,) = find(("text", "price"), text=["a", "a"], price=[0.1, 0.1])
    assert finding.rows == (1,)


def test_other_columns_do_not_count():
    (finding,) = find(("text",), text=["a", "a"], key=[1, 2])
    assert finding.rows == (1,)


def test_letters_are_compared_exactly():
    assert find(("text",), text=["a", "A", "a ", "e\u0301", "é"]) == []


def test_missing_equals_missing_but_an_empty_row_repeats_nothing():
    (finding,) = find(("text", "price"), text=["a", "a", None, None], price=[None, None, None, None])
    assert finding.rows == (1,)
    (finding,) = find(("price",), price=[math.nan, math.nan])
    assert finding.rows == (1,)


def test_a_missing_target_equals_a_missing_target():
    (finding,) = find(("text",), "label", text=["a", "a", "a"], label=[None, None, "x"])
    assert finding.rows == (1,)


def test_labels_are_a_set():
    (finding,) = find(("text",), "labels", text=["a", "a", "a"], labels=[["x", "y"], ["y", "x"], ["x"]])
    assert finding.rows == (1,)


def test_many_copies_show_the_first_few():
    (finding,) = find(("text",), text=["a"] * 9)
    assert finding.count == 8
    assert finding.advice.count("repeats rows.csv row 1") == 3
