"""Conversations with faults built in: each is found where it is, and sound ones only have their lengths told."""

import polars as pl
import pytest

from tunesmith.data import Dataset
from tunesmith.data.chats import written
from tunesmith.parts.checks import Table
from tunesmith.parts.checks._turns import is_ended
from tunesmith.parts.checks.conversations import Conversations
from tunesmith.parts.checks.leakage import Leakage
from tunesmith.parts.checks.near_duplicates import NearDuplicates
from tunesmith.testing.checks import check_findings

TOPICS = ("rain", "bread", "trains", "owls", "chess", "salt", "glass", "kites", "tea", "maps", "frost", "silk")


def sound(count=60):
    """Return prompts and answers without a fault, no two of them near."""
    prompts = [f"Tell me about {TOPICS[at % 12]} and {TOPICS[at // 12]}, in version {at}." for at in range(count)]
    return prompts, [f"There is much to say of {TOPICS[at % 12]}, above all {at} things." for at in range(count)]


def table(prompts, answers, **fields):
    frame = pl.DataFrame({"prompt": prompts, "answer": answers}, schema={"prompt": pl.String, "answer": pl.String})
    data = Dataset.of(frame, "chats.jsonl").identified(["prompt"])
    given = {"target": "answer", "task": "chat", "kinds": {"prompt": "chat"}} | fields
    return Table(data, ("prompt",), **given)


def found(prompts, answers, check=None, **fields):
    """Return the findings but for the lengths, which come last."""
    *others, lengths = check_findings(check or Conversations(), table(prompts, answers, **fields))
    assert lengths.severity == "info"
    assert lengths.rows == ()
    return others


def turns(text):
    return written([dict(zip(("role", "content"), one.split(": ", 1), strict=True)) for one in text.split(" | ")])


def test_sound_rows_only_have_their_lengths_told():
    prompts, answers = sound()
    prompts[3] = "one " * 1000
    (lengths,) = check_findings(Conversations(), table(prompts, answers))
    assert "column 'prompt': median 9, 95 % up to 9, longest 1000 (chats.jsonl row 4)" in lengths.advice
    assert "column 'answer': median 11, 95 % up to 11" in lengths.advice
    assert lengths.count == 60


@pytest.mark.parametrize(
    ("cell", "severity", "said", "score"),
    [
        (
            "user: a | user: b",
            "warning",
            "roles in a wrong order (first: chats.jsonl row 6, turn 2: the user speaks",
            1 / 3,
        ),
        (
            "user: a | assistant: b | system: c | user: d",
            "warning",
            "turn 3: the system's message is not the first",
            0.2,
        ),
        ("user: a | tool: b", "warning", "a tool answers that nobody called", 1 / 3),
        ("user: a | assistant: b", "warning", "turn 3: the assistant speaks twice", 1 / 3),
        (
            "user: a | assistant:   | user: b",
            "warning",
            "an empty turn before the answer (first: chats.jsonl row 6, turn 2",
            0.25,
        ),
        ("narrator: a | user: b", "error", "a role that no template knows", 1 / 3),
        (
            "user: say that again to me please | assistant: a | user: say that again to me please",
            "warning",
            "repeats an earlier one",
            0.25,
        ),
    ],
)
def test_turns_at_fault(cell, severity, said, score):
    prompts, answers = sound()
    prompts[5] = turns(cell)
    (one,) = found(prompts, answers)
    assert (one.severity, one.rows, one.column) == (severity, (5,), "prompt")
    assert one.scores == pytest.approx((score,))
    assert said in one.advice


def test_a_cell_that_cannot_be_read_is_an_error_for_all_rows():
    prompts, answers = sound()
    prompts[7] = '[{"role": "user"}]'
    (one,) = found(prompts, answers)
    assert (one.severity, one.rows, one.reach) == ("error", (7,), "all")
    assert "chats.jsonl row 8: message 1: no 'content'" in one.advice


def test_empty_answers_and_rows_without_one():
    prompts, answers = sound()
    answers[2], answers[3], answers[4] = "", None, '{"content": "", "tool_calls": [{"id": "1"}]}'
    (one,) = found(prompts, answers)
    assert (one.rows, one.column) == ((2,), "answer")


