"""Answers shown where they stand: the right one and the one given, marked in their text."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from .markup import Html, clipped, element, folded, join, text
from .values import blocks, number

AROUND = 140  # characters of the text that are shown on both sides of an answer
JOINER = " / "
NONE = "no answer"

Place = tuple[int, int]


def words(answers: Any) -> str:
    """Return the texts of a list of answers, each once, or that there is none."""
    return JOINER.join(dict.fromkeys(str(one.get("text", "")) for one in blocks(answers))) or NONE


def fields(values: Mapping[str, Any], right: Any, said: Any) -> Html:
    """Return a row's columns as names and values, the last of them the text with its answers marked."""
    shown = []
    for at, (name, value) in enumerate(values.items()):
        is_text = at == len(values) - 1
        cell = passage(str(value or ""), _places(right, value), _places(said, value)) if is_text else clipped(value)
        shown.append(join((element("dt", text(name)), element("dd", cell))))
    return element("dl", *shown, class_="row-fields")


def passage(whole: str, right: Sequence[Place], said: Sequence[Place]) -> Html:
    """Return what stands around the marked places; the whole text unfolds where that leaves something out."""
    shown = _merged([(max(0, start - AROUND), min(len(whole), end + AROUND)) for start, end in (*right, *said)])
    if not shown:
        return clipped(whole)
    gap = text(" … ")
    pieces = [_marked(whole, one, right, said) for one in shown]
    parts = [gap] * (shown[0][0] > 0) + [piece for one in pieces for piece in (one, gap)][:-1]
    parts += [gap] * (shown[-1][1] < len(whole))
    excerpt = element("bdi", *parts, class_="data")
    if sum(end - start for start, end in shown) >= len(whole):
        return excerpt
    full = element("bdi", _marked(whole, (0, len(whole)), right, said), class_="data full")
    return join((excerpt, folded(f"The whole text ({len(whole):,} characters)", full)))


def _marked(whole: str, shown: Place, right: Sequence[Place], said: Sequence[Place]) -> Html:
    """Return a piece of a text: what is right as inserted, what was only answered as marked."""
    first, last = shown
    edges = {first, last} | {at for place in (*right, *said) for at in place if first < at < last}
    ordered, pieces = sorted(edges), []
    for start, end in itertools.pairwise(ordered):
        piece = text(whole[start:end])
        if _within(start, right):
            title = "right, and answered" if _within(start, said) else "right"
            piece = element("ins", piece, title=title)
        elif _within(start, said):
            piece = element("mark", piece, title="answered")
        pieces.append(piece)
    return join(pieces)


def _within(at: int, places: Sequence[Place]) -> bool:
    return any(start <= at < end for start, end in places)


def _merged(places: Sequence[Place]) -> list[Place]:
    found: list[Place] = []
    for start, end in sorted(places):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def _places(answers: Any, value: Any) -> list[Place]:
    """Return where answers stand in a text; one that does not stand where it says is left out."""
    found = []
    for one in blocks(answers):
        start, answer = number(one.get("start")), one.get("text")
        if start is not None and isinstance(answer, str) and answer and str(value or "").startswith(answer, int(start)):
            found.append((int(start), int(start) + len(answer)))
    return found
