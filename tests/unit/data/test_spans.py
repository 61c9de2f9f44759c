"""Spans of a text: labels line by line, the best span, and SQuAD's two metrics."""

from itertools import pairwise

import numpy as np
import pytest

from tunesmith.core.errors import DataError
from tunesmith.data.metrics_spans import exact, overlap, span_metrics
from tunesmith.data.span_search import best_spans, normalised
from tunesmith.data.spans import Places, Spans, Windows, right_lines, told

TEXT = "Ann saw Bob Lee in Rome"
TOKENS = [(0, 3), (4, 7), (8, 11), (12, 15), (16, 18), (19, 23)]


def places(*rows):
    """Return places of rows, each a list of windows, each a list of tokens of TEXT by number."""
    lines = [[line for window in row for line in [(1, 0, 0), *((0, *TOKENS[one]) for one in window)]] for row in rows]
    offsets = np.cumsum([0, *map(len, lines)])
    return Places(
        np.array([one for row in lines for one in row], np.int32), offsets, np.array([TEXT] * len(rows), object)
    )


def spans(*rows):
    """Return right answers of rows, each a list of texts."""
    flat = [one for row in rows for one in row]
    values = np.array([(TEXT.index(one), TEXT.index(one) + len(one)) for one in flat], np.int64).reshape(-1, 2)
    return Spans(values, np.cumsum([0, *map(len, rows)]), np.array(flat, object))


def test_a_window_that_holds_all_of_an_answer_points_to_its_ends_and_any_other_to_no_answer():
    where = places([[0, 1, 2, 3], [2, 3, 4], [3, 4, 5]])
    labels = right_lines(where, spans(["Bob Lee"]))
    assert labels[:, 0].tolist() == [1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]
    assert labels[:, 1].tolist() == [0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0]
    assert labels[:, 2].tolist() == [0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0]


def test_several_answers_of_a_row_all_count_and_rows_without_one_point_to_no_answer():
    where = places([[0, 1, 2]], [[0, 1]], [[5]])
    labels = right_lines(where, spans(["Ann", "Bob"], [], ["Rome"]))
    assert labels[:, 1].tolist() == [0, 1, 0, 1, 1, 0, 0, 0, 1]
    assert labels[:, 2].tolist() == [0, 1, 0, 1, 1, 0, 0, 0, 1]


def test_an_answer_within_a_word_is_held_by_the_word():
    labels = right_lines(places([[1, 2, 3]]), spans(["ob Le"]))
    assert np.flatnonzero(labels[:, 1]).tolist() == [2]
    assert np.flatnonzero(labels[:, 2]).tolist() == [3]


def test_labels_are_refused_where_the_text_says_otherwise():
    wrong = Spans(np.array([[0, 3]]), np.array([0, 1]), np.array(["Bob"], object))
    with pytest.raises(
        DataError, match=r"row r7: the answer 'Bob' does not stand at 0 of the text, 'Ann' stands there"
    ):
        wrong.along(places([[0, 1]]), ["r7"])


def test_taken_and_joined_rows_keep_their_texts():
    right = spans(["Ann", "Bob"], [], ["Rome"])
    assert right.take(np.array([2, 0])).texts.tolist() == ["Rome", "Ann", "Bob"]
    assert right.followed_by(right).texts.tolist() == ["Ann", "Bob", "Rome"] * 2
    found = told(right.first(), np.array([TEXT] * 3, object))
    turned = found.take(np.array([2, 1, 0]))
    assert turned.places.lengths.tolist() == turned.lengths.tolist() == [2, 1, 2]
    assert len(found.followed_by(turned).places.texts) == 6


def slow(scores, longest):
    """Return each row's best span by trying every pair of lines."""
    found = []
    for first, last in pairwise(scores.offsets):
        best = (-np.inf, -1, -1)
        windows = scores.places.windows
        for start in range(first, last):
            for end in range(start, min(last, start + longest)):
                is_token = scores.places.values[start, 0] == 0 and windows[start] == windows[end]
                empty = scores.values[scores.places.firsts[windows[start]]].sum()
                lead = scores.values[start, 0] + scores.values[end, 1] - empty
                if is_token and lead > best[0]:
                    best = (lead, scores.places.values[start, 1], scores.places.values[end, 2])
        found.append(best)
    return found


@pytest.mark.parametrize("longest", [1, 2, 30])
def test_the_best_span_is_that_of_all_pairs_in_a_window(longest):
    where = places([[0, 1, 2, 3], [2, 3, 4, 5]], [[]], [[1]], [[0, 1, 2, 3, 4, 5]])
    values = np.random.default_rng(1).normal(size=(len(where.values), 2)) * 3
    scores = normalised(Windows(values, where.offsets, where))
    best = best_spans(scores, longest)
    for row, (lead, start, end) in enumerate(slow(scores, longest)):
        np.testing.assert_allclose(best.margin[row], lead)
        assert best.spans[row].tolist() == [start, end]
    assert best.spans[1].tolist() == [-1, -1], "an empty text has no span"


def test_probabilities_sum_to_one_in_each_window_however_large_the_outputs():
    where = places([[0, 1], [2]], [[3, 4]])
    for scale in (1.0, 1e4):
        values = scale * np.random.default_rng(2).normal(size=(len(where.values), 2))
        scores = normalised(Windows(values, where.offsets, where))
        sums = np.add.reduceat(np.exp(scores.values), where.firsts, axis=0)
        np.testing.assert_allclose(sums, 1.0)


@pytest.mark.parametrize(
    ("answer", "right", "same", "f1"),
    [
        ("The Denver Broncos!", ["denver broncos"], 1.0, 1.0),
        ("Denver", ["Denver Broncos"], 0.0, 2 / 3),
        ("a cat, a cat", ["cat"], 0.0, 2 / 3),
        ("Rome", ["Paris", "in Rome"], 0.0, 2 / 3),
        ("", [], 1.0, 1.0),
        ("Rome", [], 0.0, 0.0),
        ("", ["Rome"], 0.0, 0.0),
        ("the", ["a"], 1.0, 1.0),
        ("Rome", ["the", "Rome"], 1.0, 1.0),
        ("24-10", ["24–10"], 0.0, 0.0),
    ],
)
def test_exact_match_and_f1_are_those_of_squads_script(answer, right, same, f1):
    assert exact(answer, right) == same
    assert overlap(answer, right) == pytest.approx(f1)


def test_rows_with_and_without_an_answer_are_measured_apart_where_both_occur():
    same, f1 = np.array([1.0, 0.0, 1.0]), np.array([1.0, 0.5, 1.0])
    found = span_metrics(same, f1, np.array([True, True, False]), np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 2.0]]))
    assert found["span_f1"].tolist() == [pytest.approx(2.5 / 3), 1.0]
    assert found["span_f1_has_answer"][0] == 0.75
    assert np.isnan(found["span_f1_has_answer"][1])
    assert found["exact_match_no_answer"].tolist() == [1.0, 1.0]
    assert span_metrics(same, f1, np.ones(3, bool), np.ones((1, 3))).keys() == {"span_f1", "exact_match"}
