"""Rows with what was written before and after: evenly spread, whole, and only where both wrote."""

import json

import numpy as np
import polars as pl
import pytest

from tunesmith.core.events import Events
from tunesmith.data import Codec, Dataset
from tunesmith.data.codec import Column
from tunesmith.data.written import Written
from tunesmith.parts.modalities.text import Text
from tunesmith.parts.tasks.chat import Chat
from tunesmith.samples import Sides, asked, side_by_side, spread
from tunesmith.stages.decide import System
from tunesmith.stages.judge import Judge


def given(before, after):
    """Return the sides of rows whose base and version wrote these texts."""
    frame = pl.DataFrame({"prompt": [f"asked {at}" for at in range(len(after))], "answer": ["right"] * len(after)})
    rows = Dataset.of(frame, "rows.csv").identified(["prompt"])
    codec = Codec((Column("prompt", Text()),), Chat(), "answer", {}, "digest")
    systems = {"model": System(after if isinstance(after, np.ndarray) else Written.of(after), codec)}
    if before is not None:
        systems["zero_shot"] = System(Written.of(before), codec)
    return Sides.of(rows, codec, systems)


def test_places_are_spread_and_keep_their_order():
    assert spread(np.arange(5), 12).tolist() == [0, 1, 2, 3, 4]
    found = spread(np.arange(1000), 12)
    assert len(found) == 12
    assert (found[0], found[-1]) == (0, 999)
    assert set(np.diff(found)) <= {90, 91}
    assert spread(np.array([3, 7, 9]), 1).tolist() == [3]


def test_a_sample_holds_what_was_asked_right_and_written():
    sides = given([f"before {at}" for at in range(30)], [f"after {at}" for at in range(30)])
    samples = sides.samples()
    assert len(samples) == 12
    assert [one["row"] for one in samples] == sorted(one["row"] for one in samples)
    last = samples[-1]
    assert last["id"] == sides.rows.ids[-1]
    assert (last["inputs"], last["target"]) == ({"prompt": "asked 29"}, "right")
    assert (last["before"], last["after"]) == ("before 29", "after 29")


def test_only_rows_that_both_wrote_for_are_shown():
    found = given(["a", None, "c"], ["x", "y", None]).samples()
    assert [one["row"] for one in found] == [1]
    assert given([None], ["x"]) is None
    assert given(None, ["x"]) is None
    assert given(None, np.zeros((1, 2))) is None


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({"prompt": "Who?"}, "Who?"),
        ({"prompt": json.dumps([{"role": "user", "content": "Who?"}])}, "Who?"),
        (
            {"prompt": json.dumps([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who?"}])},
            "system: Be brief.\n\nuser: Who?",
        ),
        ({"prompt": '[{"role": broken'}, '[{"role": broken'),
        ({"question": "Who?", "year": 1698, "note": None}, "question: Who?\n\nyear: 1698\n\nnote: "),
        ({"prompt": ""}, ""),
    ],
)
def test_what_was_asked_is_one_text(inputs, text):
    assert asked(inputs) == text


def test_without_two_texts_there_is_nothing_and_a_judge_is_told(tmp_path):
    events = Events()
    assert side_by_side(None, None, None, 0, events) == {}
    assert events.seen == []
    assert side_by_side(None, Judge("true", tmp_path), None, 0, events) == {}
    assert "nobody was asked" in events.seen[0].fields["text"]


def test_a_judge_that_fails_is_told_and_costs_nothing_else(tmp_path):
    events = Events()
    found = side_by_side(given(["a"], ["b"]), Judge("no-such-judge", tmp_path), None, 0, events)
    assert found["samples"]
    assert "cannot be started" in found["judged"]["failed"]
    assert [one.kind for one in events.seen if one.stage == "judge"][-1] == "warning"
