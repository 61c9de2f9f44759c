from dataclasses import astuple

import numpy as np
import pytest

from tunesmith.core import statistics
from tunesmith.core.errors import DataError
from tunesmith.core.statistics import (
    Comparison,
    Estimate,
    drawn_weights,
    interval,
    intervals,
    paired_difference,
    resample_weights,
    wilson,
)


def mean_of(values):
    return lambda weights: {"mean": weights @ values / weights.sum(axis=1)}


def undefined(weights):
    return {"nothing": np.full(len(weights), np.nan)}


def test_a_resample_draws_as_many_rows_as_there_are():
    weights = resample_weights(37, 50, np.random.default_rng(0))
    assert weights.shape == (50, 37)
    assert weights.dtype == np.float64
    assert (weights.sum(axis=1) == 37).all()
    assert (weights == np.round(weights)).all()
    assert weights.mean(axis=0) == pytest.approx(np.ones(37), abs=0.6)
    assert weights.var() == pytest.approx(36 / 37, abs=0.1)


def test_resamples_do_not_depend_on_how_many_are_asked_for_at_a_time():
    generator = np.random.default_rng(5)
    parts = [resample_weights(11, count, generator) for count in (3, 1, 6)]
    assert np.array_equal(np.concatenate(parts), resample_weights(11, 10, np.random.default_rng(5)))


def test_no_rows_is_said():
    with pytest.raises(DataError, match="no rows to resample"):
        resample_weights(0, 10, np.random.default_rng(0))
    with pytest.raises(DataError, match="no rows to resample"):
        intervals(mean_of(np.empty(0)), 0, np.random.default_rng(0))


def test_an_interval_is_the_quantiles_of_what_is_finite():
    samples = np.arange(101, dtype=np.float64)
    assert interval(samples, 0.9) == pytest.approx((5, 95))
    mixed = np.concatenate([samples, np.full(100, np.nan), [np.inf]])
    assert interval(mixed, 0.9) == pytest.approx((5, 95))


@pytest.mark.parametrize("samples", [[], [np.nan], [1.0, np.nan, np.nan], [1.0, np.inf, -np.inf]])
def test_an_interval_of_mostly_nothing_is_none(samples):
    assert interval(np.array(samples, dtype=np.float64)) is None


def test_a_level_in_percent_is_refused():
    with pytest.raises(ValueError, match="range"):
        interval(np.arange(5.0), 95)


def test_the_value_is_that_of_all_rows_and_inside_its_interval():
    values = np.random.default_rng(1).normal(size=80)
    found = intervals(mean_of(values), 80, np.random.default_rng(2), resamples=400)["mean"]
    error = values.std() / np.sqrt(80)
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - 1.96 * error, abs=0.35 * error)
    assert found.high == pytest.approx(values.mean() + 1.96 * error, abs=0.35 * error)


def test_a_figure_outside_its_resamples_stretches_the_interval():
    # The number of distinct rows drawn is below the number of rows in every resample.
    found = intervals(lambda weights: {"distinct": (weights > 0).sum(axis=1)}, 50, np.random.default_rng(0))["distinct"]
    assert found.high == found.value == 50
    assert found.low < 40


def test_intervals_do_not_depend_on_the_chunks(monkeypatch):
    values = np.random.default_rng(1).normal(size=30)
    whole = intervals(mean_of(values), 30, np.random.default_rng(3), resamples=100)
    sizes = []

    def watched(weights):
        sizes.append(len(weights))
        return mean_of(values)(weights)

    monkeypatch.setattr(statistics, "CHUNK_BYTES", 30 * 8 * 7)
    parts = intervals(watched, 30, np.random.default_rng(3), resamples=100)
    assert astuple(parts["mean"]) == pytest.approx(astuple(whole["mean"]))
    assert max(sizes) == 7


def test_names_may_be_any_key():
    found = intervals(lambda weights: {(3, "recall"): weights[:, 0]}, 4, np.random.default_rng(0), resamples=20)
    assert found[3, "recall"].value == 1.0


def test_an_undefined_figure_has_no_value_and_one_seldom_defined_no_interval():
    assert intervals(undefined, 5, np.random.default_rng(0), 20) == {"nothing": Estimate(None)}

    def seldom(weights):
        return {"all": np.where(weights.min(axis=1) > 0, 1.0, np.nan)}

    assert intervals(seldom, 20, np.random.default_rng(0), 50) == {"all": Estimate(1.0, None, None)}


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    generator, hits = np.random.default_rng(7), 0
    for _ in range(200):
        correct = (generator.random(120) < 0.8).astype(float)
        found = intervals(mean_of(correct), 120, generator, resamples=200)["mean"]
        hits += found.low <= 0.8 <= found.high
    assert 0.88 <= hits / 200 <= 0.99


