"""Boxes that cannot be right are named by their rows."""

import polars as pl
import pytest

from tunesmith.data import Dataset
from tunesmith.parts.checks import Table
from tunesmith.parts.checks.boxes import Boxes
from tunesmith.testing.checks import check_findings

BOX = pl.Struct(dict.fromkeys(("x", "y", "width", "height"), pl.Float64) | {"label": pl.String})


def box(x, y, width, height, label="cat"):
    return {"x": x, "y": y, "width": width, "height": height, "label": label}


def table(*rows, size=(100, 50)):
    columns = {"image": [f"{at}.png" for at in range(len(rows))], "boxes": pl.Series(list(rows), dtype=pl.List(BOX))}
    if size is not None:
        columns |= {"width": [size[0]] * len(rows), "height": [size[1]] * len(rows)}
    data = Dataset.of(pl.DataFrame(columns), "boxes.json").identified(["image"])
    return Table(data, ("image",), "boxes", "detection")


def found(*rows, part=None, **told):
    return {
        one.advice.partition(" (first")[0].partition(": ")[2]: one
        for one in check_findings(part or Boxes(), table(*rows, **told))
    }


def test_sound_boxes_give_nothing():
    assert (
        found(
            [box(0, 0, 100, 50), box(-0.5, 0, 10, 50.9, "dog")], [box(1, 1, 2, 2)], [box(1, 1, 2, 2, "dog")], [], None
        )
        == {}
    )


@pytest.mark.parametrize("bad", [box(1, 1, 0, 5), box(1, 1, 5, -2), box(float("nan"), 1, 5, 5), box(None, 1, 5, 5)])
def test_boxes_without_an_area(bad):
    told = found([box(1, 1, 2, 2)], [box(1, 1, 2, 2), bad])
    (one,) = told.values()
    assert list(told) == ["1 box without an area or with a side that is no number"]
    assert (one.severity, one.rows, one.scores, one.column) == ("error", (1,), (0.5,), "boxes")
    assert "boxes.json row 2" in one.advice


@pytest.mark.parametrize("bad", [box(-3, 0, 9, 9), box(95, 0, 9, 9), box(0, 45, 9, 9), box(200, 0, 9, 9)])
def test_boxes_outside_of_their_picture(bad):
    (one,) = found([box(1, 1, 2, 2)], [bad]).values()
    assert (one.severity, one.rows) == ("error", (1,))
    assert "leave their picture" in one.advice
    assert found([box(1, 1, 2, 2)], [bad], size=None) == {}


def test_boxes_that_stand_there_twice():
    (one,) = found([box(1, 1, 2, 2)], [box(1, 1, 2, 2), box(1, 1, 2, 2), box(1, 1, 2, 2)]).values()
    assert (one.severity, one.rows, one.count) == ("warning", (1,), 1)
    assert one.advice.startswith("column 'boxes': 2 boxes that stand there twice")


def test_labels_that_are_missing_and_labels_of_a_single_picture():
    told = found(
        [box(1, 1, 2, 2), box(1, 1, 3, 3, None)], [box(1, 1, 2, 2), box(5, 5, 2, 2, "cta"), box(5, 9, 2, 2, "cta")]
    )
    assert list(told) == ["1 box without a label", "2 boxes with a label that no more than 1 picture has"]
    assert told["1 box without a label"].rows == (0,)
    assert told["2 boxes with a label that no more than 1 picture has"].rows == (1,)
    assert found([box(1, 1, 2, 2)], part=Boxes(pictures=0)) == {}


def test_other_targets_are_left_alone():
    frame = pl.DataFrame({"image": ["a.png"], "boxes": [[{"x": 1.0, "label": "car"}]]})
    assert Boxes().find(Table(Dataset.of(frame, "rows").identified(["image"]), ("image",), "boxes")) == []
    assert Boxes().find(table([], [])) == []
