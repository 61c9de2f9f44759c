"""Metrics of classes in an order: scikit-learn's numbers, with weights and without."""

import math

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from tunesmith.data.metrics_ordinal import ordinal_metrics


def point(truth, answers, weights=None):
    given = np.ones(len(truth)) if weights is None else np.asarray(weights, float)
    found = ordinal_metrics(np.asarray(truth), np.asarray(answers), given[None])
    return {name: float(one[0]) for name, one in found.items()}


@pytest.mark.parametrize("seed", range(5))
def test_kappa_is_that_of_scikit_learn(seed):
    random = np.random.default_rng(seed)
    truth = random.integers(0, 5, 80)
    answers = np.clip(truth + random.integers(-2, 3, 80), 0, 4)
    counts = random.integers(0, 3, 80)
    wanted = cohen_kappa_score(truth, answers, weights="quadratic", sample_weight=counts)
    assert point(truth, answers, counts)["quadratic_kappa"] == pytest.approx(wanted)


def test_by_hand():
    found = point([0, 1, 2, 3], [0, 2, 2, 0])
    assert found["mae"] == pytest.approx(1.0)
    assert found["within_one"] == pytest.approx(0.75)
    assert point([0, 1], [1, 0])["quadratic_kappa"] == pytest.approx(-1.0)
    assert point([0, 4, 2], [0, 4, 2]) == {"mae": 0.0, "within_one": 1.0, "quadratic_kappa": 1.0}


def test_one_answer_for_all_is_as_good_as_chance():
    assert point([0, 1, 2, 3], [2, 2, 2, 2])["quadratic_kappa"] == pytest.approx(0.0)


def test_a_single_class_leaves_kappa_undefined():
    assert math.isnan(point([2, 2], [2, 2])["quadratic_kappa"])


def test_every_resample_is_measured_by_itself():
    random = np.random.default_rng(0)
    truth, answers = random.integers(0, 4, (2, 30))
    weights = random.integers(0, 3, (6, 30)).astype(float)
    whole = ordinal_metrics(truth, answers, weights)
    for at, one in enumerate(weights):
        for name, value in point(truth, answers, one).items():
            assert whole[name][at] == pytest.approx(value)