def test_answers_cut_off_are_found_where_others_end():
    prompts, answers = sound()
    answers[9] = "There is much to say of this, and then the"
    (one,) = found(prompts, answers)
    assert (one.rows, one.column) == ((9,), "answer")
    assert one.scores == pytest.approx((59 / 60,))
    assert "98.3 % end with a sign" in one.advice
    bare = [answer.rstrip(".") for answer in answers]
    assert found(prompts, bare) == []
    assert found(prompts[:15], answers[:15]) == []
    assert found(prompts, answers, Conversations(ended=0.99)) == []


@pytest.mark.parametrize(
    ("text", "is_whole"),
    [
        ("It is so.", True),
        ("Is it so?", True),
        ("He said \u201cno\u201d", True),
        ("in 1698", True),
        ("f(x)", True),
        ("```\nx = y\n```", True),
        ("```\nx = y", False),
        ("one\n- two", True),
        ("one\n2. two", True),
        ("Animals: cat\nMetals: gold", True),
        ("2x2=4 | 2x3=six", True),
        ("Get yourself one. #PuppyLove", True),
        ("It is 98.9°C", True),
        ("one\nand then he went on to the", False),
        ("by half-finished", False),
        ("\u3053\u308c\u306f\u3002", True),
        ("Good \U0001f600", True),
        ("It is", False),
        ("one, two,", False),
        ("as follows:", False),
        ("", True),
    ],
)
def test_how_a_text_ends(text, is_whole):
    assert is_ended(text) is is_whole


def test_an_answer_that_stands_in_its_prompt():
    prompts, answers = sound()
    prompts[4] = f"Repeat: {answers[4]}"
    prompts[6], answers[6] = "Say yes. Or no.", "yes."
    (one,) = found(prompts, answers)
    assert one.rows == (4,)
    assert one.scores == pytest.approx((len(answers[4]) / len(prompts[4]),))
    assert "word by word" in one.advice


def test_refusals_and_answers_given_again_and_again():
    prompts, answers = sound()
    answers[1], answers[2] = "As an AI language model, I have none.", "I think that, as an AI language model, I do not."
    answers[10] = answers[20] = answers[30] = "Please ask somebody who knows it."
    (one,) = found(prompts, answers)
    assert one.rows == (1, 2, 10, 20, 30)
    assert "'Please ask somebody who knows it.', 'as an ai language model'" in one.advice
    assert found(prompts, answers, Conversations(often=0.06)) == []
    once = [answers[0] if at in (2, 10, 20, 30) else answer for at, answer in enumerate(sound()[1])]
    once[1], once[2], once[10], once[20], once[30] = answers[1], *(sound()[1][at] for at in (2, 10, 20, 30))
    assert found(prompts, once) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"task": "classification", "kinds": {"prompt": "text"}},
        {"task": "classification", "kinds": {}},
        {"target": None, "task": None, "kinds": {"prompt": "text"}},
    ],
)
def test_other_tables_are_passed_over(fields):
    prompts, answers = sound()
    assert check_findings(Conversations(), table([None, *prompts[1:]], ["", *answers[1:]], **fields)) == []


def test_a_table_of_prompts_and_answers_needs_no_task():
    prompts, answers = sound()
    assert [one.rows for one in found(prompts, ["", *answers[1:]], task=None, kinds={})] == [(0,)]


def test_conversations_with_a_label_have_no_answers():
    prompts, _ = sound()
    frame = pl.DataFrame({"chat": [turns("user: a | user: b"), *prompts[1:]], "label": ["", *"ab" * 29, "a"]})
    data = Dataset.of(frame, "chats.jsonl").identified(["chat"])
    *others, lengths = Conversations().find(Table(data, ("chat",), "label", "classification", kinds={"chat": "chat"}))
    assert [one.rows for one in others] == [(0,)]
    assert "'label'" not in lengths.advice


def test_a_common_system_message_makes_no_rows_near():
    prompts, answers = sound()
    system = "system: " + "You answer as a librarian of an old town would, kindly. " * 20
    chats = [turns(f"{system} | user: {prompt}") for prompt in prompts[:12]]
    assert NearDuplicates().find(table(chats, answers[:12])) == []
    again = chats[0].replace("Tell", "Telll")
    assert [one.rows for one in NearDuplicates().find(table([*chats, again], [*answers[:12], answers[0]]))] == [(12,)]


def test_an_answer_in_words_is_told_by_no_column():
    prompts, answers = ["a", "b"] * 30, ["yes", "no"] * 30
    assert Leakage().find(table(prompts, answers)) == []
    assert Leakage().find(table(prompts, answers, task="classification", kinds={"prompt": "category"})) != []
