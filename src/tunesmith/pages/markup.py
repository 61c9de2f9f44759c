"""Markup that is safe by type: `Html` is only ever made here, and every text and attribute is escaped on the way."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NewType

from .values import plain

Html = NewType("Html", str)

# What XML cannot hold, lone surrogates (not encodable in UTF-8), and marks that reorder the text around them.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")
EMPTY = frozenset({"meta", "img"})  # elements of HTML that have no end tag
NOTHING = Html("")
CLIP = 240
CLIP_LINES = 6


def text(value: Any) -> Html:
    """Return any value as escaped text; characters no page can show become U+FFFD."""
    return Html(html.escape(UNPRINTABLE.sub("\ufffd", plain(value))))


def join(parts: Iterable[Html]) -> Html:
    """Return pieces of markup in a row."""
    return Html("".join(parts))


def element(name: str, /, *children: Html, **attributes: Any) -> Html:
    """Return one element. `class_` and `aria_label` are written `class` and `aria-label`; None leaves one out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in EMPTY:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{''.join(children)}</{name}>")


def _attribute(value: Any) -> Html:
    return text(f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else value)


def paragraph(sentence: str, class_: str | None = None) -> Html:
    """Return a paragraph of plain text."""
    return element("p", text(sentence), class_=class_)


def clipped(value: Any, limit: int = CLIP) -> Html:
    """Return a text of the user's rows, isolated from its surroundings; past the limit it unfolds on a click.

    `limit` are characters; a text of many short lines is cut earlier.
    """
    full = plain(value)
    seen = "\n".join(full[:limit].split("\n", CLIP_LINES)[:CLIP_LINES])
    if len(seen) == len(full):
        return element("bdi", text(full), class_="data")
    start = element("bdi", text(seen.rstrip() + "…"), class_="data")
    size = element("span", text(f"{len(full):,} characters"), class_="more")
    return element("details", element("summary", start, size), element("bdi", text(full), class_="data full"))


def chart(picture: Html, caption: str) -> Html:
    """Return a chart with the sentence that says how to read it."""
    return element("figure", picture, element("figcaption", text(caption)))


def folded(title: str, *content: Html) -> Html:
    """Return content that unfolds on a click."""
    return element("details", element("summary", text(title)), *content, class_="fold")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, and whether it holds numbers (then it is aligned to the right)."""

    heading: str
    is_number: bool = False


def table(columns: Sequence[Column], rows: Iterable[Sequence[Html]], caption: str = "") -> Html:
    """Return a table that scrolls sideways where the screen is narrow."""
    kinds = ["number" if column.is_number else None for column in columns]
    head = join(
        element("th", text(column.heading), scope="col", class_=kind)
        for column, kind in zip(columns, kinds, strict=True)
    )
    body = join(
        element("tr", *(element("td", cell, class_=kind) for cell, kind in zip(row, kinds, strict=True)))
        for row in rows
    )
    title = element("caption", text(caption)) if caption else NOTHING
    whole = element("table", title, element("thead", element("tr", head)), element("tbody", body))
    return element("div", whole, class_="scroll", tabindex="0", role="region", aria_label=caption or "Table")


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a page: its anchor, its heading and what stands below; without content it is left out."""

    anchor: str
    heading: str
    content: Html

    def __bool__(self) -> bool:
        return bool(self.content)

    def render(self) -> Html:
        """Return the section's markup."""
        return element("section", element("h2", text(self.heading)), self.content, id=self.anchor)
