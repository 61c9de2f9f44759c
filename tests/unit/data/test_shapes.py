"""Rows of a known shape, told from names and types; what a recipe that says nothing learns from."""

import polars as pl
import pytest

from tunesmith.data import Dataset
from tunesmith.data.shapes import is_input, shaped_inputs, shaped_target
from tunesmith.stages import inspect

ANSWERS = pl.Series("answers", [[{"text": "a", "start": 0}], []])
BOXES = pl.Series("boxes", [[{"x": 1.0, "label": "car"}], []])
TAGS = pl.DataFrame(
    {"text": ["a b", "c"], "words": [["a", "b"], ["c"]], "tags": [["O", "O"], ["O"]], "label": ["x", "y"]}
)
QUESTIONS = pl.DataFrame(
    {"id": ["1", "2"], "question": ["q", "r"], "context": ["c", "d"], "answers": ANSWERS, "label": [1, 2]}
)
STREET = pl.DataFrame(
    {"image": ["a.png", "b.png"], "width": [1, 2], "height": [1, 2], "boxes": BOXES, "class": ["a", "b"]}
)
CHATS = pl.DataFrame({"id": [1, 2], "prompt": ["a", "b"], "answer": ["c", None], "topic": ["x", "y"]})


@pytest.mark.parametrize(
    ("frame", "target", "inputs"),
    [
        (CHATS, "answer", ("prompt",)),
        (TAGS, "tags", ("words",)),
        (TAGS.rename({"words": "tokens", "tags": "ner_tags"}), "ner_tags", ("tokens",)),
        (QUESTIONS, "answers", ("question", "context")),
        (STREET, "boxes", ("image",)),
    ],
)
def test_known_shapes(frame, target, inputs):
    assert shaped_target(frame, frame.columns) == target
    assert shaped_inputs(frame, target) == inputs
    assert inspect.guess_target(Dataset.of(frame, "rows")) == target


@pytest.mark.parametrize(
    "frame",
    [
        TAGS.drop("words"),  # a list of labels
        TAGS.with_columns(words=pl.lit("a")),
        TAGS.with_columns(tags=pl.lit("a")),
        QUESTIONS.drop("context"),
        QUESTIONS.with_columns(answers=pl.lit("a")),
        STREET.drop("image"),
        CHATS.drop("prompt"),
        CHATS.with_columns(answer=pl.lit(1)),
        CHATS.with_columns(prompt=pl.lit(1)),
    ],
)
def test_anything_else_has_none(frame):
    assert shaped_target(frame, frame.columns) is None


def test_lists_are_no_inputs_unless_they_are_words():
    frame = pl.DataFrame({"text": ["good thing here", "bad"], "links": [["a"], ["b"]], "words": [["a"], ["b"]]})
    assert [is_input(frame, name) for name in frame.columns] == [True, False, True]
    labelled = frame.drop("words").with_columns(label=pl.Series(["x", "y"]))
    data = Dataset.of(pl.concat([labelled] * 3), "rows")
    found = inspect.infer(data, inspect.Given())
    assert list(found.inputs) == ["text"]
    assert found.left_out == {"links": "its values are lists"}
    assert list(inspect.loosely(data, inspect.Given()).inputs) == ["text"]


def test_a_prompt_is_answered_from_itself_alone_and_its_neighbours_are_as_before():
    assert shaped_inputs(CHATS, "topic") == ()
    assert shaped_inputs(CHATS, "prompt") == ()
    assert shaped_target(CHATS, ["prompt", "topic"]) is None
    with_tags = TAGS.with_columns(prompt=pl.lit("a"), answer=pl.lit("b"))
    assert shaped_target(with_tags, with_tags.columns) == "tags"
    found = inspect.loosely(Dataset.of(CHATS, "rows"), inspect.Given())
    assert list(found.inputs) == ["prompt"]
