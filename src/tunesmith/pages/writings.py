"""Texts beside texts: what was asked, turn by turn, the right answer, and what was written for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..data.chats import Message, answer_of, messages_of
from .markup import NOTHING, Html, Section, clipped, element, folded, join, paragraph, text
from .values import Reading, block, blocks, count, number, percent, plain, whole

Report = Mapping[str, Any]
TASKS = ("chat", "seq2seq")
MOST = 50  # samples of a report that a page shows
LAST = 4  # turns of a conversation that are seen at once, beside the system's message
OUTCOMES = (("wins", "won", "test"), ("ties", "tied", "aside"), ("losses", "lost", "validation"))


def is_written(row: Mapping[str, Any], task: Any) -> bool:
    """Whether a row's answer is a text that was written."""
    return task in TASKS and isinstance(row.get("target"), str) and isinstance(row.get("answer"), str | None)


def samples(report: Report) -> Section:
    """Rows spread over the test rows: what the untouched base wrote, and this version."""
    rows = blocks(report.get("samples"))
    cards = [element("li", beside(row), paragraph(_place(row), "quiet place")) for row in rows[:MOST]]
    told = (
        f"{len(cards)} test rows, evenly spread, not chosen by how good they are; ✓ marks what is right word by word."
    )
    content = join((paragraph(told), element("ol", *cards, class_="cards"))) if cards else NOTHING
    return Section("samples", "Before and after", content)


def beside(row: Mapping[str, Any]) -> Html:
    """Return one row: what was asked, what is right, and what was written by whom, side by side."""
    right = row.get("target")
    sides = [("Right answer", right, True)]
    sides += [(name, row[key], False) for name, key in WRITERS if key in row]
    boxes = [_box(name, value, right, is_target) for name, value, is_target in sides]
    return join((_asked(block(row.get("inputs"))), element("div", *boxes, class_="writings")))


WRITERS = (("Untouched base", "before"), ("This version", "after"), ("This version wrote", "answer"))


def _place(row: Mapping[str, Any]) -> str:
    place = [f"row {count(row.get('row'))}"] if number(row.get("row")) is not None else []
    return " · ".join([*place, *([f"id {plain(row['id'])}"] if row.get("id") else [])])


def _box(name: str, value: Any, right: Any, is_target: bool) -> Html:
    """Return a text with who wrote it above it, marked where it is the right one."""
    is_right = not is_target and isinstance(value, str) and isinstance(right, str) and value.split() == right.split()
    mark = element("span", text("✓ right"), class_="passed") if is_right else NOTHING
    said = _said(answer_of(value)) if isinstance(value, str) else element("i", text("nothing was written"))
    kind = "right-answer" if is_target else "is-right" if is_right else None
    return element("div", element("h4", text(name), mark), said, class_=kind)


def _asked(inputs: Mapping[str, Any]) -> Html:
    """Return what was asked: the turns of conversations, other columns with their names where there are several."""
    if len(inputs) == 1:
        return element("div", _prompt(next(iter(inputs.values()))), class_="asked")
    pairs = (join((element("dt", text(name)), element("dd", _prompt(value)))) for name, value in inputs.items())
    return element("dl", *pairs, class_="row-fields asked")


def _prompt(value: Any) -> Html:
    turns = _turns(value)
    if len(turns) == 1 and turns[0]["role"] == "user":
        return clipped(turns[0]["content"])
    if not turns:
        return clipped(value)
    begin = [one for one in turns[:1] if one["role"] == "system"]
    rest = turns[len(begin) :]
    earlier, last = rest[:-LAST], rest[-LAST:]
    hidden = [folded(f"{len(earlier)} earlier turns", _listed(earlier))] if len(earlier) > 1 else []
    shown = last if hidden else rest
    return join((_listed(begin), *hidden, _listed(shown)))


def _turns(value: Any) -> list[Message]:
    """Return the messages of a cell, none where it is anything else than a text or messages."""
    try:
        return messages_of(value) if isinstance(value, str) else []
    except ValueError:
        return []


def _listed(turns: Sequence[Message]) -> Html:
    if not turns:
        return NOTHING
    lines = (join((element("dt", text(one["role"])), element("dd", _said(one)))) for one in turns)
    return element("dl", *lines, class_="turns")


def _said(message: Message) -> Html:
    """Return the content of a message, and the tools it calls."""
    calls = [block(one.get("function")) or block(one) for one in blocks(message.get("tool_calls"))]
    called = [
        element("code", text(f"{plain(one.get('name'))}({plain(one.get('arguments', ''))})"), class_="call")
        for one in calls
    ]
    content = message["content"]
    if not content.strip() and not called:
        return element("i", text("an empty text"), class_="quiet")
    return join((clipped(content) if content.strip() else NOTHING, *called))


def judged(report: Report) -> Section:
    """How often the recipe's judge found this version's text better than the untouched base's."""
    told = block(report.get("judged"))
    return Section("judged", "The judge", _verdict(told) if told else NOTHING)


def _verdict(told: Mapping[str, Any]) -> Html:
    command = element("p", text("Asked was "), element("code", text(told.get("command"))), text("."), class_="quiet")
    if told.get("failed"):
        return join((paragraph(f"There are no figures, as the judge failed: {plain(told['failed'])}", "lack"), command))
    counts = {key: whole(told.get(key)) for key, _, _ in OUTCOMES}
    total = sum(counts.values())
    rate = Reading.of(told.get("win_rate"))
    lead = element("p", text("Win rate "), element("b", text(percent(rate.value))), text(_reading(rate)))
    pieces = (
        element("i", style=f"flex:{counts[key] / max(total, 1):.5f}", class_=swatch)
        for key, _, swatch in OUTCOMES
        if counts[key]
    )
    named = (
        element("span", element("i", class_=f"swatch {swatch}"), text(f"{counts[key]:,} {word}"), class_="split")
        for key, word, swatch in OUTCOMES
    )
    bar = element("div", *pieces, class_="splits", aria_hidden="true")
    return join((lead, bar, element("p", *named, class_="origin"), paragraph(_detail(told, total), "note"), command))


def _reading(rate: Reading) -> str:
    if rate.low is None or rate.high is None:
        return ", without an interval; a tie counts as half, and 50% is no better and no worse."
    bounds = f", 95% interval {percent(rate.low)} to {percent(rate.high)}; a tie counts as half. "
    if rate.low > 0.5:
        return f"{bounds}By this judge, this version writes better than the untouched base."
    if rate.high < 0.5:
        return f"{bounds}By this judge, this version writes worse than the untouched base."
    return f"{bounds}The interval holds 50%: by this judge, neither is clearly better."


def _detail(told: Mapping[str, Any], total: int) -> str:
    same = whole(told.get("same"))
    where = f"{total:,} of {count(told.get('test_rows'))} test rows, evenly spread"
    asked = total - same
    first = f"the text shown first was chosen in {whole(told.get('chose_first')):,} of {asked:,}" if asked else ""
    equal = f"{same:,} of the ties are equal texts, which nobody was asked about" if same else ""
    return "; ".join(filter(None, (where, equal, first))) + "."
