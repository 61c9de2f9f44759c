"""Written texts are taken and joined with their rows."""

import numpy as np

from tunesmith.data.encoded import dealt_back, joined, taken
from tunesmith.data.written import Written


def written():
    values = np.array([[-0.1, 1.0], [-2.0, 0.0], [-0.5, 1.0]])
    return Written(values, np.array([0, 2, 2, 3]), np.array(["one", None, "three"], object))


def test_texts_alone_have_no_lines():
    found = Written.of(["a", None, ""])
    assert found.lengths.tolist() == [0, 0, 0]
    assert found.values.shape == (0, 2)
    assert found.values.dtype == np.float64
    assert found.texts.tolist() == ["a", None, ""]
    assert len(Written.of([])) == 0


def test_rows_are_taken_with_their_texts():
    found = taken(written(), np.array([2, 0]))
    assert isinstance(found, Written)
    assert found.texts.tolist() == ["three", "one"]
    assert found.values[:, 0].tolist() == [-0.5, -0.1, -2.0]
    assert found.lengths.tolist() == [1, 2]


def test_rows_are_joined_and_dealt_back_with_their_texts():
    both = joined(written(), Written.of(["four"]))
    assert isinstance(both, Written)
    assert both.texts.tolist() == ["one", None, "three", "four"]
    assert both.lengths.tolist() == [2, 0, 1, 0]
    again = dealt_back([both.take(np.array([0, 2])), both.take(np.array([1, 3]))], 4)
    assert again.texts.tolist() == both.texts.tolist()
    np.testing.assert_array_equal(again.values, both.values)
