"""A sentence with its tags: what was found, what was missed, and what was answered where something else stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from .markup import Html, element, join, paragraph, text
from .values import block

NONE = "O"  # the tag of a word outside of every entity
MOST_WORDS = 300  # of a sentence that a page shows


def tagged(row: Mapping[str, Any]) -> Html | None:
    """Return a row's words with runs of like tags marked, None where the row has no tag for each word."""
    truth: Any = row.get("target")
    answer: Any = row.get("answer")
    if not _is_words(truth) or not _is_words(answer) or len(truth) != len(answer):
        return None
    lists: list[Any] = [one for one in block(row.get("inputs")).values() if _is_words(one) and len(one) == len(truth)]
    if not lists or not truth:
        return None
    words = list(zip(lists[0], truth, answer, strict=True))
    marks = (_run([one[0] for one in some], *pair) for pair, some in groupby(words[:MOST_WORDS], key=_kinds))
    line = element("p", *_spaced(marks), class_="tagged")
    more = len(words) - MOST_WORDS
    return join((line, paragraph(f"and {more} more words", "quiet"))) if more > 0 else line


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _kinds(one: tuple[str, str, str]) -> tuple[str, str]:
    """Return the types that a word was tagged with, right and answered, without the place in an entity."""
    return _kind(one[1]), _kind(one[2])


def _kind(tag: str) -> str:
    return tag[2:] if tag[1:2] == "-" else tag


def _run(words: Sequence[str], truth: str, answer: str) -> Html:
    said = text(" ".join(words))
    if truth == answer:
        return element("bdi", said) if truth == NONE else _marked(said, "right", truth)
    if answer == NONE:
        return _marked(said, "missed", truth)
    return _marked(said, "false", answer if truth == NONE else f"{answer}, not {truth}")


def _marked(words: Html, how: str, kind: str) -> Html:
    label = {"right": kind, "missed": f"{kind} missed", "false": kind}[how]
    return element("mark", element("bdi", words), element("small", text(label)), class_=how)


def _spaced(marks: Any) -> list[Html]:
    pieces: list[Html] = []
    for mark in marks:
        pieces += [mark, text(" ")]
    return pieces[:-1]
