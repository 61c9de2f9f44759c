"""Classes in an order: where the order comes from, what is answered, what is refused."""

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from tunesmith.parts.tasks.classification import Classification
from tunesmith.parts.tasks.ordinal import Ordinal

GRADES = pl.Series("grade", ["good", "poor", "fair", "poor", "good", "fair"])


def test_the_order_given_is_that_of_the_outputs():
    task = Ordinal(order=["poor", "fair", "good"])
    assert task.refuse(GRADES) is None
    state = task.fit(GRADES)
    assert task.encode(GRADES, state).tolist() == [2, 0, 1, 0, 2, 1]
    assert task.classes(state) == ["poor", "fair", "good"]


@pytest.mark.parametrize("values", [[10, 2, 1, 10, 2, 1], [10.0, 2.0, 1.0, 10.0, 2.0, 1.0]])
def test_numbers_are_in_their_own_order(values):
    task, target = Ordinal(), pl.Series("stars", values)
    assert task.fit(target) == {"classes": [1, 2, 10]}
    assert task.encode(target, task.fit(target)).tolist() == [2, 1, 0, 2, 1, 0]
    other = Ordinal(order=[10, 2, 1])
    assert other.refuse(target) is None
    assert other.encode(target, other.fit(target)).tolist() == [0, 1, 2, 0, 1, 2]


def test_half_stars_stay_as_they_are():
    task, target = Ordinal(), pl.Series("stars", [0.5, 1.0, 1.5, 0.5, 1.0, 1.5])
    state = task.fit(target)
    assert state == {"classes": [0.5, 1.0, 1.5]}
    assert task.encode(target, state).tolist() == [0, 1, 2, 0, 1, 2]


def test_texts_without_an_order_are_refused():
    position, fact = Ordinal().refuse(pl.Series([None, "poor", "good"]))
    assert position == 1
    assert "has no order" in fact
    assert "order: [...]" in fact


def test_a_label_outside_of_the_order_is_refused():
    task = Ordinal(order=["poor", "good"])
    assert task.refuse(GRADES) == (2, "'fair' is not in the task's `order`")
    with pytest.raises(ValueError, match="'fair' is none of those in order"):
        task.encode(GRADES, task.fit(GRADES))


def test_nan_and_a_lonely_class_are_refused():
    assert Ordinal().refuse(pl.Series([1.0, 1.0, float("nan")]))[0] == 2
    assert "only row" in Ordinal().refuse(pl.Series([1, 1, 2]))[1]


def test_an_order_of_one_class_is_none():
    with pytest.raises(ValidationError, match="at least 2"):
        Ordinal(order=["good"])


def test_the_answer_is_the_median_class():
    task, state = Ordinal(), {"classes": [1, 2, 3]}
    scores = np.array([[0.4, 0.25, 0.35], [0.5, 0.1, 0.4], [0.0, 0.0, 1.0], [0.2, 0.2, 0.6]])
    assert task.decided(scores, state).tolist() == [1, 0, 2, 2]
    assert scores[0].argmax() == 0, "where the likeliest is another"
    assert task.answers(scores, state)[0] == (2, 0.25, {"1": 0.4, "2": 0.25, "3": 0.35})


def test_no_other_answer_has_a_smaller_expected_distance():
    scores = np.random.default_rng(0).dirichlet(np.ones(6), size=200)
    classes = np.arange(6)
    expected = (scores[:, None, :] * np.abs(classes[:, None] - classes)[None]).sum(axis=2)
    answers = Ordinal().decided(scores, {"classes": classes.tolist()})
    np.testing.assert_allclose(expected[np.arange(200), answers], expected.min(axis=1))


def test_a_threshold_of_two_classes_is_heeded():
    state = {"classes": [0, 1], "decision": {"positive": 1, "threshold": 0.2}}
    assert Ordinal().decided(np.array([[0.7, 0.3], [0.9, 0.1]]), state).tolist() == [1, 0]


def test_what_is_measured():
    task, state = Ordinal(), {"classes": [1, 2, 3]}
    scores = np.array([[0.8, 0.1, 0.1], [0.1, 0.1, 0.8], [0.1, 0.8, 0.1]])
    found = task.measured(task.answered(np.array([0, 0, 1]), scores, state), np.ones((1, 3)))
    assert set(found) == {"mae", "quadratic_kappa", "within_one", "accuracy", "log_loss", "calibration_error"}
    assert found["mae"][0] == pytest.approx(2 / 3)
    assert found["accuracy"][0] == pytest.approx(2 / 3)


def test_it_is_never_guessed_before_classification():
    stars = pl.Series([1, 2, 3, 4, 5] * 20)
    assert 0 < Ordinal.suits(stars) < Classification.suits(stars)
