"""Conversations as cells: what is written is read back, what is wrong is named."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.data.chats import (
    answer_of,
    conversation,
    faults,
    message,
    messages_of,
    spoken,
    written,
    written_answer,
)

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=6,
)
CALLS = st.lists(st.dictionaries(st.text(), VALUES, max_size=3), min_size=1, max_size=2)
MORE = {
    "name": st.text(),
    "tool_call_id": st.text(),
    "tool_calls": CALLS,
    "weight": st.floats(allow_nan=False, allow_infinity=False),
}
LIKE = [
    "",
    " ",
    '[{"role"',
    ' [ { "role": 1',
    '[{"role": "user", "content": "a"}]',
    '{"content": "a", "tool_calls": []}',
]
LIKE += ['{"content": 5, "tool_calls": []}', '{"content": "a"}', "[]", "null", "5"]
TEXTS = st.one_of(st.text(), st.sampled_from(LIKE))


def messages(roles):
    return st.fixed_dictionaries({"role": roles, "content": TEXTS}, optional=MORE)


def say(*turns):
    """Write turns as `role: content`."""
    return [dict(zip(("role", "content"), one.split(": ", 1), strict=True)) for one in turns]


@given(st.lists(messages(st.sampled_from(["user", "assistant", "system", "tool", "narrator"])), max_size=4))
def test_messages_come_back_exactly(some):
    assert messages_of(written(some)) == some


@given(messages(st.just("assistant")))
def test_answers_come_back_exactly(answer):
    assert answer_of(written_answer(answer)) == answer


@given(st.lists(messages(st.just("user")), max_size=2), messages(st.just("assistant")))
def test_the_answer_is_the_last_message(some, answer):
    assert conversation(written(some), written_answer(answer)) == [*some, answer]
    assert conversation(written(some), None) == some


def test_the_plainest_form_is_chosen():
    assert written([]) == ""
    assert written(say("user: Hello.")) == "Hello."
    assert written(say("system: Be brief.")) == '[{"role": "system", "content": "Be brief."}]'
    assert written([{"content": "Größe", "role": "user", "name": "Ann"}]).startswith(
        '[{"role": "user", "content": "Größe"'
    )
    assert written(say("user: ")).startswith('[{"role"')
    assert written_answer(say("assistant: Yes.")[0]) == "Yes."


def test_an_answer_that_calls_tools():
    call = {"type": "function", "function": {"name": "add", "arguments": "{}"}}
    answer = {"role": "assistant", "content": "", "tool_calls": [call]}
    assert json.loads(written_answer(answer)) == {"content": "", "tool_calls": [call]}


@pytest.mark.parametrize(
    "cell", ['{"content": "a", "title": "b"}', '{"content": "a"}', '{"content": "a", "tool_calls": 5}']
)
def test_an_answer_in_json_of_its_own_is_text(cell):
    assert answer_of(cell) == {"role": "assistant", "content": cell}
    assert written_answer(answer_of(cell)) == cell


@pytest.mark.parametrize(
    ("cell", "fact"),
    [
        ('[{"role": "user"', "not JSON: .* \\(character"),
        ('[{"role": "user"}]', "message 1: no 'content'"),
        ('[{"role": "user", "content": "a"}, 5]', "message 2: a number, not a message"),
        ('[{"role": 5, "content": "a"}]', "message 1: a number under 'role', not a text"),
        ('[{"role": "", "content": "a"}]', "no 'role'"),
        ('[{"role": "user", "content": ["a"]}]', "a list under 'content', not a text"),
        ('[{"role": "user", "content": "a", "mood": "b"}]', "an unknown key 'mood'"),
        ('[{"role": "user", "content": "a", "weight": true}]', "a truth value under 'weight'"),
        ('[{"role": "user", "content": "a", "weight": NaN}]', "not JSON: NaN"),
        ('[{"role": "user", "content": "a", "tool_calls": [5]}]', "'tool_calls' is no list of objects"),
        ('[{"role": ' + "[" * 100_000, "nested too deeply"),
        ('[{"role": "user", "content": "a"}] and more', "not JSON: Extra data"),
    ],
)
def test_cells_that_only_begin_like_messages(cell, fact):
    with pytest.raises(ValueError, match=fact):
        messages_of(cell)
    assert spoken(cell) == cell


def test_a_call_needs_no_content_and_null_is_left_out():
    assert message({"role": "assistant", "content": None, "tool_calls": [{}], "name": None}) == {
        "role": "assistant",
        "content": "",
        "tool_calls": [{}],
    }
    with pytest.raises(ValueError, match="an answer of the role 'user'"):
        written_answer(say("user: a")[0])
    with pytest.raises(ValueError, match="a value of the type set, not a message"):
        written([set()])


def test_what_was_said_without_the_system():
    assert spoken(written(say("system: Be brief.", "user: Hello.", "assistant: Hi."))) == "Hello.\nHi."
    assert spoken("Hello.") == "Hello."


CALL = {"role": "assistant", "content": "", "tool_calls": [{"id": "1"}, {"id": "2"}]}


@pytest.mark.parametrize(
    ("turns", "wrong"),
    [
        (say("user: a", "assistant: b"), []),
        (say("system: a", "user: b", "assistant: c", "user: d", "assistant: e"), []),
        (say("assistant: a text to learn by heart"), []),
        ([], [("unanswered", 0)]),
        (say("user: a"), [("unanswered", 0)]),
        (say("user:  ", "assistant: b"), [("empty", 0)]),
        (say("user: a", "assistant: \n"), [("empty", 1)]),
        (say("user: a", "user: b", "assistant: c"), [("same_role", 1)]),
        (say("user: a", "assistant: b", "assistant: c"), [("same_role", 2)]),
        (say("user: a", "system: b", "assistant: c"), [("late_system", 1)]),
        (say("system: a", "system: b", "user: c", "assistant: d"), [("late_system", 1)]),
        (say("user: a", "tool: b", "assistant: c"), [("uncalled_tool", 1)]),
        (say("tool: b", "assistant: c"), [("uncalled_tool", 0)]),
        (say("narrator: a", "assistant: b"), [("unknown_role", 0)]),
        ([CALL, *say("tool: a", "tool: b", "assistant: c")], []),
        ([CALL, *say("tool: a")], [("unanswered", 1)]),
        ([CALL, {"role": "tool", "content": "a", "tool_call_id": "2"}, *say("assistant: b")], []),
        ([CALL, {"role": "tool", "content": "a", "tool_call_id": "3"}, *say("assistant: b")], [("uncalled_tool", 1)]),
        (
            [
                {"role": "assistant", "content": "", "tool_calls": [{}]},
                {"role": "tool", "content": "a", "tool_call_id": "3"},
            ],
            [("unanswered", 1)],
        ),
    ],
)
def test_faults(turns, wrong):
    assert [(one.wrong, one.position) for one in faults(turns)] == wrong
