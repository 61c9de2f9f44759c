import numpy as np
import polars as pl
import pytest

from tunesmith.data.near import near_pairs
from tunesmith.data.near.numbers import tolerances_of


def table(values):
    return pl.DataFrame({f"x{at}": column for at, column in enumerate(np.asarray(values, float).T)})


def found(values):
    frame = table(values)
    return near_pairs(frame, dict.fromkeys(frame.columns, "number"))


def listed(pairs):
    return list(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))


def brute(values):
    values = np.asarray(values, float)
    apart = np.abs(values[:, None] - values[None]) <= tolerances_of(values)
    return {(int(a), int(b)) for a, b in np.argwhere(apart.all(axis=2)) if a < b}


@pytest.mark.parametrize("columns", [2, 5, 20])
def test_jittered_copies_are_found_as_brute_force_finds_them(columns):
    random = np.random.default_rng(columns)
    values = random.normal(0, 10, (700, columns))
    jitter = random.uniform(-1.6e-2, 1.6e-2, (300, columns))  # up to 1.2 tolerances
    values = np.concatenate([values, values[:300] + jitter * random.choice([0.05, 1.0], (300, 1))])
    truth = brute(values)
    ours = set(listed(found(values)))
    assert ours <= truth
    assert len(ours) >= 0.99 * len(truth) > 100


def test_missing_is_equal_to_missing_alone():
    nan = float("nan")
    random = np.random.default_rng(0)
    rows = [[1.0, nan], [1.0, nan], [1.0, 2.0], [nan, nan], [nan, nan], *random.normal(50, 9, (20, 2)).tolist()]
    assert listed(found(rows)) == [(0, 1)]


def test_infinity_is_near_to_itself_alone():
    rows = [[np.inf, 1.0], [np.inf, 1.0 + 1e-9], [-np.inf, 1.0], [1e308, 1.0]]
    assert listed(found([*rows, *np.random.default_rng(0).normal(0, 1, (9, 2)).tolist()])) == [(0, 1)]


def test_a_constant_column_tells_nothing_apart():
    values = np.column_stack([np.full(50, 3.0), np.arange(50.0)])
    values[49, 1] = values[0, 1] + 1e-6
    assert listed(found(values)) == [(0, 49)]


def test_categories_keep_numbers_apart():
    frame = pl.DataFrame({"x": [1.0, 1.00001, *range(5, 15)], "kind": ["a", "b", *"cccccccccc"]})
    assert len(near_pairs(frame, {"x": "number", "kind": "category"})) == 0
    assert len(near_pairs(frame, {"x": "number"})) == 1


def test_similarity_falls_with_the_difference():
    values = np.arange(0.0, 101.0)[:, None]
    values = np.concatenate([values, [[20.01], [70.04]]])
    near = found(values)
    assert listed(near) == [(20, 101), (70, 102)]
    assert near.similarity.tolist() == pytest.approx([1 - 0.01 / 50.0, 1 - 0.04 / 50.0], abs=1e-5)


def test_many_rows_on_one_spot_do_not_explode():
    values = np.random.default_rng(0).normal(0, 1e-6, (3000, 2))
    values = np.concatenate([values, np.random.default_rng(1).normal(0, 100, (6001, 2))])
    assert len(found(values)) < 30 * 3000


def test_text_in_a_column_of_numbers_is_missing():
    frame = pl.DataFrame({"x": ["1", "n/a", "2", "n/a", "1.0"]})
    assert listed(near_pairs(frame, {"x": "number"})) == [(0, 4)]
