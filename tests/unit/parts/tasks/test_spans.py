"""Answers in a text as a task: how they may be written, which columns they are read from, when there is none."""

import numpy as np
import polars as pl
import pytest

from tunesmith.data.spans import told
from tunesmith.parts.tasks.multilabel import Multilabel
from tunesmith.parts.tasks.spans import Spans

TEXTS = ["Ann saw Bob.", "It rained in Rome."]
ROWS = pl.DataFrame({"title": ["x", "y"], "question": ["Whom?", "Where?"], "context": TEXTS})
LISTED = pl.Series(
    "answers", [[{"text": "Bob", "start": 8}], [{"text": "Rome", "start": 13}, {"text": "in Rome", "start": 10}]]
)
HUB = pl.Series(
    "answers", [{"text": ["Bob"], "answer_start": [8]}, {"text": ["Rome", "in Rome"], "answer_start": [13, 10]}]
)
NONE = pl.Series("answers", [[], []], LISTED.dtype)
KNOWS, MAY_LACK = {"has_unanswerable": False}, {"has_unanswerable": True}


@pytest.mark.parametrize(
    "target", [LISTED, HUB, LISTED.cast(pl.List(pl.Struct({"text": pl.String, "start": pl.Int32})))]
)
def test_answers_are_read_however_they_are_kept(target):
    assert Spans.suits(target) == 1.0 > Multilabel.suits(target)
    found = Spans().encode(target, KNOWS)
    assert found.values.tolist() == [[8, 11], [13, 17], [10, 17]]
    assert found.lengths.tolist() == [1, 2]
    assert found.texts.tolist() == ["Bob", "Rome", "in Rome"]


@pytest.mark.parametrize(
    "target", [pl.Series([["a"]]), pl.Series(["a"]), pl.Series([[{"text": "a"}]]), pl.Series([1.0])]
)
def test_other_columns_are_none_of_its(target):
    assert Spans.suits(target) == 0.0


def test_rows_without_an_answer_are_known():
    assert Spans().fit(LISTED) == KNOWS
    assert Spans().fit(NONE) == MAY_LACK
    assert Spans().encode(NONE, MAY_LACK).lengths.tolist() == [0, 0]


def test_question_and_text_are_found_and_the_text_stands_last():
    found = Spans().inputs(ROWS.select("context", "title", "question"), LISTED, False)
    assert list(found.items()) == [("question", "text"), ("context", "text")]
    chosen = Spans().inputs(ROWS.select("context", "title", "question"), LISTED, True)
    assert list(chosen) == ["title", "question", "context"], "what the recipe names is read, in its order"


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(ValueError, match="no input column holds the answers"):
        Spans().inputs(ROWS.select("title", "question"), LISTED, True)
    with pytest.raises(ValueError, match="no question beside the text 'context'"):
        Spans().inputs(ROWS.select("context"), LISTED, True)


def test_an_answer_that_stands_elsewhere_is_named():
    moved = pl.Series([[{"text": "Bob", "start": 8}], [{"text": "Rome", "start": 12}]])
    row, fact = Spans().refuse_row(ROWS.select("question", "context"), moved)
    assert row == 1
    assert fact == "the answer 'Rome' does not stand at 12 of 'context', ' Rom' does"
    assert Spans().refuse_row(ROWS.select("question", "context"), LISTED) is None


@pytest.mark.parametrize(
    ("answer", "fact"),
    [
        ({"text": " ", "start": 1}, "no text"),
        ({"text": "a", "start": None}, "no start"),
        ({"text": None, "start": 2}, "no text"),
    ],
)
def test_labels_that_say_nothing_are_refused(answer, fact):
    kind = pl.List(pl.Struct({"text": pl.String, "start": pl.Int64}))
    target = pl.Series("answers", [[], [answer]], kind)
    position, said = Spans().refuse(target)
    assert position == 1
    assert fact in said
    with pytest.raises(ValueError, match=fact):
        Spans().encode(target, KNOWS)


def test_space_around_an_answer_is_no_part_of_it():
    target = pl.Series([[{"text": " Bob ", "start": 7}]])
    found = Spans().encode(target, KNOWS)
    assert found.values.tolist() == [[8, 11]]
    assert found.texts.tolist() == ["Bob"]


def test_the_threshold_decides_between_a_span_and_none():
    outputs = told(np.array([[8, 11]]), np.array(TEXTS[:1], object))
    for state, threshold, answer in ((MAY_LACK, 0.0, "Bob"), (MAY_LACK, 100.0, None), (KNOWS, 100.0, "Bob")):
        task = Spans(threshold=threshold)
        (said, sure, by_class) = task.answers(task.scores(outputs, state), state)[0]
        assert said == ([{"text": answer, "start": 8}] if answer else [])
        assert 0.0 <= sure <= 1.0
        assert by_class.keys() == ({"no_answer"} if state is MAY_LACK else set())


def test_an_answer_is_right_but_for_case_articles_and_signs():
    task, label = Spans(), [{"text": "The Cat", "start": 0}, {"text": "felix", "start": 9}]
    assert task.is_right([{"text": "cat.", "start": 4}], label)
    assert task.is_right([{"text": "Felix", "start": 9}], label)
    assert not task.is_right([], label)
    assert task.is_right([], [])
    assert not task.is_right([{"text": "cat", "start": 4}], [])
