"""The guards against leaks name the rows, and give way only to what was allowed in writing."""

import polars as pl
import pytest

from tunesmith.core.errors import InputGuardError
from tunesmith.data import Dataset
from tunesmith.parts.guards import Apart, Evidence
from tunesmith.parts.guards.disjoint_groups import DisjointGroups
from tunesmith.parts.guards.disjoint_near_rows import DisjointNearRows
from tunesmith.parts.guards.disjoint_splits import DisjointSplits
from tunesmith.parts.guards.train_before_test import TrainBeforeTest


def rows(source, texts, **more):
    return Dataset.of(pl.DataFrame({"text": list(texts), **more}), source).identified(["text"])


def near(one, other):
    return pl.DataFrame({"first": one.contents[:1], "second": other.contents[:1]})


WHO = {"train": rows("a.csv", "uv", who=["x", "y"]), "test": rows("b.csv", "wz", who=["y", None])}
DAY = {"train": rows("a.csv", "uv", day=["2024-01-01", "2024-03-01"]), "test": rows("b.csv", "w", day=["2024-02-01"])}
COPIES = {"train": rows("a.csv", "uvw"), "test": rows("b.csv", "vz")}
NEAR = {"validation": rows("a.csv", "uv"), "test": rows("b.csv", "wz")}

CASES = {
    "equal": (DisjointSplits(), COPIES, Apart(), "a.csv row 2 (train) = b.csv row 1 (test)"),
    "near": (
        DisjointNearRows(),
        NEAR,
        Apart(near=near(*NEAR.values())),
        "a.csv row 1 (validation) ~ b.csv row 1 (test)",
    ),
    "group": (DisjointGroups(), WHO, Apart(group="who"), "a.csv row 2 (train) and b.csv row 1 (test)"),
    "time": (TrainBeforeTest(), DAY, Apart(time="day"), "a.csv row 2 (train) after b.csv row 1 (test)"),
}


@pytest.mark.parametrize("case", CASES)
def test_both_places_are_named_with_a_remedy(case):
    guard, splits, apart, places = CASES[case]
    with pytest.raises(InputGuardError) as error:
        guard.check(Evidence(splits=splits, apart=apart))
    assert places in str(error.value)
    assert "split: 1 row " in str(error.value)
    assert "leaks: drop" in str(error.value)
    assert "leaks: allow" in str(error.value)


@pytest.mark.parametrize("case", CASES)
def test_what_is_allowed_in_writing_is_told(case):
    guard, splits, apart, _ = CASES[case]
    allowed = Apart(apart.group, apart.time, apart.near, is_allowed=True)
    assert "allowed by the recipe" in guard.check(Evidence(splits=splits, apart=allowed))


@pytest.mark.parametrize("case", CASES)
def test_parts_that_share_nothing_pass(case):
    guard, splits, apart, _ = CASES[case]
    said = guard.check(Evidence(splits={"train": splits.get("train", splits["test"]).take([0])}, apart=apart))
    assert "no " in said


def test_five_rows_are_named_and_the_others_counted():
    splits = {"train": rows("a.csv", "abcdefgh"), "test": rows("b.csv", "habcdefg")}
    with pytest.raises(InputGuardError) as error:
        DisjointSplits().check(Evidence(splits=splits))
    assert "split: 8 rows are on both sides (a.csv row 1 (train) = b.csv row 2 (test), " in str(error.value)
    assert "a.csv row 5 (train) = b.csv row 6 (test) and 3 more)" in str(error.value)


def test_what_was_not_looked_for_is_told():
    assert DisjointNearRows().check(Evidence(splits=NEAR)) == "near-duplicates were not looked for"
    assert DisjointGroups().check(Evidence(splits=WHO)) == "no group is to be kept on one side"
    assert TrainBeforeTest().check(Evidence(splits=DAY)) == "no time is to be kept in order"
