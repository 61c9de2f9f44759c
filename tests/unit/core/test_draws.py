"""Numbers that belong to rows: uniform, normal, independent of the order, and SplitMix64's own."""

import numpy as np
import pytest

from tunesmith.core.draws import STEP, Draws, _mixed

IDS = [f"row {at}" for at in range(2000)]


def test_they_are_those_of_splitmix64():
    """The first numbers from state 1234567, as the reference implementation in C prints them."""
    states = np.uint64(1234567) + STEP * np.arange(1, 6, dtype=np.uint64)
    expected = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert _mixed(states).tolist() == expected


def test_a_row_has_its_numbers_wherever_it_stands():
    draws = Draws.of(IDS).named(0, "any", 3)
    order = np.random.default_rng(0).permutation(len(IDS))
    assert np.array_equal(draws.take(order).uniform(4), draws.uniform(4)[order])
    turned = Draws.of([IDS[at] for at in order]).named(0, "any", 3)
    assert np.array_equal(turned.states, draws.states[order])
    assert np.array_equal(draws.uniform_at(order, order % 4), draws.uniform(4)[order, order % 4])


def test_streams_of_other_names_and_seeds_have_nothing_in_common():
    base = Draws.of(IDS)
    streams = [base.named(0, "a"), base.named(1, "a"), base.named(0, "b"), base.named(0, "a").named(0, "a")]
    columns = np.stack([one.uniform(1)[:, 0] for one in streams])
    assert np.abs(np.corrcoef(columns) - np.eye(4)).max() < 0.1


def test_uniform_numbers_fill_their_interval_evenly():
    numbers = Draws.of(IDS).uniform(50)
    assert numbers.min() >= 0.0
    assert numbers.max() < 1.0
    counts = np.histogram(numbers, bins=20, range=(0, 1))[0]
    assert counts == pytest.approx(5000, rel=0.06)
    assert np.abs(np.corrcoef(numbers.T) - np.eye(50)).max() < 0.12


def test_normal_numbers_are_normal():
    numbers = Draws.of(IDS).normal(20).ravel()
    assert np.isfinite(numbers).all()
    assert numbers.mean() == pytest.approx(0.0, abs=0.02)
    assert numbers.std() == pytest.approx(1.0, abs=0.02)
    assert (np.abs(numbers) < 1.96).mean() == pytest.approx(0.95, abs=0.005)


def test_no_rows_have_no_numbers():
    assert Draws.of([]).uniform(3).shape == (0, 3)
