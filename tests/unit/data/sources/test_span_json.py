"""Spans of characters in every form, to words and tags; wrong spans are named by line, never read as others."""

import json

import pytest

from tunesmith.core.errors import DataError
from tunesmith.data.sources.span_json import SpanJson

TEXT = "Ann Lee lives in Rome."
TAGS = ["B-PER", "I-PER", "O", "O", "B-LOC", "O"]
SPANS = [[0, 7, "PER"], [17, 21, "LOC"]]


def read(tmp_path, *given, raw=None, said=None, **fields):
    text = "\n".join(json.dumps(one) for one in given) if raw is None else raw
    (tmp_path / "a.jsonl").write_text(text)
    return SpanJson(path="a.jsonl", **fields).read(tmp_path, (said if said is not None else []).append).frame


def as_objects(start="start", end="end"):
    return [{start: one, end: two, "label": label} for one, two, label in SPANS]


def task(*annotations, text=TEXT):
    return {"id": 7, "data": {"text": text, "author": "x"}, "annotations": list(annotations)}


def labelled(spans=SPANS, **more):
    values = [{"start": one, "end": two, "labels": [label]} for one, two, label in spans]
    return {"result": [{"type": "labels", "value": value} for value in values], **more}


@pytest.mark.parametrize(
    "given",
    [
        {"text": TEXT, "label": SPANS},
        {"text": TEXT, "labels": SPANS[::-1]},
        {"text": TEXT, "entities": as_objects("start_offset", "end_offset"), "relations": []},
        {"text": TEXT, "ents": as_objects()},
        {"text": TEXT, "spans": as_objects() + as_objects()},
        {"text": TEXT, "label": [{"start": 0, "end": 7, "text": "Ann Lee", "labels": ["PER"]}, SPANS[1]]},
        task(labelled()),
        task(labelled(), labelled(SPANS[::-1])),
        task(labelled([]), labelled(ground_truth=True)),
        task(labelled([]) | {"was_cancelled": True}, labelled()),
    ],
)
def test_every_form_gives_the_same_tags(tmp_path, given):
    frame = read(tmp_path, given)
    assert frame["tags"].to_list() == [TAGS]
    assert frame["words"].to_list() == [["Ann", "Lee", "lives", "in", "Rome", "."]]
    assert frame["text"].to_list() == [TEXT]


def test_other_keys_stay_and_lists_are_noted(tmp_path):
    said = []
    frame = read(tmp_path, task(labelled()) | {"predictions": []}, said=said)
    assert frame.select("id", "author").rows() == [(7, "x")]
    assert said == ["a.jsonl: keys that hold lists or objects were left out: predictions"]


def test_unlabelled_is_not_empty(tmp_path):
    frame = read(tmp_path, {"text": "a b", "spans": []}, {"text": "a"}, {"text": "a", "spans": None}, {"text": ""})
    assert frame["tags"].to_list() == [["O", "O"], None, None, None]
    assert read(tmp_path, task())["tags"].to_list() == [None]


def test_units_of_browsers_are_found_by_what_a_span_spells(tmp_path):
    span = {"start": 3, "end": 6, "text": "Ann", "labels": ["PER"]}
    frame = read(tmp_path, {"text": "\U0001f600 Ann", "label": [span]})
    assert frame["tags"].to_list() == [["O", "B-PER"]]
    with pytest.raises(DataError, match="should spell 'Bob'"):
        read(tmp_path, {"text": "\U0001f600 Ann", "label": [span | {"text": "Bob"}]})


def test_spans_that_cut_words_are_refused_or_snapped_and_counted(tmp_path):
    said = []
    given = {"text": TEXT, "spans": [[0, 5, "PER"], [18, 20, "LOC"]]}
    with pytest.raises(DataError, match=r"line 1: the span 'Ann L' \(0 to 5, PER\) cuts a word of 'Ann Lee'"):
        read(tmp_path, given)
    assert read(tmp_path, given, said=said, cut="snap")["tags"].to_list() == [TAGS]
    assert said == ["a.jsonl: 2 spans cut a word and were widened to whole words"]
    with pytest.raises(DataError, match="shares a word with the span before it"):
        read(tmp_path, {"text": TEXT, "spans": [[0, 5, "A"], [5, 7, "B"]]}, cut="snap")


@pytest.mark.parametrize(
    ("span", "fact"),
    [
        ([5, 2, "A"], "is reversed"),
        ([3, 3, "A"], "is empty"),
        ([0, 99, "A"], "is outside"),
        ([-3, 3, "A"], "is outside"),
        ([7, 8, "A"], "holds no word"),
        (["0", 3, "A"], "start is a text, not a whole number"),
        ([0, 3.0, "A"], "end is a number, not a whole number"),
        ([True, 3, "A"], "start is a truth value"),
        ([0, 3, 7], "label is a number, not one text"),
        ([0, 3, ""], "label is an empty text"),
        ([0, 3], "a list where a span must stand"),
        (5, "a number where a span must stand"),
        ({"start": 0, "end": 3, "labels": ["A", "B"]}, "label is a list, not one text"),
        ({"start": 0, "end": 3}, "label is null"),
        ([10**30, 10**31, "A"], "is outside"),
    ],
)
def test_wrong_spans(tmp_path, span, fact):
    with pytest.raises(DataError, match=rf"a\.jsonl line 2: .*{fact}"):
        read(tmp_path, {"text": "x", "spans": []}, {"text": TEXT, "spans": [span]})


@pytest.mark.parametrize(
    ("given", "fact"),
    [
        ({"text": TEXT, "spans": [[0, 7, "A"], [4, 7, "B"]]}, "overlap"),
        ({"text": TEXT, "spans": [[0, 7, "A"], [0, 7, "B"]]}, "overlap"),
        ({"text": 5, "spans": []}, "a number under 'text', not a text"),
        ({"words": "x"}, "no text under 'text'"),
        ({"text": TEXT, "spans": "x"}, "a text where the list of spans must stand"),
        ({"text": TEXT, "label": [], "labels": []}, "may stand under 'label' and 'labels'"),
        (task(labelled(), labelled([])), "2 annotations that differ"),
        (task({"result": 5}), "an annotation without a list 'result'"),
        ([], "a list, not an object"),
    ],
)
def test_wrong_objects(tmp_path, given, fact):
    with pytest.raises(DataError, match=fact):
        read(tmp_path, {"text": "x", "spans": []}, given)


@pytest.mark.parametrize(
    "raw", ["[" * 100_000, '{"text":"\\ud800","spans":[]}', '{"text": "a', "[]", "", '{"text":"a","text":"b"}']
)
def test_hostile_bytes(tmp_path, raw):
    with pytest.raises(DataError, match=r"a\.jsonl"):
        read(tmp_path, raw=raw)


def test_the_key_of_text_and_spans_can_be_named(tmp_path):
    frame = read(tmp_path, {"body": "a b", "label": "news", "marks": [[0, 1, "X"]]}, text="body", spans="marks")
    assert frame["tags"].to_list() == [["B-X", "O"]]
    assert frame["label"].to_list() == ["news"]


def test_a_class_beside_the_spans_is_no_span(tmp_path):
    frame = read(tmp_path, {"text": "a b", "label": "news", "spans": [[0, 1, "X"]]})
    assert frame["label"].to_list() == ["news"]


def test_many_spans_are_linear(tmp_path):
    text = "ab " * 20_000
    frame = read(tmp_path, {"text": text, "spans": [[3 * at, 3 * at + 2, "X"] for at in range(20_000)]})
    assert frame["tags"].list.len().to_list() == [20_000]
