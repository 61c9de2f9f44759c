"""Rows of one line and of several are taken, joined and dealt back alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.data import Ragged
from tunesmith.data.encoded import dealt_back, finite_rows, flat, joined, taken


def ragged(lengths):
    return Ragged.cut(np.arange(2.0 * sum(lengths)).reshape(-1, 2), np.array(lengths, np.int64))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=9), st.integers(1, 3), st.booleans())
def test_what_is_dealt_out_comes_back_in_order(lengths, parts, is_ragged):
    whole = ragged(lengths) if is_ragged else np.arange(3.0 * len(lengths)).reshape(-1, 3)
    size = -(-len(lengths) // parts)
    dealt = [taken(whole, np.arange(at, at + size * parts, parts) % len(lengths)) for at in range(parts)]
    again = dealt_back(dealt, len(lengths))
    np.testing.assert_array_equal(flat(again), flat(whole))


def test_rows_are_put_where_they_belong():
    whole = ragged([2, 0, 3, 1])
    empty = Ragged(np.zeros_like(whole.values), whole.offsets)
    for rows in ([3, 0], [2], [1]):
        empty.put(np.array(rows), whole.take(np.array(rows)).values)
    np.testing.assert_array_equal(empty.values, whole.values)
    assert whole.owners.tolist() == [0, 0, 2, 2, 2, 3]


def test_a_row_is_finite_where_all_its_lines_are():
    whole = ragged([2, 0, 3, 1])
    whole.values[3, 1] = np.nan
    assert finite_rows(whole).tolist() == [True, True, False, True]
    assert finite_rows(np.array([[1.0, np.inf], [0.0, 1.0]])).tolist() == [False, True]
    assert finite_rows(ragged([0, 0])).tolist() == [True, True]
    assert finite_rows(np.array([1.0, np.nan])).tolist() == [True, False]


def test_joined_rows_keep_their_kind():
    both = joined(ragged([1, 2]), ragged([0, 3]))
    assert both.lengths.tolist() == [1, 2, 0, 3]
    with pytest.raises(ValueError, match="array"):
        joined(ragged([1]), np.zeros((1, 2)))
