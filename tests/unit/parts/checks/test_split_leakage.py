"""Splits that came with the data, and what they share."""

import polars as pl

from tunesmith.data.dataset import Dataset
from tunesmith.parts.checks import Table
from tunesmith.parts.checks.split_leakage import SplitLeakage

FOX = "the quick brown fox jumps over the lazy dog and runs away from the wolf"
HEN = "a fat brown hen sits on five warm eggs and waits for a very long time"
OWL = "owls hunt at night, when mice that came out to feed do not expect them"
ANT = "an ant can carry what weighs fifty times as much as its own small body"


def find(text, splits, group=None, time=None, **fields):
    columns = {"text": text} | ({"group": group} if group else {}) | ({"time": time} if time else {})
    data = Dataset.of(pl.DataFrame(columns), "rows.csv").with_splits(splits)
    names = ("group" if group else None, "time" if time else None)
    return SplitLeakage(**fields).find(Table(data, ("text",), None, None, (), {"text": "text"}, None, *names))


def test_splits_apart_and_rows_without_splits_have_no_finding():
    assert find([FOX, HEN, OWL], ["train", "validation", "test"]) == []
    assert find([FOX, FOX, FOX], [None, None, None]) == []
    assert find([FOX, FOX, FOX], ["train", "train", "train"]) == []


def test_the_row_of_the_earlier_split_is_to_give_up():
    (finding,) = find([FOX, HEN, FOX, FOX], ["test", "train", "train", "validation"])
    assert (finding.rows, finding.origins, finding.scores) == ((2, 3), (0, 0), (1.0, 1.0))
    assert finding.severity == "error"
    assert "rows.csv row 3 (train) and rows.csv row 1 (test)" in finding.advice


def test_rows_without_inputs_are_shared_by_nobody():
    assert find([None, None, FOX], ["train", "test", "test"]) == []


def test_near_rows_are_told_apart_from_equal_ones():
    (finding,) = find([FOX, HEN, FOX + "!"], ["train", "train", "test"])
    assert (finding.severity, finding.rows, finding.origins) == ("warning", (0,), (2,))
    assert 0.9 < finding.scores[0] < 1
    assert find([FOX, HEN, FOX + " again and again and yet again"], ["train", "train", "test"]) == []
    assert find([FOX, HEN, FOX + " again and again and yet again"], ["train", "train", "test"], similarity=0.6)


def test_copies_of_a_near_row_are_near_too():
    exact, near = find([FOX, FOX + "!", FOX + "!", FOX], ["train", "train", "train", "test"])
    assert (exact.rows, exact.origins) == ((0,), (3,))
    assert (near.rows, near.origins) == ((1, 2), (3, 3))


def test_a_group_in_two_splits_is_an_error():
    (finding,) = find([FOX, HEN, OWL, ANT], ["train", "train", "test", "test"], group=["a", "b", "b", None])
    assert (finding.severity, finding.column, finding.rows, finding.origins) == ("error", "group", (1,), (2,))
    assert "whose 'group' is in another split too" in finding.advice
    assert find([FOX, HEN], ["train", "test"], group=[None, None]) == []


def test_times_must_follow_the_order_of_the_splits():
    splits, days = ["train", "train", "validation", "test"], ["2024-01-01", "2024-01-03", "2024-01-02", "2024-01-04"]
    (finding,) = find([FOX, HEN, OWL, ANT], splits, time=days)
    assert (finding.severity, finding.column, finding.rows, finding.origins) == ("warning", "time", (1,), (2,))
    assert find([FOX, HEN, OWL, ANT], splits, time=sorted(days)) == []
    assert find([FOX, HEN, OWL, ANT], splits, time=[1, 2, 3, 4]) == []
    assert find([FOX, HEN, OWL, ANT], splits, time=[1, 2, None, 2])[0].rows == (1,)


def test_a_group_or_time_that_is_no_column_is_left_alone():
    data = Dataset.of(pl.DataFrame({"text": [FOX, HEN]}), "rows.csv").with_splits(["train", "test"])
    assert SplitLeakage().find(Table(data, ("text",), group="nowhere", time="never")) == []
