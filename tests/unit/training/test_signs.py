"""The plain measures that the signs are made of."""

import numpy as np
import pytest

from tunesmith.training import signs
from tunesmith.training.signs import Measured


def curve(losses, train=None):
    train = train or losses
    return [Measured(10 * at, at, low, high, None) for at, (low, high) in enumerate(zip(train, losses, strict=True), 1)]


def test_the_favourite_is_the_class_answered_most():
    assert signs.favourite(np.array([[0.0, 1.0], [2.0, 1.0], [0.0, 3.0]])) == (1, pytest.approx(2 / 3))


def test_the_first_of_equal_validations_is_the_lowest():
    assert signs.lowest(curve([0.5, 0.3, 0.3])).step == 20


def test_idle_counts_since_the_last_gain():
    assert signs.idle(curve([0.5]), 1.0) == 0
    assert signs.idle(curve([0.5, 0.4, 0.45, 0.4]), 1.0) == 2
    assert signs.idle(curve([0.5, 0.499]), 1.0) == 1


def test_the_last_quarter_is_told_by_steps():
    assert signs.last_quarter(curve([0.8, 0.6, 0.5, 0.2])) == pytest.approx(0.3)
    assert signs.last_quarter(curve([0.8, 0.6, 0.5])) == 0.0


@pytest.mark.parametrize(
    ("norm", "clip", "sign"),
    [(0.0, None, -1), (9e-8, 1.0, -1), (2e-7, 1.0, 0), (10.0, 1.0, 0), (10.1, 1.0, 1), (1e9, None, 0)],
)
def test_gradient_signs_on_both_sides_of_each_line(norm, clip, sign):
    assert signs.gradient_sign(norm, clip) == sign


def test_a_spike_needs_both_score_and_height():
    calm = [0.4, 0.5, 0.6] * 10
    assert signs.is_spike(2.0, calm, start=1.0)
    assert not signs.is_spike(0.5 + 7.9 * 0.1 * signs.NORMAL_MAD, calm, start=1.0)
    assert not signs.is_spike(2.0, calm, start=10.0)
    assert not signs.is_spike(2.0, calm[: signs.LEAST_STEPS - 1], start=1.0)
