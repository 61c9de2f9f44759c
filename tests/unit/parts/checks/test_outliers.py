"""Rows far from all others, and tails that are no outliers."""

import numpy as np
import polars as pl
import pytest

from tunesmith.data.dataset import Dataset
from tunesmith.parts.checks import Table
from tunesmith.parts.checks._fences import fence
from tunesmith.parts.checks._oddities import surprise, together
from tunesmith.parts.checks.outliers import Outliers

ROWS = 1000


def chance(*name):
    return np.random.default_rng([len(str(name)), *map(ord, str(name))])


def find(kind="number", target=None, task=None, **columns):
    frame = pl.DataFrame(columns)
    inputs = tuple(name for name in columns if name != target)
    return Outliers().find(Table(Dataset.of(frame, "rows.csv"), inputs, target, task, (), dict.fromkeys(inputs, kind)))


DRAWS = {
    "normal": lambda one: one.normal(size=ROWS),
    "prices": lambda one: one.lognormal(4, 1, ROWS),
    "incomes": lambda one: one.pareto(2, ROWS),
    "returns": lambda one: one.standard_t(3, ROWS),
    "waits": lambda one: one.exponential(size=ROWS),
    "counts": lambda one: one.poisson(3, ROWS).astype(float),
    "flat": lambda one: one.random(ROWS),
    "flags": lambda one: (one.random(ROWS) < 0.01).astype(float),
    "mostly nought": lambda one: np.where(one.random(ROWS) < 0.9, 0.0, one.lognormal(8, 1, ROWS)),
    "mostly one number": lambda one: np.where(one.random(ROWS) < 0.5, 40.0, one.normal(40, 10, ROWS)),
    "two heaps": lambda one: one.normal(size=ROWS) + 12 * (one.random(ROWS) < 0.1),
}


@pytest.mark.parametrize("name", DRAWS)
def test_no_shape_of_a_sound_column_has_many_outliers(name):
    passed = [int((around.scores(values) > 0).sum()) for around, values in map(_fenced, [name] * 20, range(20))]
    assert sum(passed) <= 4, passed


def _fenced(name, number):
    values = DRAWS[name](chance(name, number))
    around = fence(values, 0.01, 50)
    return around or fence(np.arange(100.0) - 50, 0.01, 50), values


@pytest.mark.parametrize(
    ("name", "far"),
    [("normal", 9.0), ("prices", 1e7), ("returns", -1e4), ("counts", 99.0), ("flat", 50), ("mostly one number", 999.0)],
)
def test_a_number_far_away_is_found(name, far):
    values = DRAWS[name](chance(name))
    values[[3, 500]] = far
    (finding,) = find(column=values)
    assert (finding.rows, finding.column, finding.severity) == ((3, 500), "column", "warning")
    assert all(0.5 < score < 1 for score in finding.scores)
    assert f"(rows.csv row 4: {far:.6g}, rows.csv row 501" in finding.advice
    assert "usual is " in finding.advice


def test_nought_that_means_missing_is_found_below_sound_values():
    values = chance("weight").normal(70, 8, ROWS)
    values[::100] = 0.0
    (finding,) = find(weight=values)
    assert finding.rows == tuple(range(0, ROWS, 100))


def test_the_farther_the_higher_the_score():
    values = DRAWS["normal"](chance("score"))
    values[[1, 2]] = (9.0, 900.0)
    (finding,) = find(column=values)
    assert finding.scores[0] < finding.scores[1] < 1


def test_more_far_rows_than_a_share_are_another_kind_of_row():
    values = DRAWS["normal"](chance("share"))
    values[:15] = 50.0
    assert find(column=values)[0].count == 15
    values[:24] = 50.0
    assert find(column=values) == []


def test_missing_and_infinite_numbers_are_not_far():
    values = DRAWS["normal"](chance("missing"))
    values[:3] = (np.nan, np.inf, -np.inf)
    assert find(column=values) == []
    assert find(column=pl.Series([None] * ROWS, dtype=pl.Float64)) == []


def test_few_rows_have_no_tails():
    assert find(column=[*map(float, range(40)), 1e9]) == []


def test_a_numeric_target_is_looked_at_too():
    values = DRAWS["normal"](chance("target"))
    values[7] = 1e6
    (finding,) = find(target="price", task="regression", size=DRAWS["flat"](chance("size")), price=values)
    assert (finding.column, finding.rows) == ("price", (7,))


def test_numbers_that_do_not_go_together_are_found():
    one = chance("together")
    height = one.normal(170, 10, ROWS)
    weight = 0.9 * height - 85 + one.normal(0, 3, ROWS)
    height[5], weight[5] = 190.0, 55.0
    (finding,) = find(height=height, weight=weight)
    assert (finding.rows, finding.column, finding.severity) == ((5,), None, "info")
    assert "1 row whose numbers are seldom seen together (rows.csv row 6)" in finding.advice


@pytest.mark.parametrize("draws", [("prices", "returns"), ("normal", "flags"), ("counts", "counts")])
def test_numbers_that_do_not_depend_on_each_other_are_never_odd_together(draws):
    columns = {f"{name} {at}": DRAWS[name](chance(name, at)) for at, name in enumerate(draws)}
    assert [one for one in find(**columns) if one.column is None] == []


def test_distances_are_those_of_mahalanobis_where_nothing_is_odd():
    columns = chance("plain").normal(size=(20_000, 3))
    squared = together(columns) ** 2
    assert np.median(squared) == pytest.approx(2.37, rel=0.1)  # chi-square with 3 degrees of freedom
    columns[0] = np.nan
    assert together(columns)[0] == pytest.approx(0, abs=0.1)


def words(number):
    one = chance("words", number)
    return " ".join(one.choice(["parcel", "letter", "late", "again", "was", "the", "not", "fine"], one.integers(5, 25)))


def test_texts_of_odd_length_and_of_odd_letters_are_found():
    texts = [words(number) for number in range(400)]
    texts[7] = "late again " * 900
    texts[9] = "Ã¼ÃŸÂ§ÃƒÂ¤Ã¶ " * 8
    length, letters = find("text", text=texts)
    assert (length.rows, letters.rows) == ((7,), (9,))
    assert "far longer or shorter" in length.advice
    assert "letters or signs that the other texts hardly have" in letters.advice


def test_sound_and_missing_texts_have_no_finding():
    assert find("text", text=[words(number) for number in range(400)]) == []
    assert find("text", text=[None, "", " "] * 100) == []


def test_surprise_is_in_nats():
    told = surprise(pl.Series(["a" * 90, "ab" * 45, None, "", "zzzz"]))
    assert told[0] < told[1] < told[4]
    assert np.isnan(told[2:4]).all()
    assert surprise(pl.Series(["ab" * 5000]))[0] == pytest.approx(np.log(2), abs=0.01)
