"""The noise model: it finds the rate and the matrix of noise that was put in, and none where there is none."""

import numpy as np
import pytest

from tunesmith.data.label_noise import fit_noise, most_f1, pooled, strangeness


def rows_of(rows, classes, seed, rate, power=1.0, neighbour=False):
    """Return labels, opinions that are right on average, and which labels were made wrong."""
    generator = np.random.default_rng(seed)
    logs = generator.normal(size=(rows, classes)) * 3
    beliefs = np.exp(logs) / np.exp(logs).sum(axis=1, keepdims=True)
    truth = (generator.random((rows, 1)) < beliefs.cumsum(axis=1)).argmax(axis=1)
    wrong = generator.random(rows) < rate
    step = 1 if neighbour else generator.integers(1, classes, rows)
    labels = np.where(wrong, (truth + step) % classes, truth)
    said = np.exp(logs * power) / np.exp(logs * power).sum(axis=1, keepdims=True)
    return labels, said, wrong


def f1(named, wrong):
    return 2 * (named & wrong).sum() / (named.sum() + wrong.sum())


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("rate", [0.05, 0.2])
@pytest.mark.parametrize("power", [1.0, 0.5])
def test_the_rate_is_found_however_sure_the_opinion_is(classes, rate, power):
    labels, said, wrong = rows_of(4000, classes, 0, rate, power)
    noise = fit_noise(labels, said)
    assert noise.rate == pytest.approx(rate, abs=0.02)
    assert noise.wrong[wrong].mean() > 3 * noise.wrong[~wrong].mean()


def test_the_f1_that_is_expected_is_the_f1_that_comes():
    labels, said, wrong = rows_of(6000, 4, 1, 0.1)
    named, expected = most_f1(fit_noise(labels, said).wrong)
    assert f1(named, wrong) == pytest.approx(expected, abs=0.05)


def test_right_labels_of_hard_rows_are_left_alone():
    labels, said, _ = rows_of(4000, 4, 2, 0.0)
    assert (said.argmax(axis=1) != labels).mean() > 0.15
    named, _ = most_f1(fit_noise(labels, said).wrong, 0.25)
    assert named.mean() < 0.02


def test_errors_that_all_go_one_way_are_found_as_such():
    labels, said, wrong = rows_of(4000, 5, 3, 0.2, neighbour=True)
    noise = fit_noise(labels, said)
    assert noise.matrix[(np.arange(5) + 1) % 5, np.arange(5)] == pytest.approx(0.2, abs=0.05)
    assert f1(most_f1(noise.wrong, 0.25)[0], wrong) > 0.7


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_few_rows_are_no_trouble(rows):
    noise = fit_noise(np.zeros(rows, np.int64), np.full((rows, 3), 1 / 3))
    assert noise.wrong.shape == (rows,)
    assert np.isfinite(noise.wrong).all()


def test_a_single_class_has_no_errors():
    noise = fit_noise(np.zeros(9, np.int64), np.ones((9, 1)))
    assert not most_f1(noise.wrong, 0.25)[0].any()


def test_the_best_rows_to_name_are_those_of_the_greatest_expected_f1():
    chances = np.random.default_rng(0).random(200) ** 3
    named, expected = most_f1(chances)
    every = [2 * chances[chances >= one].sum() / ((chances >= one).sum() + chances.sum()) for one in chances]
    assert expected == pytest.approx(max(every))
    assert chances[named].min() == pytest.approx(expected / 2, abs=0.02)


def test_nothing_below_the_least_chance_is_named():
    assert not most_f1(np.full(50, 0.2), 0.25)[0].any()


def test_a_pool_is_better_than_each_and_ignores_noise():
    labels, said, _ = rows_of(3000, 4, 4, 0.0)
    generator = np.random.default_rng(1)
    blurred = [said * np.exp(generator.normal(size=said.shape)) for _ in range(2)]
    random = generator.random(said.shape)
    each = [one / one.sum(axis=1, keepdims=True) for one in (*blurred, random)]
    losses = [-np.log(one[np.arange(3000), labels]).mean() for one in (*each, pooled(each, labels))]
    assert losses[-1] < min(losses[:-1])
    assert np.allclose(pooled(each, labels).sum(axis=1), 1)


def test_a_strange_value_stands_out_and_the_others_do_not():
    generator = np.random.default_rng(0)
    expected = generator.normal(size=500)
    values = expected + generator.normal(size=500) * 0.1
    values[7] += 2
    assert np.flatnonzero(strangeness(values, expected) > 0.5).tolist() == [7]


def test_values_all_as_expected_are_not_strange():
    assert strangeness(np.arange(5.0), np.arange(5.0)).tolist() == [0.0] * 5
    assert strangeness(np.zeros(0), np.zeros(0)).tolist() == []
