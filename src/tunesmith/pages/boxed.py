"""A picture with boxes: the true ones and those that were answered, drawn upon it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .markup import Html, element, join, paragraph, text
from .offenders import PICTURE
from .values import blocks, number, percent, plain

EDGES = ("x", "y", "width", "height")
MOST = 100  # boxes of each kind that a picture shows
LETTERS = 22  # of them, one above the other, are as high as the picture


def boxed(row: Mapping[str, Any]) -> Html | None:
    """Return a row's picture with its boxes, and them in words; None where the row has no picture with boxes."""
    size, pictures = row.get("size"), row.get("pictures")
    if not isinstance(size, list) or len(size) != 2 or not isinstance(pictures, list) or not pictures:
        return None
    true, answered = (blocks(row.get(key)) for key in ("target", "answer"))
    width, height = (number(one) or 0.0 for one in size)
    address = pictures[0]
    words = paragraph(f"true: {_told(true)} · answered: {_told(answered)}", "quiet")
    if not isinstance(address, str) or not PICTURE.fullmatch(address) or not width or not height:
        return words
    letter = max(width, height) / LETTERS
    drawn = [_box(one, "true-box", letter) for one in true[:MOST]]
    drawn += [_box(one, "answered-box", letter) for one in answered[:MOST]]
    image = element("image", href=address, width=width, height=height, preserveAspectRatio="none")
    shown = element(
        "svg",
        element("title", text(f"true: {_told(true)}; answered: {_told(answered)}")),
        image,
        *drawn,
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        class_="boxed",
    )
    return join((shown, words))


def _box(box: Mapping[str, Any], kind: str, letter: float) -> Html:
    x, y, width, height = (number(box.get(name)) or 0.0 for name in EDGES)
    frame = element("rect", x=x, y=y, width=max(width, 0.0), height=max(height, 0.0), class_=kind)
    sure = number(box.get("confidence"))
    name = plain(box.get("label")) + (f" {percent(sure)}" if sure is not None else "")
    below = y + (height + letter if sure is None else -letter / 4)  # true ones below their box, answered ones above
    return join((frame, element("text", text(name), x=x, y=below, font_size=letter, class_=kind)))


def _told(boxes: list[Mapping[str, Any]]) -> str:
    """Return how many boxes of each label there are, in words."""
    counts: dict[str, int] = {}
    for one in boxes:
        label = plain(one.get("label"))
        counts[label] = counts.get(label, 0) + 1
    return ", ".join(f"{count} {label}" for label, count in sorted(counts.items())) or "nothing"
