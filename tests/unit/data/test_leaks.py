"""Rows of one part that give away rows of another."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tunesmith.data import Dataset
from tunesmith.data.leaks import equal_groups, equal_rows, later_rows, near_rows


def rows(texts, **more):
    frame = pl.DataFrame({"text": pl.Series(list(texts), dtype=pl.String), **more})
    return Dataset.of(frame, "rows.csv").identified(["text"])


def found(leaks):
    return list(zip(leaks.rows.tolist(), leaks.twins.tolist(), strict=True))


WORDS = some.lists(some.sampled_from("abcdef"), max_size=12)


@settings(max_examples=40, deadline=None)
@given(WORDS, WORDS)
def test_equal_rows_are_found_with_the_first_twin(one, other):
    expected = [(at, other.index(text)) for at, text in enumerate(one) if text in other]
    assert found(equal_rows(rows(one), rows(other))) == expected


@settings(max_examples=40, deadline=None)
@given(WORDS, WORDS, some.lists(some.tuples(some.sampled_from("abcdef"), some.sampled_from("abcdef")), max_size=5))
def test_near_rows_are_found_either_way_round(one, other, links):
    first, second = rows(one), rows(other)
    content = {text: rows([text]).contents[0] for text in "abcdef"}
    near = pl.DataFrame(
        [(content[a], content[b]) for a, b in links], schema={"first": pl.String, "second": pl.String}, orient="row"
    )
    both = set(links) | {(b, a) for a, b in links}
    expected = []
    for at, text in enumerate(one):
        twins = [twin for twin, word in enumerate(other) if (text, word) in both]
        expected += [(at, twins[0])] if twins else []
    assert found(near_rows(first, second, near)) == expected


def test_missing_groups_are_nobodys():
    first, second = rows("abc", who=["x", None, "y"]), rows("def", who=[None, "y", "y"])
    assert found(equal_groups(first, second, "who")) == [(2, 1)]


@pytest.mark.parametrize("times", [(1, 5, 6), ("2024-01-01", "2024-05-01", "2024-06-01")])
def test_rows_later_than_the_first_of_the_other_part_are_found(times):
    first, second = rows("abc", day=list(times)), rows("de", day=[times[2], times[1]])
    assert found(later_rows(first, second, "day")) == [(2, 1)]
    assert found(later_rows(first, second.take(np.empty(0, np.int64)), "day")) == []
