"""What language models wrote, on the page: turn by turn, side by side, folded where long, marked where right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tunesmith.pages import render
from tunesmith.pages.meanings import WRITTEN, meanings
from tunesmith.pages.writings import judged, samples
from tunesmith.parts.tasks.chat import Chat
from tunesmith.parts.tasks.seq2seq import Seq2seq
from unit.pages.sample_reports import Page, classification, metric

TURNS = [
    {"role": "system", "content": "Be brief."},
    *({"role": role, "content": f"{role} said {at}"} for at in range(4) for role in ("user", "assistant")),
    {"role": "user", "content": "Who <built> it?"},
]
CALL = {"content": "", "tool_calls": [{"type": "function", "function": {"name": "add", "arguments": {"a": 1}}}]}


def sample(**values: Any) -> dict[str, Any]:
    row = {"row": 7, "id": "ab12", "inputs": {"prompt": json.dumps(TURNS)}, "target": "Ann did.", "before": "Bob."}
    return row | {"after": "Ann did."} | values


def chat(**values: Any) -> dict[str, Any]:
    measured = {"token_loss": metric(1.2), "rouge_l": metric(0.4)}
    without = {"token_loss": {"value": None, "low": None, "high": None}, "rouge_l": metric(0.3)}
    told = {"task": "chat", "primary": "token_loss", "metrics": measured, "baselines": {"majority": without}}
    return classification() | told | {"samples": [sample()], "comparisons": {}} | values


def shown(**values: Any) -> str:
    return samples({"samples": [sample(**values)]}).render()


def test_a_conversation_is_shown_turn_by_turn_and_its_beginning_folded():
    page = shown()
    assert page.count("<dt>user</dt>") == 5
    assert "<dt>system</dt><dd><bdi" in page
    assert "Who &lt;built&gt; it?" in page
    assert "<summary>5 earlier turns</summary>" in page
    assert page.index("earlier turns") < page.index("user said 2") < page.index("assistant said 2")


def test_texts_stand_side_by_side_and_what_is_right_is_marked():
    page = shown(before="Ann  did.\n", after="Bob.")
    right, base, version = page.split("<h4>")[1:]
    assert right.startswith("Right answer</h4>")
    assert base.startswith('Untouched base<span class="passed">✓ right</span></h4>')
    assert version.startswith("This version</h4>")
    assert "✓" not in version


@pytest.mark.parametrize("long", ["word " * 100, "line\n" * 20])
def test_long_texts_are_folded_and_whole_behind_a_click(long):
    page = shown(inputs={"prompt": "Who?"}, after=long)
    seen, _, hidden = page.partition("</summary>")
    assert len(seen) < 1200
    assert f"{len(long):,} characters" in seen
    assert f'<bdi class="data full">{long}</bdi>' in hidden


def test_what_is_empty_missing_or_a_call_is_said():
    assert "an empty text" in shown(after=" ")
    assert "nothing was written" in shown(after=None)
    assert "add(a: 1)" in shown(target=json.dumps(CALL))
    assert "[{&quot;role&quot;: 3}]" in shown(inputs={"prompt": '[{"role": 3}]'}), "no messages are shown as they are"
    assert "<dt>year</dt>" in shown(inputs={"prompt": "Who?", "year": 1698})


def test_the_worst_rows_of_a_language_model_are_shown_alike():
    row = {"row": 9, "id": "cd34", "inputs": {"prompt": json.dumps(TURNS)}, "target": "Ann " * 200, "answer": "Bob"}
    page = render(chat(worst=[row | {"confidence": None, "loss": 3.5, "source": "chats.jsonl"}]))
    worst = page.split('<section id="worst">')[1].split("</section>")[0]
    assert "<dt>system</dt>" in worst
    assert "This version wrote" in worst
    assert "800 characters" in worst
    assert "loss 3.500 · chats.jsonl · row 9 · id cd34" in worst
    assert "Untouched base" not in worst
    Page(page)


def test_the_table_of_metrics_has_words_and_dashes():
    page = Page(render(chat()))
    assert WRITTEN["token_loss"] in page.text
    assert "ROUGE-L" in page.text
    assert "token loss surprise at each token" in page.text
    row = page.text.split("All metrics")[2].split("ROUGE-L")[0]
    assert "—" in row
    assert "a dash: not measured" in page.text


def test_every_metric_of_a_task_that_writes_has_words_and_others_none():
    told = {"token_loss", "perplexity", "token_accuracy", *Chat.texts, *Seq2seq.texts}
    assert set(meanings(["token_loss", *told])) == told == set(WRITTEN)
    assert meanings(["exact_match", "span_f1"]) == {}


def outcome(low: float, value: float, high: float, **values: Any) -> dict[str, Any]:
    counts = {"command": "python judge.py", "rows": 40, "test_rows": 1200, "wins": 25, "losses": 10, "ties": 5}
    rate = {"value": value, "low": low, "high": high}
    return {"judged": counts | {"same": 2, "chose_first": 20, "win_rate": rate} | values}


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ((0.55, 0.69, 0.8), "this version writes better than"),
        ((0.1, 0.2, 0.3), "this version writes worse than"),
        ((0.4, 0.52, 0.6), "The interval holds 50%"),
        ((None, 0.52, None), "without an interval"),
    ],
)
def test_a_judge_is_told_in_words(bounds, words):
    page = Page(judged(outcome(*bounds)).render()).text
    assert words in page
    for figure in ("25 won", "10 lost", "5 tied", "40 of 1,200 test rows", "2 of the ties", "20 of 38"):
        assert figure in page


def test_a_judge_that_failed_and_none_at_all():
    failed = {"judged": {"command": "python <judge>.py", "failed": "it ended with exit code 1", "test_rows": 3}}
    page = judged(failed).render()
    assert "it ended with exit code 1" in page
    assert "python &lt;judge&gt;.py" in page
    assert not judged({})
    assert not samples({})


@pytest.mark.parametrize("broken", [{"samples": [{}]}, {"samples": [sample(inputs=None, target=None)]}, {"judged": 3}])
def test_broken_blocks_make_a_page(broken):
    Page(render(chat(**broken)))
