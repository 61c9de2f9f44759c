"""Conversations that teach what nobody wants: empty or swapped turns, answers cut off, copied or always the same."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

import numpy as np
from pydantic import Field

from ...data.chats import Wrong, faults
from . import Check, Finding, Reach, Severity, Table
from ._turns import Chats, boilerplate, chats_of, is_ended, repeated, said_before, word_count
from ._words import counted, listed

FAULTS: dict[str, tuple[Severity, tuple[Wrong, ...], str, str]] = {
    "roles": (
        "error",
        ("unknown_role",),
        "a role that no template knows",
        "rename it to system, user, assistant or tool",
    ),
    "order": (
        "warning",
        ("same_role", "late_system", "uncalled_tool"),
        "roles in a wrong order",
        "join, move or remove such turns: many templates refuse them",
    ),
    "empty": ("warning", ("empty",), "an empty turn before the answer", "write what was said, or drop the row"),
}


class Conversations(Check):
    """Rows of conversations whose turns or answers cannot be what a model should learn; how long they are is noted.

    Answers of fewer than `words` words are judged only by whether they are empty: a word alone has no sentence's end,
    and is easily found again.
    """

    ended: float = Field(0.8, gt=0.5, lt=1)
    """The share of answers that end with a sentence's sign, a bracket, a quote, code, a digit or a list, from which the
    others look cut off."""
    often: float = Field(0.01, gt=0, lt=1)
    """The share of answers above which a refusal, a phrase of its kind, or one and the same answer is named."""
    words: int = Field(5, ge=1)
    """The number of words from which an answer is looked for in its prompt, among the others, and at its end."""
    rows: int = Field(20, ge=2)
    """The number of answers of `words` words that it takes to tell how answers usually end."""

    def find(self, table: Table) -> list[Finding]:
        """Return errors and warnings over rows, and how many words prompts and answers have."""
        chats = chats_of(table)
        if chats is None or not len(table.data):
            return []
        found = [self._unreadable(table, chats), *self._turns(table, chats), self._repeated(table, chats)]
        if chats.answer is not None:
            found += [
                self._silent(table, chats),
                self._held(table, chats),
                self._cut(table, chats),
                self._given_often(table, chats),
            ]
        found.append(self._lengths(table, chats))
        order = {"error": 0, "warning": 1, "info": 2}
        return sorted((one for one in found if one is not None), key=lambda one: order[one.severity])

    def _finding(
        self,
        table: Table,
        column: str,
        scores: Mapping[int, float],
        said: tuple[str, str],
        how: Any = ("warning", "train"),
    ) -> Finding | None:
        """Return a finding over rows with their scores; `said` is the fact and the remedy, `how` severity and reach."""
        if not scores:
            return None
        severity, reach = how
        rows = tuple(sorted(scores))
        fact = f"column '{column}': {counted(len(rows), 'row')} with {said[0]}"
        return Finding(
            self.kind,
            severity,
            rows,
            tuple(scores[row] for row in rows),
            f"{fact}; {said[1]}",
            column,
            reach=reach,
        )

    def _unreadable(self, table: Table, chats: Chats) -> Finding | None:
        first = min(chats.unreadable, default=0)
        example = f"first: {table.data.place(first)}: {chats.unreadable.get(first)}"
        said = f"what begins like messages and is not ({example})", "write a JSON array of messages, or a plain text"
        scores = dict.fromkeys(chats.unreadable, 1.0)
        how: tuple[Severity, Reach] = ("error", "all")
        return self._finding(table, chats.prompt, scores, said, how)

    def _turns(self, table: Table, chats: Chats) -> list[Finding | None]:
        """Return a finding per group of faults; a row's score is the share of its turns at fault."""
        shares: dict[str, dict[int, float]] = {group: {} for group in FAULTS}
        examples: dict[str, str] = {}
        for at in range(len(table.data)):
            turns = chats.turns(at)
            wrong = faults(turns)
            for group, (_, kinds, _, _) in FAULTS.items():
                end = len(chats.prompts[at] or ()) if group == "empty" else len(turns)
                places = {one.position: one.fact for one in wrong if one.wrong in kinds and one.position < end}
                if places:
                    shares[group][at] = len(places) / len(turns)
                    place, fact = next(iter(places.items()))
                    examples.setdefault(group, f"first: {table.data.place(at)}, turn {place + 1}: {fact}")
        return [
            self._finding(
                table, chats.prompt, shares[group], (f"{what} ({examples.get(group)})", remedy), (severity, "train")
            )
            for group, (severity, _, what, remedy) in FAULTS.items()
        ]

    def _repeated(self, table: Table, chats: Chats) -> Finding | None:
        scores = {}
        for at in range(len(table.data)):
            turns = chats.turns(at)
            again = said_before(turns, self.words)
            if again:
                scores[at] = len(again) / len(turns)
        said = f"a turn that repeats an earlier one of the same role{_first(table, scores)}", "remove the repetition"
        return self._finding(table, chats.prompt, scores, said)

    def _silent(self, table: Table, chats: Chats) -> Finding | None:
        answers = ((at, one) for at, one in enumerate(chats.answers) if one is not None and not one.get("tool_calls"))
        scores = {at: 1.0 for at, one in answers if not one["content"].strip()}
        return self._finding(
            table, chats.answer or "", scores, (f"an empty answer{_first(table, scores)}", "write or drop it")
        )

    def _held(self, table: Table, chats: Chats) -> Finding | None:
        """Return the rows whose answer stands in their prompt; a row's score is the answer's share of that message."""
        scores = {}
        for at, text in chats.texts.items():
            held = [one["content"] for one in chats.prompts[at] or [] if text in one["content"]]
            if held and word_count(text) >= self.words:
                scores[at] = len(text) / min(map(len, held))
        said = (
            f"an answer that stands word by word in its prompt{_first(table, scores)}",
            "take it out of the prompt, unless to copy is the task",
        )
        return self._finding(table, chats.answer or "", scores, said)

    def _cut(self, table: Table, chats: Chats) -> Finding | None:
        """Return the rows whose answer ends as few others do; their score is the share of answers that end whole."""
        ended = {at: is_ended(text) for at, text in chats.texts.items() if word_count(text) >= self.words}
        share = sum(ended.values()) / max(len(ended), 1)
        if len(ended) < self.rows or share < self.ended:
            return None
        scores = {at: share for at, is_whole in ended.items() if not is_whole}
        said = (
            f"an answer that looks cut off{_first(table, scores)}, where {100 * share:.3g} % end with a sign or digit",
            "complete or drop them: a model learns from them to stop within a sentence",
        )
        return self._finding(table, chats.answer or "", scores, said)

    def _given_often(self, table: Table, chats: Chats) -> Finding | None:
        """Return the rows whose answer refuses as others do, or is that of others; the score is their share."""
        texts = chats.texts
        least = max(self.often * len(texts), 1.0)
        alike = {text: rows for text, rows in repeated(texts, self.words).items() if len(rows) > least}
        scores = {row: len(rows) / len(texts) for rows in alike.values() for row in rows}
        phrases = boilerplate(texts)
        if len(phrases) > least:
            scores |= dict.fromkeys(phrases, len(phrases) / len(texts))
            alike |= {said: [at for at in phrases if phrases[at] == said] for said in phrases.values()}
        same = sorted(alike, key=lambda text: (-len(alike[text]), text))
        said = (
            f"an answer that more than {100 * self.often:.3g} % of rows give ({listed(same)}){_first(table, scores)}",
            "drop those that refuse for no reason, and keep few of the others: a model gives them to anything",
        )
        return self._finding(table, chats.answer or "", scores, said)

    def _lengths(self, table: Table, chats: Chats) -> Finding | None:
        """Return how many words prompts and answers have, a finding of no rows."""
        prompts = {at: sum(word_count(one["content"]) for one in turns or []) for at, turns in enumerate(chats.prompts)}
        answers = {at: word_count(text) for at, text in chats.texts.items()}
        told = [
            f"column '{name}': {_measures(table, counts)}"
            for name, counts in ((chats.prompt, prompts), (chats.answer, answers))
            if name is not None and counts
        ]
        advice = (
            f"words of a row: {'; '.join(told)}; a row longer than a base reads is cut, so choose its length by them"
        )
        return Finding(self.kind, "info", (), (), advice, None, len(table.data))


def _first(table: Table, scores: Mapping[int, float]) -> str:
    return f" (first: {table.data.place(min(scores))})" if scores else ""


def _measures(table: Table, counts: Mapping[int, int]) -> str:
    values = list(counts.values())
    longest = max(counts, key=lambda at: counts[at])
    high = float(np.quantile(values, 0.95))
    return (
        f"median {median(values):.0f}, 95 % up to {high:.0f}, longest {counts[longest]} ({table.data.place(longest)})"
    )
