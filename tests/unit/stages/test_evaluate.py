"""The verdict says what the comparison shows, and no more."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tunesmith.core.statistics import Comparison
from tunesmith.data import Codec, Dataset, Encoded
from tunesmith.parts.tasks.classification import Classification
from tunesmith.parts.tasks.regression import Regression
from tunesmith.stages.evaluate import Rows, by_slice, compare, figures, pictures, remark, validation_measure, verdict


@pytest.mark.parametrize(
    ("comparisons", "decision"),
    [
        ({"a": Comparison(0.1, 0.05, 0.15, 0.002), "b": Comparison(0.02, 0.001, 0.04, 0.04)}, "ship"),
        ({"a": Comparison(0.1, 0.05, 0.15, 0.002), "b": Comparison(0.02, -0.01, 0.05, 0.2)}, "hold"),
        ({"a": Comparison(0.3, -0.1, 0.6, 0.2), "b": Comparison(0.02, 0.01, 0.03, 0.01)}, "hold"),
        ({"a": Comparison(0.1, 0.05, 0.15, 0.002), "b": Comparison(0.0, -0.01, 0.01, 1.0)}, "no better than baseline"),
        ({"a": Comparison(-0.1, -0.2, -0.01, 0.01)}, "no better than baseline"),
        ({"a": Comparison(None, None, None, None)}, "hold"),
        ({}, "hold"),
    ],
)
def test_the_verdict_follows_the_hardest_baseline(comparisons, decision):
    assert verdict(comparisons, "accuracy")["decision"] == decision


def classified(number=400, seed=0):
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, 2, number)
    labels = np.array(["no", "yes"])[truth]
    frame = pl.DataFrame(
        {"text": [f"row {n}" for n in range(number)], "label": labels, "city": ["x", "y"] * (number // 2)}
    )
    codec = Codec((), Classification(), "label", {"classes": ["no", "yes"]}, "")
    return Rows(Dataset.of(frame, "r.csv").identified(["text"]), codec, truth, 0), truth


def scores(truth, right):
    """Probabilities that are right for the first share of rows."""
    flip = np.arange(len(truth)) >= right * len(truth)
    answer = np.where(flip, 1 - truth, truth)
    return np.eye(2)[answer] * 0.8 + 0.1


def test_a_clear_difference_is_significant_and_none_is_not():
    rows, truth = classified()
    better = compare(rows, scores(truth, 0.95), scores(truth, 0.8))
    assert better.difference == pytest.approx(0.15)
    assert better.p_value < 0.01
    same = compare(rows, scores(truth, 0.9), scores(truth, 0.9))
    assert (same.difference, same.p_value) == (0, 1)


def test_figures_hold_their_value_and_slices_add_up():
    rows, truth = classified()
    found = figures(rows, scores(truth, 0.9))["accuracy"]
    assert found.value == pytest.approx(0.9)
    assert found.low < found.value < found.high
    slices = by_slice(rows, scores(truth, 0.9), "city")
    assert sum(one["rows"] for one in slices.values()) == len(truth)
    mean = sum(one["rows"] * one["metrics"]["accuracy"]["value"] for one in slices.values()) / len(truth)
    assert mean == pytest.approx(0.9)


def test_the_worst_rows_are_errors_with_their_place():
    rows, truth = classified()
    worst = pictures(rows, scores(truth, 0.9))["worst"]
    assert len(worst) == 20
    assert all(one["answer"] != one["target"] and one["row"] > 360 for one in worst)


def test_validation_counts_a_smaller_error_as_better():
    task = Regression(metric="rmse")
    state = {"mean": 10.0, "deviation": 2.0}
    judge = validation_measure(task, Encoded(("a", "b"), {}, np.array([0.0, 1.0], np.float32)), state)
    near, far = judge(np.array([[0.1], [1.0]])), judge(np.array([[2.0], [1.0]]))
    assert near.merit > far.merit
    assert near.metric == pytest.approx(0.2 / 2**0.5, rel=1e-5)


def told(accuracy, f1):
    return {
        name: {
            "value": value,
            "low": None if value is None else value - 0.02,
            "high": None if value is None else value + 0.02,
        }
        for name, value in (("accuracy", accuracy), ("f1_macro", f1))
    }


@pytest.mark.parametrize(
    ("ours", "majority", "is_told"),
    [
        (told(0.95, 0.8), told(0.94, 0.49), True),
        (told(0.95, 0.8), told(0.9, 0.49), False),
        (told(0.95, 0.52), told(0.94, 0.49), False),
        (told(0.95, None), told(0.94, 0.49), False),
        (told(0.95, 0.8), {}, False),
        ({"rmse": {"value": 1.0, "low": 0.9, "high": 1.1}}, {"rmse": {"value": 2.0, "low": 1.9, "high": 2.1}}, False),
    ],
)
def test_it_is_told_where_accuracy_hides_what_macro_f1_shows(ours, majority, is_told):
    found = remark(ours, {"majority": majority, "classical": told(0.94, 0.49)})
    assert ("note" in found) == is_told
    if is_told:
        assert "0.94" in found["note"]
        assert "f1_macro is 0.8 against 0.49" in found["note"]


def test_two_systems_are_compared_each_by_its_own_threshold():
    rows, truth = classified()
    unsure = scores(truth, 0.8) * 0.4 + np.array([0.6, 0.0])
    lower = replace(
        rows,
        codec=replace(
            rows.codec, target_state=dict(rows.codec.target_state) | {"decision": {"positive": 1, "threshold": 0.2}}
        ),
    )
    assert figures(lower, unsure)["accuracy"].value == pytest.approx(0.8)
    assert figures(rows, unsure)["accuracy"].value == pytest.approx((truth == 0).mean())
    found = compare(lower, unsure, unsure, rows)
    assert found.difference == pytest.approx(0.8 - (truth == 0).mean())
    assert np.trace(pictures(lower, unsure)["confusion"]["counts"]) == 320
