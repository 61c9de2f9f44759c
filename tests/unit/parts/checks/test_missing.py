"""Missing and infinite values, each in its column and with its rows."""

import math

import polars as pl
import pytest

from tunesmith.data.dataset import Dataset
from tunesmith.parts.checks import Table
from tunesmith.parts.checks.missing import Missing


def find(inputs, target=None, **columns):
    return Missing().find(Table(Dataset.of(pl.DataFrame(columns), "rows.csv"), inputs, target))


def test_missing_inputs_name_column_and_rows():
    (finding,) = find(("text", "price"), text=["a", None, " \n", "b"], price=[1, 2, 3, 4])
    assert (finding.column, finding.rows, finding.severity) == ("text", (1, 2), "warning")
    assert finding.scores == (1.0, 1.0)
    assert finding.advice.startswith("2 rows of 4 without a value in column 'text' (first: rows.csv row 2); ")


def test_nan_is_missing_and_infinity_is_its_own_fault():
    absent, infinite = find(("price",), price=[math.nan, 1.0, -math.inf, None])
    assert absent.rows == (0, 3)
    assert infinite.rows == (2,)
    assert "infinite number in column 'price' (first: rows.csv row 3)" in infinite.advice


def test_an_infinite_target_is_an_error():
    (finding,) = find(("text",), "price", text=["a", "b"], price=[math.inf, 1.0])
    assert (finding.severity, finding.column) == ("error", "price")


def test_missing_targets():
    (finding,) = find(("text",), "label", text=["a", "b"], label=["x", None])
    assert (finding.severity, finding.rows) == ("warning", (1,))
    assert "label them" in finding.advice


@pytest.mark.parametrize("values", [[None, None], ["", " "], [math.nan, None]])
def test_a_whole_column_is_an_error_and_comes_first(values):
    first, second = find(("text", "empty"), text=["a", None], empty=values)
    assert (first.column, first.severity, first.count) == ("empty", "error", 2)
    assert "leave it out of `inputs`" in first.advice
    assert second.column == "text"


def test_no_label_at_all_is_an_answer():
    labels = pl.Series([["a"], []], dtype=pl.List(pl.String))
    assert find(("text",), "labels", text=["a", "b"], labels=labels) == []


def test_only_inputs_and_target_are_looked_at():
    assert find(("text",), text=["a"], other=[None]) == []
