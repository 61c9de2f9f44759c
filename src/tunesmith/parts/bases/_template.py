"""Conversations as the text that a language model reads, by the model's own template or one of ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jinja2

from ...core.errors import DataError, RecipeError, first_line
from ...data.chats import Message

SAID = "{{ message['content'] }}{% if message.get('tool_calls') %}{{ message['tool_calls'] | tojson }}{% endif %}"
TURN = SAID + "{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}"
DEFAULT = (
    "{% for message in messages %}### {{ message['role'] | capitalize }}:\n" + TURN + "\n\n{% endfor %}"
    "{% if add_generation_prompt %}### Assistant:\n{% endif %}"
)
"""For a model that brings no template: each turn under a heading, an answer closed by the end token."""
PLAIN = "{% for message in messages %}" + TURN + "{% endfor %}"
"""Nothing but what was said, one after another: for prompts and their completions, and for texts."""
OURS = {"default": DEFAULT, "plain": PLAIN}


def chosen(asked: str, own: str | None) -> str:
    """Return the template that `asked` means: `auto` is the tokenizer's `own`, else our default.

    Raises RecipeError for a word that is neither a name nor a template.
    """
    if asked == "auto":
        return own or DEFAULT
    if asked in OURS:
        return OURS[asked]
    if "{%" not in asked and "{{" not in asked:
        raise RecipeError(
            f"base.template: '{asked}' is no template; write auto, {', '.join(OURS)}, or a Jinja text over `messages`"
        )
    return asked


@dataclass(frozen=True, slots=True)
class Rendered:
    """A conversation as text: what is asked, what is answered, and where earlier answers stand in what is asked.

    `weight` is how much the answer counts.
    """

    asked: str
    answer: str
    weight: float
    earlier: tuple[tuple[int, int, float], ...]
    """First character, the one after the last, and the weight of each earlier answer, in `asked`."""


class Template:
    """A template for one tokenizer. `tokenizer` is transformers' own; its template is replaced by `text`."""

    def __init__(self, tokenizer: Any, text: str) -> None:
        self.tokenizer, self.text = tokenizer, text

    def asked(self, messages: Sequence[Message]) -> str:
        """Return what stands before an answer, the opening of the answer included. Raises DataError."""
        return self._text(messages, True) if messages else ""

    def rendered(self, messages: Sequence[Message]) -> Rendered:
        """Return a conversation that ends with an answer.

        Raises DataError where the template writes what was asked otherwise once it is answered: a model would be
        trained on what it never sees later.
        """
        asked, whole = self.asked(messages[:-1]), self._text(messages, False)
        if not whole.startswith(asked):
            raise DataError(
                "the template writes a question otherwise once it is answered, so training and serving would differ; "
                "give another `base: {template: ...}`"
            )
        earlier = []
        for at, message in enumerate(messages[:-1]):
            if message["role"] == "assistant":
                start, end = self.asked(messages[:at]), self._text(messages[: at + 1], False)
                if end.startswith(start) and asked.startswith(end):
                    earlier.append((len(start), len(end), float(message.get("weight", 1.0))))
        return Rendered(asked, whole[len(asked) :], float(messages[-1].get("weight", 1.0)), tuple(earlier))

    def _text(self, messages: Sequence[Message], is_open: bool) -> str:
        try:
            found = self.tokenizer.apply_chat_template(
                list(messages), chat_template=self.text, tokenize=False, add_generation_prompt=is_open
            )
        except jinja2.TemplateError as error:
            roles = ", ".join(str(one["role"]) for one in messages)
            raise DataError(
                f"the template refuses a conversation of {roles}: {first_line(error)}; correct the row, or give "
                "another `base: {template: ...}`"
            ) from error
        assert isinstance(found, str)
        return found
