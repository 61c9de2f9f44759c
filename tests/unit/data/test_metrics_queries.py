"""Metrics by query: by hand, against scikit-learn, and with ties against the mean over all orders."""

from itertools import permutations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, ndcg_score

from tunesmith.data.metrics_queries import Aim, by_query, query_metrics


def figures(relevance, scores, cutoff=10):
    truth = np.asarray(relevance, float)
    aim = Aim(truth, truth > 0, cutoff)
    found = by_query(aim, np.asarray(scores, float), np.zeros(len(truth), np.int64))
    return {name: float(one[0]) for name, one in found.items()}


def test_by_hand():
    found = figures([0, 2, 0, 1], [4, 3, 2, 1])
    assert found["mrr"] == pytest.approx(1 / 2)
    assert found["map"] == pytest.approx((1 / 2 + 2 / 4) / 2)
    ideal = 2 + 1 / np.log2(3)
    assert found["ndcg"] == pytest.approx((2 / np.log2(3) + 1 / np.log2(5)) / ideal)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("cutoff", [2, 5, 10])
def test_ndcg_and_precision_are_those_of_scikit_learn(seed, cutoff):
    random = np.random.default_rng(seed)
    truth, tied = random.integers(0, 4, 12), random.integers(0, 4, 12).astype(float)
    assert figures(truth, tied, cutoff)["ndcg"] == pytest.approx(ndcg_score([truth], [tied], k=cutoff))
    scores = random.permutation(12).astype(float)
    wanted = average_precision_score(truth > 0, scores)
    assert figures(truth, scores)["map"] == pytest.approx(wanted)


@pytest.mark.parametrize("seed", range(12))
def test_ties_are_worth_the_mean_over_all_their_orders(seed):
    random = np.random.default_rng(seed)
    truth, scores = random.integers(0, 3, 6), random.integers(0, 3, 6).astype(float)
    truth[random.integers(0, 6)] = 1
    orders = [figures(truth[list(one)], scores[list(one)] - 1e-6 * np.arange(6)) for one in permutations(range(6))]
    found = figures(truth, scores)
    for name in ("ndcg", "mrr", "map"):
        assert found[name] == pytest.approx(np.mean([one[name] for one in orders])), name


def test_many_ties_do_not_overflow():
    truth = np.zeros(5000)
    truth[:100] = 1
    found = figures(truth, np.zeros(5000))
    assert 0 < found["map"] < found["mrr"] < 1
    assert found["map"] == pytest.approx(0.02, abs=0.002)


def many(seed=0, queries=8):
    random = np.random.default_rng(seed)
    owners = random.permutation(np.repeat(np.arange(queries), 5)) * 7 - 3
    truth = random.integers(0, 3, len(owners)).astype(float)
    return Aim(np.exp2(truth) - 1, truth >= 1, 3), random.normal(size=len(owners)), owners


def test_the_order_of_rows_and_the_numbers_of_queries_do_not_matter():
    aim, scores, owners = many()
    once = np.ones((1, len(owners)))
    first = query_metrics(aim, scores, owners, once)
    turned = Aim(aim.gains[::-1], aim.relevant[::-1], aim.cutoff)
    second = query_metrics(turned, scores[::-1], -owners[::-1] * 1000, once)
    for name, value in first.items():
        assert second[name] == pytest.approx(value)


def test_weights_count_queries():
    aim, scores, owners = many()
    drawn = np.unique(owners)[[0, 0, 3]]
    weights = np.array([[(drawn == one).sum() for one in owners]], float)
    _, numbers = np.unique(owners, return_inverse=True)
    each = by_query(aim, scores, numbers)
    for name, value in query_metrics(aim, scores, owners, weights).items():
        assert value[0] == pytest.approx(np.mean(each[name][[0, 0, 3]])), name


def test_a_query_without_a_hit_is_left_out():
    truth, scores = np.array([1.0, 0, 0, 0]), np.array([2.0, 1, 2, 1])
    found = query_metrics(Aim(truth, truth > 0, 10), scores, np.array([0, 0, 1, 1]), np.ones((1, 4)))
    assert {name: float(one[0]) for name, one in found.items()} == {"ndcg": 1.0, "mrr": 1.0, "map": 1.0}
    nothing = query_metrics(Aim(truth * 0, truth > 9, 10), scores, np.array([0, 0, 1, 1]), np.ones((1, 4)))
    assert all(np.isnan(one[0]) for one in nothing.values())
