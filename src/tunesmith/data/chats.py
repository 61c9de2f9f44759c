"""Conversations as cells: what stands before the last answer in one, the answer in another, and back to messages."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Message = dict[str, Any]
"""`role` and `content`, and where there are such: `name`, `tool_calls`, `tool_call_id`, `weight`."""
Wrong = Literal["unanswered", "empty", "same_role", "late_system", "uncalled_tool", "unknown_role"]

ROLES = ("system", "user", "assistant", "tool")
MORE = ("name", "tool_calls", "tool_call_id", "weight")  # what a message may hold beside its role and content
BEGIN = r'^[ \t\r\n]*\[[ \t\r\n]*\{[ \t\r\n]*"role"'
"""How a cell of messages begins; written for Python and for polars alike."""
BEGINS = re.compile(BEGIN)
KINDS = {str: "a text", list: "a list", dict: "an object", bool: "a truth value", int: "a number", float: "a number"}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a turn of a conversation, by the position of the turn from 0."""

    wrong: Wrong
    position: int
    fact: str


def message(value: Any) -> Message:
    """Return one message in its plain form, keys without a value left out. Raises ValueError where it is none.

    Only a message that calls tools may lack its content, which then is empty. Any role is let through.
    """
    if not isinstance(value, Mapping):
        raise ValueError(f"{_kind(value)}, not a message with 'role' and 'content'")
    given = {key: one for key, one in value.items() if one is not None}
    unknown = next((key for key in given if key not in ("role", "content", *MORE)), None)
    if unknown is not None:
        raise ValueError(f"an unknown key '{unknown}' (known: role, content, {', '.join(MORE)})")
    for key in ("role", "name", "tool_call_id"):
        if not isinstance(given.get(key, ""), str):
            raise ValueError(f"{_kind(given[key])} under '{key}', not a text")
    if not given.get("role"):
        raise ValueError("no 'role'")
    calls = given.get("tool_calls", [])
    if not isinstance(calls, list) or not all(isinstance(one, Mapping) for one in calls):
        raise ValueError("'tool_calls' is no list of objects")
    weight = given.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not math.isfinite(weight):
        raise ValueError(f"{_kind(weight)} under 'weight', not a finite number")
    content = given.get("content", "" if calls else None)
    if not isinstance(content, str):
        raise ValueError("no 'content'" if content is None else f"{_kind(content)} under 'content', not a text")
    more = {key: given[key] for key in MORE if key in given and (key != "tool_calls" or calls)}
    return {"role": given["role"], "content": content} | more


def begins_like_messages(cell: str) -> bool:
    """Whether a cell begins as a list of messages does, so that it is read as one."""
    return BEGINS.match(cell) is not None


def written(messages: Sequence[Message]) -> str:
    """Return the cell of messages: nothing for none, the plain text of a single user message, else a JSON array.

    Raises ValueError where one is no message.
    """
    if not messages:
        return ""
    found = [message(one) for one in messages]
    text: str = found[0]["content"]
    if found == [{"role": "user", "content": text}] and text and not begins_like_messages(text):
        return text
    return _json(found)


def messages_of(cell: str) -> list[Message]:
    """Return the messages of a cell. Raises ValueError where it begins like messages and is something else."""
    if not cell:
        return []
    if not begins_like_messages(cell):
        return [{"role": "user", "content": cell}]
    found = []
    for number, one in enumerate(_parsed(cell), 1):
        try:
            found.append(message(one))
        except ValueError as error:
            raise ValueError(f"message {number}: {error}") from error
    return found


def written_answer(answer: Message) -> str:
    """Return the cell of an answer: its content, or `{"content": ..., "tool_calls": [...]}` where it is more than that.

    A content that would itself be read as such an object is wrapped in one. Raises ValueError where the answer is no
    message of the assistant.
    """
    found = message(answer)
    if found["role"] != "assistant":
        raise ValueError(f"an answer of the role '{found['role']}'")
    more = {key: found[key] for key in MORE if key in found and key != "tool_calls"}
    content: str = found["content"]
    if "tool_calls" not in found and not more and _wrapped(content) is None:
        return content
    return _json({"content": content, "tool_calls": found.get("tool_calls", [])} | more)


def answer_of(cell: str) -> Message:
    """Return the assistant's message of a cell; any text that is not the object that calls tools is its content."""
    return _wrapped(cell) or {"role": "assistant", "content": cell}


def conversation(prompt: str, answer: str | None) -> list[Message]:
    """Return all messages of a row, the answer last if there is one. Raises ValueError as `messages_of` does."""
    return messages_of(prompt) + ([] if answer is None else [answer_of(answer)])


def spoken(cell: str) -> str:
    """Return what was said in a prompt cell, without the system's words and the signs of JSON; other cells as they are.

    By it conversations are compared: they often share a system's message that is longer than all the rest.
    """
    if not begins_like_messages(cell):
        return cell
    try:
        return "\n".join(one["content"] for one in messages_of(cell) if one["role"] != "system")
    except ValueError:
        return cell


def faults(messages: Sequence[Message]) -> list[Fault]:
    """Return what is wrong with a conversation, in the order of its turns; one without messages lacks its answer."""
    found = [fault for at in range(len(messages)) for fault in _turn_faults(messages, at)]
    if not messages or messages[-1]["role"] != "assistant":
        said = f"the last message is of the {messages[-1]['role']}" if messages else "there is no message"
        found.append(Fault("unanswered", max(len(messages) - 1, 0), f"{said}, not of the assistant"))
    return found


def _turn_faults(messages: Sequence[Message], at: int) -> Iterator[Fault]:
    one, role = messages[at], messages[at]["role"]
    if role not in ROLES:
        yield Fault("unknown_role", at, f"the role '{role}' is none of {', '.join(ROLES)}")
    if not one["content"].strip() and not one.get("tool_calls"):
        yield Fault("empty", at, f"the {role} says nothing")
    if at and role in ("user", "assistant") and messages[at - 1]["role"] == role:
        yield Fault("same_role", at, f"the {role} speaks twice in a row")
    if at and role == "system":
        yield Fault("late_system", at, "the system's message is not the first one")
    if role == "tool" and not _is_called(messages, at):
        yield Fault("uncalled_tool", at, "a tool answers that nobody called")


def _is_called(messages: Sequence[Message], at: int) -> bool:
    """Whether the assistant's message before a tool's, or before several of them, calls that tool."""
    before = next((one for one in reversed(messages[:at]) if one["role"] != "tool"), None)
    calls = before.get("tool_calls", []) if before is not None and before["role"] == "assistant" else []
    wanted, known = messages[at].get("tool_call_id"), {one["id"] for one in calls if isinstance(one.get("id"), str)}
    return bool(calls) and (wanted is None or not known or wanted in known)


def _wrapped(cell: str) -> Message | None:
    """Return the message of a cell that is an object of a content, calls and no other keys; None where it is text."""
    if cell.lstrip()[:1] != "{" or '"tool_calls"' not in cell:
        return None
    try:
        value = _parsed(cell)
        if not {"content", "tool_calls"} <= value.keys() or "role" in value:
            return None
        return message(value | {"role": "assistant"})
    except ValueError:
        return None


def _parsed(cell: str) -> Any:
    try:
        return json.loads(cell, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} (character {error.pos + 1})") from error
    except RecursionError as error:
        raise ValueError("lists nested too deeply") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"not JSON: {name}")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _kind(value: Any) -> str:
    return KINDS.get(type(value), f"a value of the type {type(value).__name__}")
