"""Every threshold that makes a difference is tried, and the best is found as by trying them one by one."""

import numpy as np
import pytest
import sklearn.metrics as reference
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.data.thresholds import MERITS, Sweep, saved

SCORES = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), st.floats(0, 1))
BY_HAND = {
    "f1": lambda truth, answers: reference.f1_score(truth, answers, zero_division=0),
    "f1_macro": lambda truth, answers: reference.f1_score(
        truth, answers, average="macro", labels=[False, True], zero_division=0
    ),
    "balanced_accuracy": lambda truth, answers: reference.recall_score(
        truth, answers, average="macro", labels=np.unique(truth), zero_division=0
    ),
}


def test_the_metrics_are_those_that_are_tried_here():
    assert set(BY_HAND) == set(MERITS)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.booleans(), SCORES), min_size=1, max_size=12), st.sampled_from(sorted(MERITS)))
def test_the_best_threshold_is_the_best_of_all(rows, metric):
    truth, scores = np.array([one for one, _ in rows]), np.array([score for _, score in rows])
    sweep = Sweep.of(truth, scores)
    values = MERITS[metric](sweep)
    for threshold, value in zip(sweep.thresholds, values, strict=True):
        assert value == pytest.approx(BY_HAND[metric](truth, scores >= threshold))
    ways = {tuple(scores >= one) for one in [*scores, 2.0]}
    assert max(values) == pytest.approx(max(BY_HAND[metric](truth, np.array(way)) for way in ways))
    assert {tuple(scores >= one) for one in sweep.thresholds} == ways
    chosen = sweep.best(values)
    assert sweep.at(values, chosen) == pytest.approx(max(values))


def test_a_threshold_stands_midway():
    sweep = Sweep.of(np.array([False, True, True]), np.array([0.6, 0.8, 0.9]))
    assert sweep.best(MERITS["f1"](sweep)) == pytest.approx(0.7)


def test_among_like_ones_the_nearest_to_half_is_taken():
    sweep = Sweep.of(np.array([False, False, True, True]), np.array([0.1, 0.3, 0.6, 0.9]))
    assert sweep.best(MERITS["f1_macro"](sweep)) == 0.5, "which divides the rows as the midpoint would"
    assert sweep.best(np.zeros(len(sweep.thresholds))) == 0.5
    tied = Sweep.of(np.array([True]), np.array([0.5]))
    assert tied.thresholds.tolist() == [0.25, 0.5, 0.75]
    assert tied.best(np.array([1.0, 0.0, 1.0])) == 0.75, "of two as near, the higher"


def test_rounding_breaks_no_tie():
    sweep = Sweep.of(np.array([False, True]), np.array([0.2, 0.9]))
    values = np.where(sweep.thresholds == 0.5, 0.3, 0.1 + 0.2)
    assert sweep.best(values) == 0.5


def test_neighbours_without_room_between_them_are_divided():
    low = 0.7
    high = float(np.nextafter(low, 1))
    sweep = Sweep.of(np.array([False, True]), np.array([low, high]))
    assert sweep.best(MERITS["f1_macro"](sweep)) == high


@pytest.mark.parametrize(("miss", "false_alarm", "answered"), [(10, 1, 5), (1, 10, 1), (1, 1e6, 1), (1, 1.5, 1)])
def test_a_dear_mistake_is_avoided(miss, false_alarm, answered):
    truth, scores = np.array([1, 0, 1, 0, 1, 0], bool), np.array([0.9, 0.7, 0.6, 0.5, 0.4, 0.1])
    sweep = Sweep.of(truth, scores)
    threshold = sweep.best(saved(sweep, miss, false_alarm))
    assert (scores >= threshold).sum() == answered


def test_costs_are_those_of_a_row():
    sweep = Sweep.of(np.array([True, False, False, False]), np.array([0.2, 0.9, 0.4, 0.1]))
    assert sweep.at(saved(sweep, 8, 1), 0.5) == pytest.approx(-(8 + 1) / 4)


def test_rows_of_one_side_decide_nothing():
    assert Sweep.of(np.zeros(3, bool), np.full(3, 0.4)).is_undecided
    assert Sweep.of(np.ones(3, bool), np.full(3, 0.4)).is_undecided
    assert not Sweep.of(np.array([True, False]), np.full(2, 0.4)).is_undecided
