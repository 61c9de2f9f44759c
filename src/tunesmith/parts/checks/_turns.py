"""Conversations as checks read them: every row's turns, and how its answer reads."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from ...data.chats import Message, answer_of, messages_of
from ...data.shapes import ANSWER, PROMPT, is_chat
from . import Table

OPEN = frozenset(",:([{&\\-–—")  # signs after which more must come
LISTED = re.compile(r"^\s*(?:[-*•·|#>]|\d+[.)]|[a-zA-Z][.)])\s")  # a line of a list or a table, or a heading
WORD = re.compile(r"[\"'“‘«(\[*_]*[^\W\d_]+(?:[-'’.,/][^\W\d_]+)*")
SHORT = 6  # words of a last line, below which it is none of running text
FENCE = re.compile(r"^\s*```", re.MULTILINE)
PHRASES = (
    r"as an? (?:ai|artificial intelligence)\b(?: (?:language )?model| assistant)?",
    r"as a (?:large )?language model",
    r"i(?: am|'m) (?:just |only )?an? (?:ai|artificial intelligence|language model)\b",
    r"i(?: am|'m) sorry, but (?:i|as an)\b",
    r"i apologi[sz]e, but i\b",
    r"i (?:cannot|can't|can not|am unable to) (?:fulfill?|assist|comply|help (?:with|you)|provide|browse|access)\b",
    r"my (?:knowledge cutoff|training data|programming)\b",
)
BOILERPLATE = re.compile(rf"\b(?:{'|'.join(PHRASES)})")


@dataclass(frozen=True, slots=True)
class Chats:
    """The rows of a table as conversations: `prompts` None where a cell cannot be read, `answers` None where null."""

    prompt: str
    answer: str | None
    prompts: Sequence[list[Message] | None]
    answers: Sequence[Message | None]
    unreadable: Mapping[int, str]
    """Position of a row whose prompt begins like messages and is something else -> why."""

    @property
    def texts(self) -> dict[int, str]:
        """Return the answers that say something, by the position of their row."""
        said = ((at, one["content"].strip()) for at, one in enumerate(self.answers) if one is not None)
        return {at: text for at, text in said if text}

    def turns(self, at: int) -> list[Message]:
        """Return all readable turns of a row, its answer last."""
        answer = self.answers[at]
        return [*(self.prompts[at] or []), *([] if answer is None else [answer])]


def chats_of(table: Table) -> Chats | None:
    """Return a table's conversations; None where its rows are none."""
    frame, target = table.data.frame, table.target
    is_asked = table.task == "chat" or (table.task is None and target is not None and is_chat(frame, target))
    known = [name for name in table.inputs if frame.schema[name] == pl.String]
    chosen = [name for name in known if table.kinds.get(name) == "chat"]
    if is_asked and not chosen:
        chosen = [name for name in known if name == PROMPT] or known
    if not chosen:
        return None
    answer = target if is_asked or target == ANSWER else None
    answer = answer if answer is not None and frame.schema[answer] == pl.String else None
    prompts: list[list[Message] | None] = []
    unreadable: dict[int, str] = {}
    for at, cell in enumerate(frame[chosen[0]]):
        try:
            prompts.append(messages_of(cell or ""))
        except ValueError as error:
            prompts.append(None)
            unreadable[at] = str(error)
    cells = [None] * frame.height if answer is None else frame[answer].to_list()
    answers = [None if cell is None else answer_of(cell) for cell in cells]
    return Chats(chosen[0], answer, prompts, answers, unreadable)


def word_count(text: str) -> int:
    """Return the number of words of a text, as spaces divide them."""
    return len(text.split())


def is_ended(text: str) -> bool:
    """Whether a text ends as one that is whole: with a sentence's sign, a bracket, a quote, code, a digit or a list.

    The last of several lines is taken for one of a list or a verse where it is short; a tag, an address, a unit, or a
    cell of a table ends a text, too.
    """
    if len(FENCE.findall(text)) % 2:
        return False
    *before, line = text.rstrip().split("\n")
    last = line[-1:]
    if last in OPEN:
        return False
    if not last or unicodedata.category(last)[0] not in "LM":
        return True
    is_listed = LISTED.match(line) is not None or "|" in line or (bool(before) and word_count(line) < SHORT)
    return is_listed or not WORD.fullmatch(line.split()[-1])


def said_before(turns: Sequence[Message], words: int) -> list[int]:
    """Return the turns, by position, that say word by word what the same role said before, in so many words or more."""
    seen: set[tuple[str, str]] = set()
    found = []
    for at, one in enumerate(turns):
        key = one["role"], one["content"].strip()
        if key in seen and word_count(key[1]) >= words:
            found.append(at)
        seen.add(key)
    return found


def boilerplate(texts: Mapping[int, str]) -> dict[int, str]:
    """Return the rows whose answer refuses or speaks of itself as a model does, each with the phrase."""
    found = {at: BOILERPLATE.search(text.lower().replace("’", "'")) for at, text in texts.items()}
    return {at: phrase[0] for at, phrase in found.items() if phrase is not None}


def repeated(texts: Mapping[int, str], words: int) -> dict[str, list[int]]:
    """Return the answers of so many words or more that several rows give, with the rows."""
    found: dict[str, list[int]] = {}
    for at, text in texts.items():
        found.setdefault(text, []).append(at)
    return {text: rows for text, rows in found.items() if len(rows) > 1 and word_count(text) >= words}
