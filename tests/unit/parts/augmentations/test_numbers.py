"""Noise on numbers: as wide as asked for, in shares of what the training rows differ by."""

import numpy as np
import polars as pl
import pytest

from tunesmith.core.draws import Draws
from tunesmith.parts.augmentations import Place
from tunesmith.parts.augmentations.number_noise import NumberNoise

ROWS = 4000
DRAWS = Draws.of([f"row {at}" for at in range(ROWS)])
TRAIN = pl.Series("age", np.random.default_rng(0).normal(50.0, 10.0, ROWS))


def noise(part, train=TRAIN, column=None):
    column = train if column is None else column
    return (part.build(train, Place(None))(column, DRAWS.take(range(len(column)))) - column).to_numpy()


@pytest.mark.parametrize(("spread", "width"), [("deviation", 10.0), ("iqr", 13.49)])
def test_the_noise_is_a_share_of_the_spread(spread, width):
    found = noise(NumberNoise(share=0.1, spread=spread))
    assert found.mean() == pytest.approx(0.0, abs=0.1)
    assert found.std() == pytest.approx(0.1 * width, rel=0.06)


def test_an_outlier_does_not_count_for_the_quarters():
    wild = TRAIN.clone().scatter(0, 1e9)
    calm, moved = (noise(NumberNoise(share=0.1, spread="iqr"), one, TRAIN).std() for one in (TRAIN, wild))
    assert moved == pytest.approx(calm, rel=0.01)


def test_where_most_values_are_equal_the_deviation_stands_in():
    mostly = pl.Series([0.0] * 90 + [10.0] * 10)
    assert noise(NumberNoise(share=1.0), mostly).std() == pytest.approx(3.0, rel=0.3)


@pytest.mark.parametrize(
    "train", [pl.Series([5.0] * 8), pl.Series([], dtype=pl.Float64), pl.Series([None] * 3, dtype=pl.Float64)]
)
def test_without_a_spread_nothing_is_added(train):
    assert not noise(NumberNoise(), train, pl.Series([1.0, 2.0])).any()
