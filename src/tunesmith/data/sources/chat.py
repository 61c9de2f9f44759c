"""Conversations as tools for chat write them, to what stands before the last answer and that answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from ...core.errors import DataError
from ..chats import Message, answer_of, begins_like_messages, messages_of, written, written_answer
from ..shapes import ANSWER, PROMPT
from . import Note, silent
from ._bytes import Local, examined
from ._files import Files
from ._json import half_character, objects
from ._turns import Turns, beginning_with
from ._values import column, kind_name

Form = Literal["messages", "sharegpt", "alpaca", "completion", "text"]
Values = dict[str, Any]
MARKS: dict[Form, str] = {
    "messages": "messages",
    "sharegpt": "conversations",
    "alpaca": "instruction",
    "completion": PROMPT,
    "text": "text",
}
"""Form -> the key that tells it; of a row with several, the first counts."""
TOOLS = "tools"
INPUTS, OUTPUTS = ("input", "context"), ("output", "response")
COMPLETIONS = ("completion", "response", ANSWER)


class Chat(Files):
    """A row per conversation: `prompt`, `answer`, `tools` if there are any, and the other keys with single values.

    `answer` is the last message, where it is the assistant's, and `prompt` all before it: a text where that is one
    message of the user, else a JSON array of messages. A conversation that nobody has answered yet is unlabelled.
    """

    format: Literal["auto", "messages", "sharegpt", "alpaca", "completion", "text"] = "auto"
    """How conversations are written; `auto` tells it from the keys, of which all rows must have those of one form."""
    unanswered: Literal["keep", "drop"] = "keep"
    """What becomes of a conversation whose last message is not the assistant's: it has no label, or is left out."""

    def read_file(self, file: Local, note: Note = silent) -> pl.DataFrame:
        """Return a row per conversation. Raises DataError with row and line where one cannot be read."""
        reading = _Reading(None if self.format == "auto" else self.format)
        rows = [
            reading.row(one, f"{file.name} row {number} (line {line})")
            for number, (line, one) in enumerate(objects(examined(file).blocks(), file.name), 1)
        ]
        if not rows:
            raise DataError(f"{file.name}: no conversations; give a file with an object per conversation")
        kept = [one for one in rows if one.answer is not None or self.unanswered == "keep"]
        self._note(reading, len(rows), sum(one.answer is None for one in rows), lambda text: note(f"{file.name}{text}"))
        if not kept:
            raise DataError(f"{file.name}: no conversation ends with an answer; give some, or say `unanswered: keep`")
        try:
            return _frame(kept, reading.has_tools)
        except UnicodeEncodeError as error:
            raise half_character(error, file.name) from error

    def _note(self, reading: _Reading, rows: int, unanswered: int, note: Note) -> None:
        if unanswered:
            became = "were left out" if self.unanswered == "drop" else "have no label"
            note(f": {unanswered} of {rows} conversations do not end with an answer and {became}")
        if reading.left_out:
            note(f": keys that hold lists or objects were left out: {', '.join(reading.left_out)}")
        if reading.turns.left_out:
            note(f": keys of messages were left out: {', '.join(reading.turns.left_out)}")


@dataclass(frozen=True, slots=True)
class _Row:
    """The cells of one conversation, and where it stands."""

    place: str
    prompt: str
    answer: str | None
    tools: str | None
    others: Mapping[str, Any]


@dataclass(slots=True)
class _Reading:
    """A file on its way to rows; where the form is not given, the first row tells it."""

    form: Form | None
    first: str | None = None
    turns: Turns = field(default_factory=Turns)
    left_out: dict[str, None] = field(default_factory=dict)
    has_tools: bool = False

    def row(self, one: Values, place: str) -> _Row:
        """Return the cells of an object. Raises DataError with its place where it holds no conversation."""
        values = dict(one)
        try:
            form = self._form(values, place)
            messages = READERS[form](values, self.turns)
            self.has_tools = self.has_tools or TOOLS in values
            tools = _tools(values.pop(TOOLS, None))
            return _Row(place, *_cells(messages), tools, self._others(values))
        except ValueError as error:
            raise DataError(f"{place}: {error}") from error

    def _form(self, values: Values, place: str) -> Form:
        known = ", ".join(MARKS.values())
        if self.form is not None and self.first is None:
            if values.get(MARKS[self.form]) is None:
                raise ValueError(f"no '{MARKS[self.form]}', which `format: {self.form}` reads; correct one of the two")
            return self.form
        form = next((form for form, key in MARKS.items() if values.get(key) is not None), None)
        if form is None:
            keys = ", ".join(f"'{key}'" for key in list(values)[:8])
            raise ValueError(f"no conversation under {keys}; write it under one of {known}")
        if self.form is None:
            self.form, self.first = form, place
        if form != self.form:
            fact = f"a conversation of the form {form}, but {self.first} is of the form {self.form}"
            raise ValueError(f"{fact}; keep one form in a file, or say which by `format`")
        return form

    def _others(self, values: Values) -> Values:
        single = {key: one for key, one in values.items() if not isinstance(one, list | dict)}
        self.left_out |= dict.fromkeys(key for key in values if key not in single)
        return {f"{key}_given" if key in (PROMPT, ANSWER, TOOLS) else key: one for key, one in single.items()}


