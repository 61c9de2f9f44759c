"""A conversation line by line and at a terminal: the tokens are those of `predict`, and orders do what they say."""

import builtins
import io
import json
import sys

import pytest

from tunesmith.commands import chat
from tunesmith.commands._session import ORDERS, Session
from tunesmith.data.chats import written
from tunesmith.data.sources.chat import Chat
from tunesmith.stages.encode import encode
from tunesmith.version import as_dataset, load

TURNS = [
    {"role": "system", "content": "be fine"},
    {"role": "user", "content": "hello"},
    {"role": "assistant", "content": "it works"},
    {"role": "user", "content": "where is order 7"},
]


@pytest.fixture
def said(tunesmith, trained, monkeypatch):
    """Send lines to a version and return how it ended."""

    def send(*lines, kind="chats", options=()):
        one = trained(kind)
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        return tunesmith("chat", one.label, *options, "--home", one.home)

    return send


def predicted(trained, messages, kind="chats"):
    """Return what `predict` says to a conversation, and the tokens that it gives the model."""
    one = trained(kind)
    version = load(one.label, one.home)
    rows = as_dataset([{"prompt": written(messages)}], version.codec)
    encoded = version.model.prepare(encode(rows, version.codec, labelled=False))
    return version.predict([{"prompt": written(messages)}])[0].answer, encoded.inputs["asked"][0].tolist()


@pytest.mark.parametrize("count", [2, 4])
def test_the_tokens_are_those_of_predict(trained, count):
    one = trained("chats")
    version = load(one.label, one.home)
    _, tokens = predicted(trained, TURNS[:count])
    assert version.conversation(TURNS[:count]).inputs["asked"][0].tolist() == tokens


def test_texts_without_conversations_too(trained):
    one = trained("prompts")
    version = load(one.label, one.home)
    assert version.conversation(TURNS[1:2]).inputs["asked"][0].tolist() == predicted(trained, TURNS[1:2], "prompts")[1]
    several = version.conversation(TURNS).inputs["asked"][0].tolist()
    body = version.model._body()
    whole = body.tokenizer(body.template.asked(TURNS), add_special_tokens=False).input_ids
    assert several == [body.begin_token, *whole]


def test_answers_are_those_of_predict(said, trained):
    outcome = said("hello", "where is order 7", options=["--json"])
    first, second = [json.loads(line) for line in outcome.out.splitlines()]
    assert (outcome.code, first["turn"], second["turn"]) == (0, 1, 2)
    answer, tokens = predicted(trained, [{"role": "user", "content": "hello"}])
    assert (first["prompt"], first["answer"], first["prompt_tokens"]) == ("hello", answer, len(tokens))
    whole = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": answer},
        {"role": "user", "content": "where is order 7"},
    ]
    answer, tokens = predicted(trained, whole)
    assert (second["answer"], second["prompt_tokens"]) == (answer, len(tokens))


def test_plain_output_is_the_answers_alone(said):
    as_json = said("hello", "", "it is late", options=["--json"])
    answers = [json.loads(line)["answer"] for line in as_json.out.splitlines()]
    assert len(answers) == 2
    assert said("hello", "", "it is late").out.splitlines() == answers


@pytest.mark.parametrize(
    "options", [["--max-new-tokens", 3], ["--beams", 3], ["--temperature", 1.0, "--seed", 5], ["--stop", "1"]]
)
def test_pieces_make_the_answer(trained, options):
    one = trained("chats")
    names = [str(name).lstrip("-").replace("-", "_") for name in options[::2]]
    changes = dict(zip(names, options[1::2], strict=True))
    if "stop" in changes:
        whole = load(one.label, one.home).predict([{"prompt": "hello"}])[0].answer
        changes["stop"] = [whole[4:6]]
    version = load(one.label, one.home).writing(changes)
    heard = []
    turn = Session(version).ask("hello", heard.append)
    assert "".join(heard) == turn.answer == version.predict([{"prompt": "hello"}])[0].answer
    assert len(heard) == 1 or "beams" not in changes


def test_orders_do_what_they_say(said, tmp_path):
    lines = [
        "/system be fine",
        "hello",
        "it is late",
        "/undo",
        "/save kept.jsonl",
        "/reset",
        "//undo",
        "/save kept.jsonl",
    ]
    outcome = said(*lines, "/system", "/reset", "/quit", "never")
    assert outcome.code == 0
    assert len(outcome.out.splitlines()) == 3
    first, second = [json.loads(line)["messages"] for line in (tmp_path / "kept.jsonl").read_text("utf-8").splitlines()]
    assert [one["content"] for one in first[:2]] == ["be fine", "hello"]
    assert [one["role"] for one in first] == ["system", "user", "assistant"]
    assert [one["content"] for one in second[:2]] == ["be fine", "/undo"]
    assert Chat(path="kept.jsonl").read(tmp_path).frame.height == 2


