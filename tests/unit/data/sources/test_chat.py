"""Conversations in every form in which they come, and what cannot be read, by its row."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.core.errors import DataError
from tunesmith.core.part import resolve
from tunesmith.data.chats import conversation, messages_of
from tunesmith.data.sources.chat import Chat
from tunesmith.data.sources.jsonl import Jsonl

INSTRUCT = Path(__file__).parents[4].parent / "shared" / "assets" / "instruct"
USER, ANSWER = {"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Hi."}
SYSTEM = {"role": "system", "content": "Be brief."}
CALL = {"id": "1", "type": "function", "function": {"name": "add", "arguments": "{}"}}


def read(tmp_path, *rows, said=None, **fields):
    text = rows[0] if rows and isinstance(rows[0], str) else "\n".join(map(json.dumps, rows))
    (tmp_path / "chats.jsonl").write_text(text, "utf-8")
    return Chat(path="chats.jsonl", **fields).read(tmp_path, (said if said is not None else []).append).frame


def told(frame):
    return [conversation(prompt, answer) for prompt, answer in frame.select("prompt", "answer").iter_rows()]


@pytest.mark.parametrize(
    ("row", "prompt", "answer"),
    [
        ({"messages": [USER, ANSWER]}, "Hello?", "Hi."),
        ({"messages": [SYSTEM, USER, ANSWER]}, [SYSTEM, USER], "Hi."),
        ({"messages": [{**SYSTEM, "role": "developer"}, USER, ANSWER | {"weight": 1}]}, [SYSTEM, USER], "Hi."),
        ({"messages": [USER, ANSWER, USER, ANSWER]}, [USER, ANSWER, USER], "Hi."),
        ({"messages": [USER, ANSWER], "system": "Be brief."}, [SYSTEM, USER], "Hi."),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hel"}, {"text": "lo?"}]}, ANSWER]},
            "Hello?",
            "Hi.",
        ),
        ({"conversations": [{"from": "human", "value": "Hello?"}, {"from": "gpt", "value": "Hi."}]}, "Hello?", "Hi."),
        ({"conversations": [USER, ANSWER], "system": ""}, "Hello?", "Hi."),
        ({"instruction": "Hello?", "input": "", "output": "Hi.", "system": "Be brief."}, [SYSTEM, USER], "Hi."),
        ({"instruction": "Add.", "input": "1 2", "output": "3"}, "Add.\n\n1 2", "3"),
        ({"instruction": "Add.", "context": "1 2", "response": "3"}, "Add.\n\n1 2", "3"),
        ({"instruction": "Hello?", "output": "Hi.", "history": [["Hello?", "Hi."]]}, [USER, ANSWER, USER], "Hi."),
        ({"prompt": "Hello?", "completion": "Hi."}, "Hello?", "Hi."),
        ({"prompt": "Hello?", "response": "Hi.", "system": "Be brief."}, [SYSTEM, USER], "Hi."),
        ({"prompt": [SYSTEM, USER], "completion": [ANSWER]}, [SYSTEM, USER], "Hi."),
        ({"prompt": json.dumps([SYSTEM, USER]), "answer": "Hi."}, [SYSTEM, USER], "Hi."),
        ({"prompt": "", "completion": "Hi."}, "", "Hi."),
        ({"text": "Once upon a time."}, "", "Once upon a time."),
    ],
)
def test_every_form(tmp_path, row, prompt, answer):
    frame = read(tmp_path, row)
    assert frame.schema == {"prompt": pl.String, "answer": pl.String}
    (found,) = frame.rows()
    assert (messages_of(found[0]) if isinstance(prompt, list) else found[0]) == prompt
    assert found[1] == answer


def test_tools(tmp_path):
    calling = {"role": "assistant", "content": None, "tool_calls": [CALL], "name": None}
    said = {"role": "tool", "content": "3", "tool_call_id": "1"}
    tools = [{"type": "function", "function": {"name": "add"}}]
    rows = [
        {"messages": [USER, calling], "tools": tools},
        {"messages": [USER, calling, said, ANSWER], "tools": None},
        {"messages": [USER, calling, said, ANSWER], "tools": json.dumps(tools)},
    ]
    frame = read(tmp_path, *rows)
    called = {"role": "assistant", "content": "", "tool_calls": [CALL]}
    assert told(frame) == [[USER, called], [USER, called, said, ANSWER], [USER, called, said, ANSWER]]
    assert json.loads(frame["answer"][0]) == {"content": "", "tool_calls": [CALL]}
    assert frame["tools"].to_list() == [json.dumps(tools), None, json.dumps(tools)]


def test_calls_of_sharegpt_and_of_old_files(tmp_path):
    call = {"name": "add", "arguments": {"a": 1}}
    turns = [{"from": "function_call", "value": json.dumps(call)}, {"from": "observation", "value": "3"}]
    old = [
        {"role": "assistant", "content": None, "function_call": call},
        {"role": "function", "name": "add", "content": "3"},
    ]
    for key, some in (("conversations", turns), ("messages", old)):
        ((first, second),) = told(read(tmp_path, {key: some}))
        assert first == {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": call}]}
        assert (second["role"], second["content"]) == ("tool", "3")


def test_other_keys_are_columns(tmp_path):
    said = []
    rows = [
        {"id": at, "topic": "a", "prompt": "b", "tags": ["c"], "messages": [USER | {"mood": 1}, ANSWER]}
        for at in (1, 2)
    ]
    frame = read(tmp_path, *rows, said=said)
    assert frame.columns == ["prompt", "answer", "id", "topic", "prompt_given"]
    assert frame["id"].to_list() == [1, 2]
    assert said == [
        "chats.jsonl: keys that hold lists or objects were left out: tags",
        "chats.jsonl: keys of messages were left out: mood",
    ]


@pytest.mark.parametrize(
    ("row", "more"),
    [
        ({"messages": [USER]}, {"messages": [USER, ANSWER]}),
        ({"messages": [ANSWER, {"role": "tool", "content": "3"}]}, {"messages": [USER, ANSWER]}),
        ({"instruction": "a", "output": None}, {"output": "b"}),
        ({"prompt": "a"}, {"completion": "b"}),
        ({"prompt": "a", "completion": None}, {"completion": "b"}),
    ],
)
def test_a_conversation_without_an_answer_is_unlabelled_or_left_out(tmp_path, row, more):
    answered = row | more
    said = []
    frame = read(tmp_path, row, answered, said=said)
    assert frame["answer"].null_count() == 1
    assert frame.columns == ["prompt", "answer"]
    assert "1 of 2 conversations do not end with an answer and have no label" in said[0]
    assert read(tmp_path, row, answered, said=said, unanswered="drop").height == 1
    assert said[-1] == "chats.jsonl: 1 of 2 conversations do not end with an answer and were left out"
    assert read(tmp_path, row)["answer"].to_list() == [None]
    with pytest.raises(DataError, match=r"chats\.jsonl: no conversation ends with an answer"):
        read(tmp_path, row, unanswered="drop")


def test_a_given_form_goes_before_what_is_found(tmp_path):
    row = {"messages": [USER, ANSWER], "text": "Once."}
    assert read(tmp_path, row, format="text").rows() == [("", "Once.")]
    with pytest.raises(
        DataError, match=r"chats\.jsonl row 1 \(line 1\): no 'conversations', which `format: sharegpt` reads"
    ):
        read(tmp_path, row, format="sharegpt")


def test_arrays_archives_and_splits(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([{"messages": [USER, ANSWER]}] * 2, indent=1))
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(b'\n{"text": "Once."}\n'))
    source = resolve("data.sources", {"kind": "chat", "path": {"train": "a.json", "test": "b.jsonl.gz"}})
    data = source.read(tmp_path)
    assert data.index["split"].to_list() == ["train", "train", "test"]
    assert data.frame["answer"].to_list() == ["Hi.", "Hi.", "Once."]


SOUND = {
    "messages": {"messages": [USER, ANSWER]},
    "conversations": {"conversations": [USER, ANSWER]},
    "instruction": {"instruction": "a", "output": "b"},
    "prompt": {"prompt": "a", "completion": "b"},
    "text": {"text": "a"},
}
WRONG = [
    ({"data": [{"messages": []}]}, "no conversation under 'data'; write it under one of messages, conversations"),
    ({"messages": None, "text": None}, "no conversation under 'messages', 'text'"),
    ({"messages": "a"}, "a text under 'messages', where the list of messages must stand"),
    ({"messages": []}, "no messages under 'messages'"),
    ({"messages": [5]}, "message 1 of 'messages': a number, not an object"),
    ({"messages": [USER, {"content": "a"}]}, "message 2 of 'messages': no 'role'; say who speaks"),
    ({"messages": [{"role": 5, "content": "a"}]}, "a number under 'role', not a text"),
    ({"messages": [{"role": "wizard", "content": "a"}]}, "an unknown role 'wizard' \\(known: system"),
    ({"messages": [{"role": "user"}]}, "message 1 of 'messages': no 'content'; correct"),
    ({"messages": [{"role": "user", "content": None}]}, "no 'content'"),
    ({"messages": [{"role": "user", "content": 5}]}, "a number under 'content', not a text"),
    ({"conversations": [{"from": "human"}]}, "no 'value'"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "a part of the type 'image_url'"),
    ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "a part without its 'text'"),
    ({"messages": [{"role": "user", "content": ["a"]}]}, "a part of the type 'a text'"),
    ({"messages": [USER, ANSWER | {"tool_calls": "x"}]}, "'tool_calls' is no list of objects"),
    ({"messages": [USER, ANSWER | {"weight": "1"}]}, "a text under 'weight'"),
    ({"messages": [USER, ANSWER | {"weight": [1]}]}, "a list under 'weight'"),
    ({"messages": [USER, ANSWER | {"function_call": {}}]}, "a call of a tool without its 'name'"),
    ({"conversations": [{"from": "function_call", "value": "add(1)"}]}, "a call of a tool that is not JSON"),
    ({"conversations": [{"from": "function_call", "value": "[]"}]}, "a call of no tool"),
    ({"messages": [SYSTEM]}, "the last message is of the system"),
    ({"messages": [SYSTEM, USER], "system": "a"}, "a key 'system' beside a message of the system"),
    ({"messages": [USER], "system": 5}, "a number under 'system', not a text"),
    ({"messages": [USER], "tools": "add"}, "a text under 'tools' that is not JSON"),
    ({"messages": [USER], "tools": {"a": 1}}, "'tools' is no list of objects"),
    ({"instruction": 5, "output": "a"}, "a number under 'instruction', not a text"),
    ({"instruction": "a", "output": ["a"]}, "a list under 'output', not a text"),
    ({"instruction": "a", "history": [["b"]], "output": "a"}, "pair 1 of 'history' is not a list of two texts"),
    ({"instruction": "a", "history": "b", "output": "a"}, "'history'"),
    ({"prompt": 5, "completion": "a"}, "a number under 'prompt', not a text or a list of messages"),
    ({"prompt": "a", "completion": {"b": "c"}}, "an object under 'completion', not a text"),
    ({"prompt": '[{"role": "user"}]', "answer": "a"}, "message 1: no 'content'"),
    ({"prompt": ""}, "an empty prompt without an answer"),
    ({"text": ["a"]}, "a list under 'text', not a text"),
]


@pytest.mark.parametrize(("row", "fact"), WRONG)
def test_rows_that_cannot_be_read(tmp_path, row, fact):
    sound = next((one for key, one in SOUND.items() if row.get(key) is not None), SOUND["messages"])
    with pytest.raises(DataError, match=rf"chats\.jsonl row 2 \(line 3\): .*{fact}"):
        read(tmp_path, f"{json.dumps(sound)}\n\n{json.dumps(row)}\n")


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("", "the file is empty"),
        ("\n \n", "no conversations"),
        ("[]", "no conversations"),
        ("hello", "line 1: not JSON"),
        ('{"messages": [', "line 1: not JSON"),
        ('{"text": "a"}\n5\n', "line 2: a number, not an object"),
        ('{"text": "\\ud800"}', "half a character"),
        ('{"messages": [{"role": "user", "content": "\\ud800"}]}', "half a character"),
        (
            '{"text": "a"}\n{"prompt": "a", "completion": "b"}',
            r"row 2 \(line 2\): .* form completion, but .*row 1.* is of the form text",
        ),
        ('{"text": "a", "id": 1}\n{"text": "b", "id": true}\n', None),
    ],
)
def test_texts_that_are_no_conversations(tmp_path, text, fact):
    if fact is None:
        assert read(tmp_path, text)["id"].to_list() == ["1", "true"]
        return
    with pytest.raises(DataError, match=rf"chats\.jsonl.*{fact}"):
        read(tmp_path, text)


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.sampled_from(["", "user", "a", '[{"role"', "gpt"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["role", "content", "from", "value", "tool_calls", "type", "text"]), inner, max_size=3
        ),
    ),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["messages", "conversations", "instruction", "output", "prompt", "completion", "answer", "text", "tools"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4), min_size=1, max_size=3))
def test_whatever_stands_there_is_read_or_refused_by_its_place(tmp_path_factory, rows):
    frame, said = None, ""
    try:
        frame = read(tmp_path_factory.mktemp("any"), *rows)
    except DataError as error:
        said = str(error)
    if frame is None:
        assert "chats.jsonl" in said
        return
    assert frame.height == len(rows)
    assert all(told(frame))


@pytest.mark.parametrize("row", [{"messages": [USER, ANSWER]}, {"conversations": [{"from": "human", "value": "a"}]}])
def test_rows_are_asked_for_by_kind(tmp_path, row):
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    with pytest.raises(DataError, match="it looks like a file of the kind chat"):
        Jsonl(path="a.jsonl").read(tmp_path)


@pytest.mark.assets
def test_real_instructions():
    if not INSTRUCT.is_dir():
        pytest.skip("the real data are not here")
    frame = Chat(path="alpaca_en_demo/alpaca_en_demo.json").read(INSTRUCT).frame
    assert frame.shape == (999, 2)
    assert frame["answer"].null_count() == 0
    assert all(len(turns) == 2 for turns in told(frame))