def _listed(key: str) -> Callable[[Values, Turns], list[Message]]:
    """Return the reader of a list of messages under a key."""

    def read(values: Values, turns: Turns) -> list[Message]:
        found = turns.read(values.pop(key), key)
        return beginning_with(values.pop("system", None), found)

    return read


def _alpaca(values: Values, turns: Turns) -> list[Message]:
    """Return system, history, instruction with its input, and the output if there is one."""
    asked, answer = _text(values, "instruction"), _first(values, OUTPUTS)
    more = _first(values, INPUTS) or ""
    found: list[Message] = []
    for number, pair in enumerate(values.pop("history", None) or [], 1):
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(one, str) for one in pair):
            raise ValueError(f"pair {number} of 'history' is not a list of two texts; correct it")
        found += [{"role": "user", "content": pair[0]}, {"role": "assistant", "content": pair[1]}]
    found.append({"role": "user", "content": f"{asked}\n\n{more}" if more.strip() else asked})
    found += [] if answer is None else [{"role": "assistant", "content": answer}]
    return beginning_with(values.pop("system", None), found)


def _completion(values: Values, turns: Turns) -> list[Message]:
    """Return a prompt, a text or messages, and what completes it; our own cells are read back."""
    prompt = values.pop(PROMPT)
    if isinstance(prompt, list):
        found = turns.read(prompt, PROMPT)
    elif isinstance(prompt, str):
        found = messages_of(prompt) if begins_like_messages(prompt) else _said("user", prompt)
    else:
        raise ValueError(f"{kind_name(prompt)} under '{PROMPT}', not a text or a list of messages; correct it")
    found = beginning_with(values.pop("system", None), found)
    key = next((key for key in COMPLETIONS if values.get(key) is not None), ANSWER)
    if isinstance(values.get(key), list):
        return found + turns.read(values.pop(key), key)
    answer = _first(values, COMPLETIONS)
    if answer is None:
        return found
    return [*found, answer_of(answer) if key == ANSWER else {"role": "assistant", "content": answer}]


def _plain(values: Values, turns: Turns) -> list[Message]:
    """Return a text that is learnt by heart, with nothing before it."""
    return [{"role": "assistant", "content": _text(values, "text")}]


READERS: dict[Form, Callable[[Values, Turns], list[Message]]] = {
    "messages": _listed("messages"),
    "sharegpt": _listed("conversations"),
    "alpaca": _alpaca,
    "completion": _completion,
    "text": _plain,
}


def _said(role: str, text: str) -> list[Message]:
    return [{"role": role, "content": text}] if text else []


def _text(values: Values, key: str) -> str:
    """Take a text out of a row. Raises ValueError where there is none under this key."""
    found = values.pop(key)
    if not isinstance(found, str):
        raise ValueError(f"{kind_name(found)} under '{key}', not a text; write it as one")
    return found


def _first(values: Values, keys: tuple[str, ...]) -> str | None:
    """Take the first text under some keys out of a row, None where all are null. Raises ValueError where it is none."""
    key = next((key for key in keys if values.get(key) is not None), None)
    found = None if key is None else _text(values, key)
    for name in keys:
        if name in values and values[name] is None:
            del values[name]
    return found


def _cells(messages: list[Message]) -> tuple[str, str | None]:
    """Return prompt and answer, None where the last turn is not the assistant's. Raises ValueError without a turn."""
    if not messages:
        raise ValueError("an empty prompt without an answer; write one of them, or take the row out")
    if messages[-1]["role"] == "assistant":
        return written(messages[:-1]), written_answer(messages[-1])
    if messages[-1]["role"] == "system":
        raise ValueError("the last message is of the system, so nothing is asked or answered; add what was said")
    return written(messages), None


def _tools(given: Any) -> str | None:
    """Return the tools of a row as JSON. Raises ValueError where they are no list."""
    if given is None or given == "" or given == []:
        return None
    try:
        found = json.loads(given) if isinstance(given, str) else given
    except (ValueError, RecursionError) as error:
        raise ValueError(f"a text under '{TOOLS}' that is not JSON; write the list of tools") from error
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValueError(f"'{TOOLS}' is no list of objects; write a list of tools")
    return given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)


def _frame(rows: list[_Row], has_tools: bool) -> pl.DataFrame:
    """Return the rows as columns. Raises DataError where a column holds what no column can."""
    names = dict.fromkeys(name for row in rows for name in row.others)
    made = [
        pl.Series(PROMPT, [row.prompt for row in rows], pl.String),
        pl.Series(ANSWER, [row.answer for row in rows], pl.String),
    ]
    if has_tools:
        made.append(pl.Series(TOOLS, [row.tools for row in rows], pl.String))
    made += [column(name, [row.others.get(name) for row in rows], lambda at: rows[at].place) for name in names]
    return pl.DataFrame(made).cast({pl.Null: pl.String})
