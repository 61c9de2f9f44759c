"""Equal inputs with different answers."""

import polars as pl
import pytest

from tunesmith.data.dataset import Dataset
from tunesmith.parts.checks import Table
from tunesmith.parts.checks.contradictions import Contradictions


def find(target="label", inputs=("text",), **columns):
    return Contradictions().find(Table(Dataset.of(pl.DataFrame(columns), "rows.csv"), inputs, target))


def test_all_rows_of_a_group_are_listed_with_the_share_that_disagrees():
    (finding,) = find(text=["a", "b", "a", "c", "a", "b"], label=["x", "p", "x", "x", "y", "q"])
    assert finding.rows == (0, 1, 2, 4, 5)
    assert finding.scores == pytest.approx((1 / 3, 1 / 2, 1 / 3, 1 / 3, 1 / 2))
    assert finding.origins == (4, 5, 4, 0, 1)
    assert (finding.severity, finding.column) == ("warning", "label")
    assert "5 rows in 2 groups" in finding.advice
    assert "(for instance rows.csv row 1, rows.csv row 3, rows.csv row 5: 'x', 'y')" in finding.advice


def test_equal_answers_are_no_contradiction():
    assert find(text=["a", "a", "b"], label=["x", "x", "y"]) == []


def test_a_row_without_an_answer_contradicts_nothing():
    assert find(text=["a", "a"], label=["x", None]) == []
    (finding,) = find(text=["a", "a", "a"], label=["x", None, "y"])
    assert finding.rows == (0, 2)


def test_rows_without_inputs_contradict_nothing():
    assert find(text=pl.Series([None, None], dtype=pl.String), label=["x", "y"]) == []


def test_numbers_as_inputs_and_answers():
    (finding,) = find("price", ("size", "unit"), size=[0.1, 0.1, 0.2], unit=[None, None, None], price=[1.0, 2.0, 3.0])
    assert (finding.rows, finding.scores) == ((0, 1), (0.5, 0.5))


def test_labels_are_a_set():
    assert find("labels", text=["a", "a"], labels=[["x", "y"], ["y", "x"]]) == []
    (finding,) = find("labels", text=["a", "a", "ü"], labels=[["x"], [], ["x"]])
    assert finding.rows == (0, 1)
    assert "rows.csv row 2: 'x', no label)" in finding.advice
    (finding,) = find("labels", text=["a", "a"], labels=[["y", "x"], ["y"]])
    assert "'x' with 'y', 'y')" in finding.advice
