"""SQuAD's documents: questions with answers that stand where they say, or are refused, or repaired and counted."""

import json
from pathlib import Path

import pytest

from tunesmith.core.errors import DataError
from tunesmith.data.sources.jsonl import Jsonl
from tunesmith.data.sources.squad import Squad

XQUAD = Path(__file__).parents[4].parent / "shared" / "assets" / "qa" / "xquad_en"
CONTEXT = "Ann lives in Rome. Ann sings."
ASKED = {"id": "1", "question": "Who?", "answers": [{"text": "Ann", "answer_start": 0}]}


def document(*questions, context=CONTEXT):
    return {"version": "2.0", "data": [{"title": "t", "paragraphs": [{"context": context, "qas": list(questions)}]}]}


def read(tmp_path, whole, said=None, **fields):
    (tmp_path / "a.json").write_text(whole if isinstance(whole, str) else json.dumps(whole))
    return Squad(path="a.json", **fields).read(tmp_path, (said if said is not None else []).append).frame


def test_a_row_per_question(tmp_path):
    impossible = {"id": 2, "question": "x", "is_impossible": True, "answers": [], "plausible_answers": [{}]}
    frame = read(tmp_path, document(ASKED, impossible, {"id": "3", "question": "y"}))
    assert frame.columns == ["id", "title", "question", "context", "answers"]
    assert frame["id"].to_list() == ["1", "2", "3"]
    assert frame["answers"].to_list() == [[{"text": "Ann", "start": 0}], [], None]


@pytest.mark.parametrize(("text", "start", "found"), [("Rome", 0, 13), ("Ann", 18, 19), ("Ann", 5, 0), ("Ann", -9, 0)])
def test_an_answer_elsewhere_is_refused_or_repaired(tmp_path, text, start, found):
    whole, said = document(ASKED | {"answers": [{"text": text, "answer_start": start}]}), []
    with pytest.raises(
        DataError, match=rf"qas\[0\] \('1'\)\.answers\[0\]: '{text}' does not stand at {start} .* at {found}"
    ):
        read(tmp_path, whole)
    assert read(tmp_path, whole, said, answers="repair")["answers"].to_list() == [[{"text": text, "start": found}]]
    assert said == ["a.json: 1 answers did not stand at their start and were found elsewhere"]


@pytest.mark.parametrize("answers", ["refuse", "repair"])
@pytest.mark.parametrize(
    ("answer", "fact"),
    [
        ({"text": "Bonn", "answer_start": 0}, "does not stand at 0"),
        ({"text": 5, "answer_start": 0}, "a number under 'text'"),
        ({"text": "Ann", "answer_start": "0"}, "a text under 'answer_start'"),
        ({"text": "Ann", "answer_start": True}, "a truth value under 'answer_start'"),
        ({"text": "Ann"}, "no 'answer_start'"),
        ({"text": " ", "answer_start": 3}, "an empty answer"),
        (7, "a number where an object with 'text' must stand"),
    ],
)
def test_answers_that_are_none(tmp_path, answer, fact, answers):
    with pytest.raises(DataError, match=rf"a\.json data\[0\]\.paragraphs\[0\]\.qas\[0\].*{fact}"):
        read(tmp_path, document(ASKED | {"answers": [answer]}), answers=answers)


@pytest.mark.parametrize(
    ("whole", "fact"),
    [
        (document(ASKED, ASKED), "the id '1' is that of .*qas\\[0\\] too"),
        (document(ASKED | {"is_impossible": True}), "answers of a question marked"),
        (document(ASKED | {"answers": [], "is_impossible": False}), "no answer to a question not marked"),
        (document(ASKED | {"id": ""}), "an empty id"),
        (document({"question": "x"}), "no 'id'"),
        (document(5), "a number where an object"),
        (document(ASKED | {"question": None}), "no 'question'"),
        (document(ASKED | {"question": "\ud800"}), "half a character"),
        (document(ASKED, context=7), "a number under 'context'"),
        ({"data": [{"title": 3}]}, "a number under 'title'"),
        ({"data": []}, "no questions"),
        ({"data": 5}, "a number under 'data'"),
        ([], "a list where an object with 'data' must stand"),
        ('{"data":' * 60_000, "nested too deeply"),
        (json.dumps(document(ASKED))[:-9], "line 1: not JSON"),
        (json.dumps(document(ASKED)) + "\n\nx", "line 3: more after the first value"),
        ('{"data": "\0"}', "line 1: a zero byte"),
    ],
)
def test_wrong_documents(tmp_path, whole, fact):
    with pytest.raises(DataError, match=rf"a\.json.*{fact}"):
        read(tmp_path, whole)


def test_one_question_in_two_files_is_refused(tmp_path):
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(json.dumps(document(ASKED)))
    with pytest.raises(DataError, match="the question '1' stands in more than one file"):
        Squad(path={"train": "a.json", "test": "b.json"}).read(tmp_path)


@pytest.mark.parametrize("indent", [None, 1])
def test_rows_are_asked_for_by_kind(tmp_path, indent):
    (tmp_path / "a.json").write_text(json.dumps(document(ASKED), indent=indent))
    with pytest.raises(DataError, match="it looks like a file of the kind squad"):
        Jsonl(path="a.json").read(tmp_path)


@pytest.mark.assets
def test_xquad():
    if not XQUAD.is_dir():
        pytest.skip("the real data are not here")
    data = Squad(path="xquad.en.json").read(XQUAD)
    assert len(data) == 1190
    assert data.frame["context"].n_unique() == 240
    for context, answers in data.frame.select("context", "answers").iter_rows():
        assert all(context.startswith(one["text"], one["start"]) for one in answers)
    assert data.identified(["question", "context"]).index["id"].is_unique().all()