def test_the_system_message_is_heard(said):
    tokens = [
        json.loads(line)["prompt_tokens"]
        for line in said("a", "/reset", "/system be fine", "a", options=["--json"]).out.splitlines()
    ]
    assert tokens[0] < tokens[1]


def test_help_tells_every_order(said):
    told = said("/help").err
    assert all(order in told for order in ORDERS)


@pytest.mark.parametrize(
    ("lines", "fact"),
    [
        (["/foo"], "/foo is no order; /help shows them"),
        (["/undo"], "nothing was said yet"),
        (["/save"], "name a file"),
        (["/save x.jsonl"], "nothing was said yet"),
        (["hello", "/save no/such/folder.jsonl"], "/save no/such/folder.jsonl: No such file"),
        (["/undo all"], "/undo stands alone; leave out 'all'"),
        (["\udcff"], "no UTF-8"),
    ],
)
def test_a_mistake_ends_a_script(said, lines, fact):
    outcome = said(*lines, "hello", "hello")
    assert outcome.code == 2
    assert fact in outcome.err
    assert len(outcome.out.splitlines()) <= 1


def test_what_has_no_room_is_told(said):
    outcome = said("late " * 60, "late " * 80, options=["--json"])
    turns = [json.loads(line) for line in outcome.out.splitlines()]
    assert turns[0]["left_out_tokens"] == 0 < turns[1]["left_out_tokens"]
    assert turns[1]["prompt_tokens"] == 128 - 12
    assert f"first {turns[1]['left_out_tokens']} tokens had no room" in outcome.err


def test_a_version_that_writes_nothing_is_refused(said, trained):
    outcome = said("hello", kind="table")
    assert outcome.code == 2
    assert f"{trained('table').label} answers rows of" in outcome.err
    assert "Traceback" not in outcome.err


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(trained, monkeypatch, capsys):
    """Type lines at a terminal; an exception among them is raised there. Return what stood on the screen."""

    def typed(*lines):
        one, left = trained("chats"), iter(lines)

        def read(prompt):
            line = next(left, EOFError())
            if isinstance(line, BaseException):
                raise line
            return line

        out = Terminal()
        monkeypatch.setattr(builtins, "input", read)
        monkeypatch.setattr(sys, "stdin", Terminal())
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(chat.signal, "signal", lambda *told: None)
        options = chat.Namespace(version=one.label, home=one.home, json=False)
        assert chat.run(options).is_silent
        return out.getvalue(), capsys.readouterr().err

    return typed


def test_a_mistake_at_a_terminal_is_told_and_the_talk_goes_on(terminal):
    out, err = terminal("/foo", "hello")
    assert "/foo is no order" in err
    assert len(out.splitlines()) == 2


def test_an_interrupt_at_the_prompt_ends_nothing(terminal):
    out, _ = terminal(KeyboardInterrupt(), "hello")
    assert len(out.split()) > 1


@pytest.mark.parametrize(("pieces", "told"), [(["it ", "is"], "stopped"), ([], "the question is forgotten")])
def test_an_interrupt_stops_an_answer_and_keeps_what_was_heard(terminal, monkeypatch, tmp_path, pieces, told):
    def interrupted(self, encoded, hear):
        for piece in pieces:
            hear(piece)
        raise KeyboardInterrupt

    monkeypatch.setattr("tunesmith.model.network.Network.tell", interrupted)
    _, err = terminal("hello", "/save kept.jsonl")
    assert told in err
    assert (tmp_path / "kept.jsonl").exists() == bool(pieces)
    if pieces:
        (kept,) = (tmp_path / "kept.jsonl").read_text("utf-8").splitlines()
        assert json.loads(kept)["messages"][-1] == {"role": "assistant", "content": "it is"}


def test_a_script_is_interrupted(said, monkeypatch):
    def interrupted(self, encoded, hear):
        raise KeyboardInterrupt

    monkeypatch.setattr("tunesmith.model.network.Network.tell", interrupted)
    assert said("hello").code == 130


def test_an_answer_cannot_steer_the_terminal(terminal, monkeypatch):
    monkeypatch.setattr("tunesmith.model.network.Network.tell", lambda self, encoded, hear: hear("\x1b[2J\tok\n") or "")
    out, _ = terminal("hello")
    assert out.startswith(" [2J\tok\n")
