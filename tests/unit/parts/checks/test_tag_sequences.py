"""Tags that contradict each other, or are not as many as the words; and other checks on tags, answers and boxes."""

import polars as pl
import pytest

from tunesmith.core.part import kinds, resolve
from tunesmith.data import Dataset
from tunesmith.parts.checks import Table
from tunesmith.parts.checks.duplicates import Duplicates
from tunesmith.parts.checks.tag_sequences import TagSequences
from tunesmith.testing.checks import check_findings

ANSWERS = pl.List(pl.Struct({"text": pl.String, "start": pl.Int64}))
BOXES = pl.List(pl.Struct({"x": pl.Float64, "label": pl.String}))


def table(tags, words=None):
    lists = [None if one is None else one.split() for one in tags]
    words = [[f"w{at}" for at in range(len(one or []))] for one in lists] if words is None else words
    frame = pl.DataFrame({"words": words, "tags": pl.Series(lists, dtype=pl.List(pl.String))})
    return Table(Dataset.of(frame, "a.conll").identified(["words"]), ("words",), "tags", "tagging")


def test_rows_that_contradict_the_scheme():
    found = check_findings(TagSequences(), table(["B-A I-A O", "O I-A", None, "", "B-A I-B"]))
    assert [one.rows for one in found] == [(1, 4)]
    assert found[0].scores == (0.5, 0.5)
    assert "a.conll row 2, word 2: 'I-A' has no 'B-A' before it" in found[0].advice


def test_rows_of_other_lengths():
    found = check_findings(TagSequences(), table(["B-A O", "O", None], [["a", "b"], ["a", "b"], ["a"]]))
    assert [(one.severity, one.rows) for one in found] == [("error", (1,))]
    assert "a.conll row 2: 2 words, 1 tags" in found[0].advice


@pytest.mark.parametrize("tags", [["NOUN VERB"] * 3, ["B-A E-A", "S-A"], ["I-A O I-B B-B"] * 20, ["O O"], []])
def test_sound_columns_give_nothing(tags):
    assert check_findings(TagSequences(), table(tags)) == []


def test_the_order_of_tags_counts_where_that_of_labels_does_not():
    words = [["a", "b"], ["a", "b"], ["a", "b"]]
    tagged = table(["O B-A", "B-A O", "O B-A"], words)
    assert [one.rows for one in Duplicates().find(tagged)] == [(2,)]
    labelled = tagged.data.frame.rename({"words": "text", "tags": "labels"})
    other = Table(Dataset.of(labelled, "a.jsonl").identified(["text"]), ("text",), "labels", "multilabel")
    assert [one.rows for one in Duplicates().find(other)] == [(1, 2)]


def shaped():
    tags = table(["O B-A", "I-A", "", None, "B-A O"] * 8).data.frame
    answers = [[{"text": "c", "start": 0}], [], None, [{"text": "d", "start": 2}]] * 10
    boxes = [[{"x": 1.0, "label": "car"}], [], None, []] * 10
    question = pl.DataFrame(
        {"question": ["q?"] * 40, "context": ["c d e"] * 40, "answers": pl.Series(answers, dtype=ANSWERS)}
    )
    street = pl.DataFrame({"image": ["a.png"] * 40, "boxes": pl.Series(boxes, dtype=BOXES)})
    yield tags, ("words",), "tags", "tagging"
    yield tags, ("tags",), None, None
    yield question, ("question", "context"), "answers", "spans"
    yield question, ("answers",), None, None
    yield street, ("image",), "boxes", "detection"
    yield street, ("boxes",), None, None


@pytest.mark.parametrize("kind", kinds("parts.checks"))
def test_every_check_can_look_at_lists_and_structs(kind):
    for frame, inputs, target, task in shaped():
        for rows in (frame, frame.head(1), frame.clear()):
            data = Dataset.of(rows, "rows").identified(list(inputs))
            splits = (["train", "train", "validation", "test"] * 10)[: len(data)]
            for one in (data, data.with_splits(splits)):
                check_findings(resolve("parts.checks", kind), Table(one, inputs, target, task))


@pytest.mark.parametrize("kind", ["leakage", "imbalance", "label_errors"])
def test_tags_are_no_labels_of_a_row(kind):
    assert resolve("parts.checks", kind).find(table(["O B-A", "O", "B-A O"] * 20)) == []
