"""Which weights are kept: the best first, averaged only as far as validation does not lose by it."""

import math

import numpy as np
import pytest
import torch

from tunesmith.training.best import Average, Best, copies, put


def kept(size, *merits):
    """Return what is kept of such validations, whose weights hold their number."""
    best = Best(size)
    flags = [
        best.offer((merit, 0.0), lambda at=at: {"w": torch.tensor([float(at)])}) for at, merit in enumerate(merits)
    ]
    return best, flags


def test_the_best_come_first_and_the_rest_goes():
    best, flags = kept(3, 0.1, 0.5, 0.3, 0.4, 0.2)
    assert [key[0] for key, _ in best.kept] == [0.5, 0.4, 0.3]
    assert [float(weights["w"]) for _, weights in best.kept] == [1.0, 3.0, 2.0]
    assert flags == [True, True, False, False, False]
    assert best.waited == 3


def test_equals_are_no_gain_and_the_earlier_one_stays_the_best():
    best, flags = kept(2, 0.5, 0.5, 0.5)
    assert flags == [True, False, False]
    assert float(best.kept[0][1]["w"]) == 0.0
    assert best.waited == 2


def test_loss_decides_between_equal_metrics():
    best = Best(1)
    assert best.offer((0.5, -0.9), dict)
    assert best.offer((0.5, -0.8), dict)
    assert not best.offer((0.5, -0.85), dict)


def test_weights_are_copied_only_where_they_are_kept():
    best = Best(1)
    best.offer((0.9, 0.0), dict)
    best.offer((0.1, 0.0), lambda: pytest.fail("copied for nothing"))


def test_a_metric_that_is_never_defined_keeps_the_first_weights():
    best, flags = kept(1, -math.inf, -math.inf)
    assert flags == [True, False]
    assert len(best.kept) == 1


@pytest.mark.parametrize(
    ("merits_of_averages", "members", "mean"),
    [
        ({0.5: 0.9, 1.0: 0.95}, 3, 1.0),  # each addition gains
        ({0.5: 0.8, 1.0: 0.8}, 3, 1.0),  # nothing is lost
        ({0.5: 0.7, 1.0: 0.99}, 2, 1.0),  # the second is refused, the third is taken with the first alone
        ({0.5: 0.7, 1.0: 0.7}, 1, 0.0),  # the best alone
    ],
)
def test_the_soup_takes_a_member_only_where_validation_does_not_lose(merits_of_averages, members, mean):
    best, _ = kept(3, 0.8, 0.7, 0.6)
    asked = []

    def measure(weights):
        asked.append(float(weights["w"]))
        return merits_of_averages.get(asked[-1], 0.0), 0.0

    key, weights, found = best.soup(measure)
    assert found == members
    assert float(weights["w"]) == pytest.approx(mean)
    assert key[0] >= 0.8, "never worse than the best alone"
    assert len(asked) == 2


def test_a_soup_of_one_is_not_measured_again():
    best, _ = kept(1, 0.8)
    key, weights, members = best.soup(lambda weights: pytest.fail("measured for nothing"))
    assert (key, members) == ((0.8, 0.0), 1)
    assert float(weights["w"]) == 0.0


def test_the_running_average_of_one_step_is_that_step():
    average = Average(0.99)
    weight = torch.nn.Parameter(torch.tensor([3.0]))
    average.add({"w": weight})
    np.testing.assert_allclose(average.weights()["w"], [3.0], rtol=1e-5)


def test_the_running_average_does_not_follow_the_weights_it_was_given():
    average = Average(0.5)
    weight = torch.nn.Parameter(torch.tensor([1.0]))
    average.add({"w": weight})
    with torch.no_grad():
        weight.fill_(100.0)
    np.testing.assert_allclose(average.weights()["w"], [1.0])


def test_put_sets_what_is_named_and_copies_take_no_part():
    net = torch.nn.Linear(2, 2)
    before = copies(dict(net.named_parameters()))
    put(net, {"bias": torch.ones(2)})
    assert net.bias.tolist() == [1.0, 1.0]
    assert net.weight.equal(before["weight"])
    assert not before["bias"].equal(net.bias)
