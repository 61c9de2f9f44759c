"""Messages in the forms in which tools for chat write them, to those of `data.chats`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..chats import MORE, Message, message
from ._values import kind_name

SPEAKERS = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "function_call": "assistant",
    "tool_call": "assistant",
    "tool": "tool",
    "function": "tool",
    "observation": "tool",
    "function_response": "tool",
    "tool_response": "tool",
}
"""Who speaks, as it is written -> the role."""
CALLING = ("function_call", "tool_call")
TEXTS = ("text", "input_text", "output_text")  # types of the parts of a content that are texts


@dataclass(slots=True)
class Turns:
    """Reads messages, and remembers the keys that it left out."""

    left_out: dict[str, None] = field(default_factory=dict)

    def read(self, given: Any, key: str) -> list[Message]:
        """Return the messages of a list. Raises ValueError naming the one that is none."""
        if not isinstance(given, Sequence) or isinstance(given, str):
            raise ValueError(f"{kind_name(given)} under '{key}', where the list of messages must stand")
        if not given:
            raise ValueError(f"no messages under '{key}'; write some, or take the row out")
        found = []
        for number, one in enumerate(given, 1):
            try:
                found.append(self._message(one))
            except ValueError as error:
                raise ValueError(f"message {number} of '{key}': {error}") from error
        return found

    def _message(self, one: Any) -> Message:
        if not isinstance(one, Mapping):
            raise ValueError(f"{kind_name(one)}, not an object with a role and a content")
        values = {key: value for key, value in one.items() if value is not None}
        who, said = ("from", "value") if "from" in values and "role" not in values else ("role", "content")
        speaker, content = values.pop(who, None), values.pop(said, None)
        if not isinstance(speaker, str):
            fact = f"no '{who}'" if speaker is None else f"{kind_name(speaker)} under '{who}', not a text"
            raise ValueError(f"{fact}; say who speaks: system, user, assistant or tool")
        role = SPEAKERS.get(speaker.strip().lower())
        if role is None:
            raise ValueError(f"an unknown role '{speaker:.40}' (known: {', '.join(SPEAKERS)}); rename it")
        if speaker.strip().lower() in CALLING:
            values["tool_calls"], content = _calls(content), ""
        elif "function_call" in values and "tool_calls" not in values:
            values["tool_calls"] = _calls(values.pop("function_call"))
        if type(values.get("weight")) in (int, float) and values["weight"] == 1:
            del values["weight"]  # the usual one
        self.left_out |= dict.fromkeys(key for key in values if key not in MORE)
        more = {key: values[key] for key in MORE if key in values}
        try:
            return message({"role": role, "content": _text(content, said)} | more)
        except ValueError as error:
            fact = str(error).replace("'content'", f"'{said}'")
            raise ValueError(f"{fact}; correct the message") from error


def beginning_with(system: Any, messages: list[Message]) -> list[Message]:
    """Return messages with the words of a row's own key `system` before them, if it has any. Raises ValueError."""
    if system is None or system == "":
        return messages
    if not isinstance(system, str):
        raise ValueError(f"{kind_name(system)} under 'system', not a text; correct it")
    if any(one["role"] == "system" for one in messages):
        raise ValueError("a key 'system' beside a message of the system; keep one of them")
    return [{"role": "system", "content": system}, *messages]


def _text(content: Any, key: str) -> Any:
    """Return a content in parts as one text. Raises ValueError at a part that is none."""
    if not isinstance(content, list):
        return content
    texts = []
    for part in content:
        kind = part.get("type", "text") if isinstance(part, Mapping) else kind_name(part)
        text = part.get("text") if isinstance(part, Mapping) else None
        if kind not in TEXTS or not isinstance(text, str):
            fact = f"a part of the type '{kind}'" if kind not in TEXTS else "a part without its 'text'"
            raise ValueError(f"{fact} under '{key}', where only texts are read; take it out, or leave out the row")
        texts.append(text)
    return "".join(texts)


def _calls(given: Any) -> list[dict[str, Any]]:
    """Return calls in the form of `tool_calls`, from one call or a list of them, or their JSON. Raises ValueError."""
    value = given
    if isinstance(given, str):
        try:
            value = json.loads(given)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"a call of a tool that is not JSON ('{given:.40}'); write name and arguments") from error
    found = value if isinstance(value, list) else [value]
    for one in found:
        if not isinstance(one, Mapping) or not isinstance(one.get("name"), str):
            raise ValueError("a call of a tool without its 'name'; write name and arguments")
    if not found:
        raise ValueError("a call of no tool; write name and arguments")
    return [{"type": "function", "function": dict(one)} for one in found]