def test_a_system_does_not_differ_from_itself():
    same = mean_of(np.random.default_rng(0).normal(size=40))
    assert paired_difference(same, same, 40, np.random.default_rng(1), 100)["mean"] == Comparison(0.0, 0.0, 0.0, 1.0)


def test_a_clear_difference_is_found_with_its_sign_and_a_small_p_value():
    generator = np.random.default_rng(0)
    worse = generator.normal(size=200)
    better = worse + 0.2 + generator.normal(scale=0.1, size=200)
    found = paired_difference(mean_of(better), mean_of(worse), 200, generator, 999)["mean"]
    assert found.difference == pytest.approx((better - worse).mean())
    assert 0 < found.low < found.difference < found.high
    assert found.p_value == pytest.approx(2 / 1000)
    turned = paired_difference(mean_of(worse), mean_of(better), 200, generator, 999)["mean"]
    assert turned.high < 0
    assert turned.p_value == found.p_value


def test_both_systems_are_measured_on_the_same_resamples():
    # The two vary wildly but together, so only a paired difference is this narrow.
    values = np.random.default_rng(0).normal(scale=100, size=60)
    found = paired_difference(mean_of(values + 1), mean_of(values), 60, np.random.default_rng(1), 200)["mean"]
    assert (found.difference, found.low, found.high) == pytest.approx((1, 1, 1))


def test_p_values_are_about_uniform_where_there_is_no_difference():
    generator = np.random.default_rng(11)
    p_values = []
    for _ in range(300):
        one, other = generator.normal(size=(2, 60))
        p_values.append(paired_difference(mean_of(one), mean_of(other), 60, generator, 200)["mean"].p_value)
    for share in (0.05, 0.2, 0.5, 0.8):
        assert np.mean(np.array(p_values) <= share) == pytest.approx(share, abs=0.08)


def test_an_undefined_difference_has_no_p_value_and_strange_figures_are_left_out():
    def more(weights):
        return undefined(weights) | {"own": weights[:, 0]}

    assert paired_difference(more, undefined, 5, np.random.default_rng(0), 20) == {"nothing": Comparison(None)}


def test_rows_of_one_group_are_drawn_together():
    groups = np.repeat(np.array([40, -7, 3, 12, 5, 6, 99]), [1, 4, 2, 3, 1, 1, 1])
    weights = drawn_weights(groups, 30, np.random.default_rng(0))
    for one in np.unique(groups):
        same = weights[:, groups == one]
        assert (same == same[:, :1]).all()
    firsts = weights[:, np.unique(groups, return_index=True)[1]]
    assert (firsts.sum(axis=1) == 7).all()


def test_groups_of_like_rows_widen_the_interval():
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 25)
    values = np.repeat(random.normal(size=40), 25)

    def mean(weights):
        return {"mean": weights @ values / weights.sum(axis=1)}

    alone = intervals(mean, 1000, np.random.default_rng(1))["mean"]
    together = intervals(mean, groups, np.random.default_rng(1))["mean"]
    assert together.value == pytest.approx(alone.value)
    assert together.high - together.low > 3 * (alone.high - alone.low)
    assert together.high - together.low == pytest.approx(2 * 1.96 * values.std() / 40**0.5, rel=0.2)


def test_every_row_its_own_group_is_no_group():
    values = np.random.default_rng(0).normal(size=50)

    def mean(weights):
        return {"mean": weights @ values / weights.sum(axis=1)}

    one, other = (intervals(mean, units, np.random.default_rng(1)) for units in (50, np.arange(50)))
    assert astuple(one["mean"]) == pytest.approx(astuple(other["mean"]))


@pytest.mark.parametrize(("groups", "is_told"), [(5, False), (6, True)])
def test_few_groups_tell_no_interval(groups, is_told):
    owners = np.arange(60) % groups
    better = {"hits": np.ones(60)}

    def mean(weights):
        return {name: weights @ one / weights.sum(axis=1) for name, one in better.items()}

    found = paired_difference(mean, lambda weights: {"hits": np.zeros(len(weights))}, owners, np.random.default_rng(0))
    assert found["hits"].difference == 1.0
    assert (found["hits"].p_value is not None) is is_told


def test_wilson_is_that_of_the_textbook_and_never_empty():
    assert wilson(15, 20) == pytest.approx((0.531299, 0.888138), abs=1e-5)
    low, high = wilson(20, 20)
    assert low == pytest.approx(0.838875, abs=1e-5)
    assert high == 1.0
    assert wilson(0, 20) == pytest.approx((0.0, 1 - low))
    with pytest.raises(DataError, match="no rows"):
        wilson(0, 0)
