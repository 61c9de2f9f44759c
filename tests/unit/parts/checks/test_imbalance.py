"""Classes with too few rows."""

import polars as pl
import pytest

from tunesmith.data.dataset import Dataset
from tunesmith.parts.checks import Table
from tunesmith.parts.checks.imbalance import Imbalance


def find(labels, task="classification", **settings):
    data = Dataset.of(pl.DataFrame({"label": labels}), "rows.csv")
    return Imbalance(**settings).find(Table(data, (), "label", task))


def test_a_class_of_few_rows_is_named_with_its_rows():
    (finding,) = find(["a"] * 20 + ["ü"] * 4 + ["b"] * 10)
    assert (finding.rows, finding.severity, finding.column) == ((20, 21, 22, 23), "warning", "label")
    assert finding.scores == pytest.approx((0.6,) * 4)
    assert "1 class of 3 with too few rows: 'ü (4)', while 'a' has 20" in finding.advice


def test_ten_rows_are_enough_of_a_small_table():
    assert find(["a"] * 20 + ["b"] * 10) == []


def test_a_class_far_below_an_even_share():
    (finding,) = find(["a"] * 980 + ["b"] * 20)
    assert finding.count == 20
    assert finding.scores[0] == pytest.approx(0.2)
    assert find(["a"] * 970 + ["b"] * 30) == []


def test_many_small_classes_show_the_first_few():
    (finding,) = find(["a"] * 50 + [f"rare {number}" for number in range(9)])
    assert "9 classes of 10" in finding.advice
    assert "and 4 more" in finding.advice


def test_a_single_class_is_an_error():
    (finding,) = find(["a", "a", None])
    assert (finding.severity, finding.rows, finding.count) == ("error", (), 2)
    assert "'a'" in finding.advice


def test_numbers_are_classes_too():
    (finding,) = find([0] * 30 + [1] * 3)
    assert "'1 (3)', while '0' has 30" in finding.advice


def test_labels_of_many_are_counted_each():
    labels = [["a", "b"]] * 20 + [["a"]] * 20 + [["c", "a"]] * 2 + [[], None]
    (finding,) = find(labels, "multilabel")
    assert finding.rows == (40, 41)
    assert "'c (2)'" in finding.advice


def test_one_label_that_only_some_rows_have_is_something_to_learn():
    assert find([["a"]] * 20 + [[]] * 20, "multilabel") == []
    (finding,) = find([["a"]] * 20, "multilabel")
    assert finding.severity == "error"


@pytest.mark.parametrize("task", ["regression", None])
def test_numbers_to_predict_have_no_classes(task):
    assert find([1.0, 2.0, 2.0], task) == []


def test_no_answers_are_not_its_matter():
    assert find(pl.Series([None, None], dtype=pl.String)) == []
    assert find(pl.Series([[], []], dtype=pl.List(pl.String)), "multilabel") == []


def test_the_advice_names_what_the_recipe_has_for_it():
    (two,) = find(["a"] * 980 + ["b"] * 20)
    for remedy in (
        "balance: class_weights",
        "kind: oversample",
        "decide: auto",
        "{kind: classification, metric: f1_macro}",
    ):
        assert remedy in two.advice
    (three,) = find(["a"] * 980 + ["b"] * 20 + ["c"] * 500)
    assert "oversample" in three.advice
    assert "decide" not in three.advice, "a threshold divides two classes"
    (labels,) = find([["a"]] * 980 + [["b"]] * 20, "multilabel")
    assert "decide: auto" in labels.advice
    assert "oversample" not in labels.advice, "rows of several labels are not drawn"
