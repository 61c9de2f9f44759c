"""The class a row counts for."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tunesmith.data.strata import BINS, strata


def test_a_class_is_its_own_stratum():
    assert strata(pl.Series([1, None, 2])).to_list() == ["1", "", "2"]


def test_of_several_classes_the_one_seen_least_so_far_counts():
    target = pl.Series([["a", "b"], ["a"], ["b", "a"], [], None, ["a", "c"]])
    assert strata(target, "classes").to_list() == ["a", "a", "b", "", "", "c"]
    texts = pl.Series(["a| b", "a", "b|a", "", None, "a|c"])
    assert strata(texts, "classes").to_list() == ["a", "a", "b", "", "", "c"]


@settings(max_examples=30, deadline=None)
@given(some.data(), some.sampled_from(["class", "classes", "value"]))
def test_rows_to_come_change_no_stratum(data, form):
    one = {
        "class": some.sampled_from("abc"),
        "classes": some.lists(some.sampled_from("abcd"), max_size=3, unique=True),
        "value": some.floats(allow_nan=True, allow_infinity=True, width=32) | some.none(),
    }[form]
    dtype = {"class": pl.String, "classes": pl.List(pl.String), "value": pl.Float64}[form]
    values = data.draw(some.lists(one, min_size=1, max_size=150))
    short = data.draw(some.integers(0, len(values)))
    whole = strata(pl.Series(values, dtype=dtype), form).to_list()
    assert strata(pl.Series(values[:short], dtype=dtype), form).to_list() == whole[:short]


@pytest.mark.parametrize("is_sorted", [False, True])
def test_values_of_a_stratum_are_alike(is_sorted):
    values = np.random.default_rng(0).lognormal(size=4000)
    values = np.sort(values) if is_sorted else values
    names = strata(pl.Series(values), "value")
    late = pl.DataFrame({"name": names, "value": values}).slice(2560)
    spread = late.group_by("name").agg(pl.col("value").std(), pl.len())
    assert late["name"].n_unique() == (1 if is_sorted else BINS)
    assert is_sorted or spread["len"].min() > 80
    assert is_sorted or (spread["value"] < 0.5 * values.std()).sum() >= BINS - 1


def test_equal_values_and_missing_ones_stay_together():
    names = strata(pl.Series([5.0] * 400 + [None, float("nan")] * 20), "value").to_list()
    assert names[-1] == names[-2] == "-1"
    assert len(set(names[320:400])) == 1
