"""Shared n-grams are those that counting by hand finds, however the rows are cut into blocks."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.data import metrics_ngrams
from tunesmith.data.metrics_ngrams import ngram_counts

ROWS = st.lists(st.tuples(*[st.lists(st.integers(0, 3), max_size=9)] * 2), max_size=6)


def plainly(said, true, orders):
    found = np.zeros((len(said), orders, 3), np.int64)
    for row, order in np.ndindex(len(said), orders):
        one, other = (
            Counter(tuple(side[at : at + order + 1]) for at in range(len(side) - order))
            for side in (said[row], true[row])
        )
        found[row, order] = one.total(), other.total(), (one & other).total()
    return found


def arrays(rows):
    return [np.array(one, np.int64) for one in rows]


@settings(max_examples=60, deadline=None)
@given(ROWS, st.sampled_from([(1 << 20, 1 << 62), (7, 1 << 62), (1 << 20, 64), (1, 1)]))
def test_counts_are_those_of_counting_plainly(rows, bounds):
    said, true = [one for one, _ in rows], [other for _, other in rows]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics_ngrams, "BLOCK", bounds[0])
        patch.setattr(metrics_ngrams, "LIMIT", bounds[1])
        found = ngram_counts(arrays(said), arrays(true), 4)
    np.testing.assert_array_equal(found, plainly(said, true, 4))


def test_numbers_of_tokens_may_be_large_and_have_gaps():
    said, true = arrays([[1114111, 7, 1114111, 7]]), arrays([[7, 1114111, 7, 0]])
    assert ngram_counts(said, true, 3)[0].tolist() == [[4, 4, 3], [3, 3, 2], [2, 2, 1]]
    assert ngram_counts([], [], 2).shape == (0, 2, 3)
