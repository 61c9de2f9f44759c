"""What a language model is asked, out of encoded inputs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..core.errors import DataError, first_line
from .chats import Message
from .encoded import Encoded, Rows


@dataclass(frozen=True, slots=True)
class Marks:
    """The tokens that frame what a language model reads: one that begins it, if any, those that end an answer."""

    begin: int | None
    ends: frozenset[int]
    most: int
    """Rows are cut at so many tokens."""


PROBE = Path(__file__).with_name("probe.txt")
EXAMPLES = 3  # training rows that an untouched model is shown


def paragraphs(path: str | None) -> list[str]:
    """Return the paragraphs of a text file, or of the one that comes along. Raises DataError where there are none."""
    file = PROBE if path is None else Path(path)
    try:
        text = file.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise DataError(
            f"base.probe {path}: cannot be read ({first_line(error)}); name a text file in UTF-8, or leave it out"
        ) from error
    found = [one.strip() for one in re.split(r"\n\s*\n", text) if one.strip()]
    if not found:
        raise DataError(f"base.probe {path}: holds no text; name another file, or leave it out")
    return found


def conversations(inputs: Mapping[str, Rows]) -> list[list[Message]]:
    """Return what is asked in each row: its messages, else its texts as one message of a user."""
    if "chat" in inputs:
        return [list(row[0]) for row in np.asarray(inputs["chat"])]
    return [[{"role": "user", "content": "\n\n".join(one for one in row if one)}] for row in np.asarray(inputs["text"])]


def with_examples(inputs: Mapping[str, Rows], train: Encoded) -> dict[str, Rows]:
    """Return conversations with three training rows before them, of answers of the usual length.

    Each stands there as a question and its answer, behind the system's message, if there is one.
    """
    answers = np.asarray(train.targets)
    order = np.argsort([len(one) for one in answers], kind="stable")
    middle = order[len(order) // 2 :][:EXAMPLES]
    shown: list[Message] = []
    for row, answer in zip(conversations(train.take(middle).inputs), answers[middle], strict=True):
        shown += [*(one for one in row if one["role"] != "system"), {"role": "assistant", "content": answer}]
    rows = conversations(inputs)
    chats = np.empty((len(rows), 1), object)
    for at, row in enumerate(rows):
        begins = [one for one in row if one["role"] == "system"]
        chats[at, 0] = [*begins, *shown, *row[len(begins) :]]
    return {"chat": chats}
