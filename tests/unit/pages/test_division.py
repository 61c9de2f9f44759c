"""How the rows were divided, at a glance: every row counted once, shares beside what was asked, leaks first."""

from __future__ import annotations

import numpy as np
import polars as pl

from tunesmith.core.events import Events
from tunesmith.data import Dataset
from tunesmith.pages import render
from tunesmith.pages.division import division
from tunesmith.parts.guards import Evidence
from tunesmith.parts.guards.disjoint_groups import DisjointGroups
from tunesmith.stages.split import Roles, Split, split
from unit.pages.sample_reports import Page, classification


def told(report):
    return Page(str(division(report).render())).text


def test_rows_shares_and_what_was_asked_for():
    page = told(classification())
    assert "All rows of one 'customer' stand on one side" in page
    assert "6,026 rows, each in one place" in page
    for cell in ("4,217", "70%", "602", "10%", "1,204", "20%", "<0.1%", "near to rows of two splits"):
        assert cell in page, cell
    assert "but for 7 that cleaning left out" in page
    assert "Set aside: 3 rows (reviews.csv row 7, ...)." in page


def test_guards_that_had_nothing_to_look_for_are_left_out():
    report = classification()
    assert "✓ No rows are on both sides." in told(report)
    assert "kept in order" not in told(report)
    report["recipe"]["split"] = {"time": "day"}
    assert "kept in order" in told(report)


def test_a_leak_that_was_allowed_comes_first_and_is_no_tick():
    frame = pl.DataFrame({"text": list("abcd"), "customer": ["x", "x", "y", "z"]})
    data = Dataset.of(frame, "rows.csv").identified(["text"])
    data = data.with_splits(["train", "test", "train", "validation"])
    done = split(data, Split(group="customer", leaks="allow"), Roles(), Events())
    said = DisjointGroups().check(Evidence(splits=done.parts, apart=done.apart))
    report = {"split": done.account(), "recipe": {"split": {"group": "customer"}}}
    report["guards"] = [
        {"guard": "disjoint_splits", "detail": "no rows are on both sides"},
        {"guard": "disjoint_groups", "detail": said},
    ]
    page = told(report)
    assert page.index("✗ 1 row has") < page.index("✓ No rows")


def test_splits_of_other_names_and_none_at_all():
    assert "holdout" in told({"split": {"rows": {"holdout": 3}}})
    assert "50%" in told({"split": {"rows": {"train": 2, "holdout": 2}}})
    assert not division({"split": {"rows": {}}})
    assert not division({"split": {"rows": {"train": float("nan")}, "notes": 3}})
    assert "how the rows were divided" in Page(render({"name": "draft"})).text


def test_a_training_tells_its_rule_and_shares():
    texts = [f"text {number}" for number in range(40)]
    data = Dataset.of(pl.DataFrame({"text": texts, "day": np.arange(40)}), "rows.csv").identified(["text"])

    def account(how, rows=data):
        return split(rows, how, Roles(target="text"), Events()).account()

    hashed = account(Split())
    assert hashed["rule"] == "Each row stands where a hash of its inputs puts it. Near rows stand together."
    assert hashed["asked"] == {"validation": 0.1, "test": 0.2}
    assert account(Split(folds=4, fold=1))["asked"] == {"validation": 0.1, "test": 0.25}
    dealt = account(Split(by="stratified", group="day"))["rule"]
    assert (
        dealt == "All rows of one 'day' stand on one side, dealt out so that every class has its share in each split."
    )
    assert "Fold 1 of 0 to 3 is the test." in account(Split(folds=4, fold=1))["rule"]
    dated = account(Split(time="day", test_from=30))
    assert "latest rows by 'day'" in dated["rule"]
    assert dated["asked"] == {"validation": 0.1}
    given = account(Split(), data.with_splits(["train"] * 30 + ["test"] * 10))
    assert given["rule"].startswith("The files say where each row stands")
    assert given["asked"] == {}
