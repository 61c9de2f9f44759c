"""The shell of a page: one file that opens offline, loads nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from .markup import Html, Section, element, join, paragraph, text

# A second lock behind the escaping: even markup that slipped through could neither run nor load anything.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def document(title: str, header: Html, sections: Sequence[Section], absent: Sequence[str]) -> str:
    """Return a whole HTML page; empty sections are left out and `absent` names what the page could not show."""
    present = [section for section in sections if section]
    style = resources.files(__package__).joinpath("style.css").read_text(encoding="utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("title", text(title)),
        element("style", Html(style)),
    )
    links = (element("a", text(section.heading), href=f"#{section.anchor}") for section in present)
    contents = element("nav", *links, aria_label="Contents") if len(present) > 1 else Html("")
    missing = paragraph(f"Not recorded, so not shown: {', '.join(absent)}.") if absent else Html("")
    footer = element("footer", missing, paragraph("Written by Tunesmith. This file is complete: it loads nothing."))
    body = element("main", header, contents, join(section.render() for section in present), footer)
    return f"<!doctype html>\n{element('html', head, element('body', body), lang='en')}\n"
