"""The check of a file's rows as a page: what the columns hold, and the very rows that need a look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .document import document
from .evidence import findings
from .markup import NOTHING, Column, Html, Section, clipped, element, join, paragraph, table, text
from .values import blocks, count, items, number, percent, plain

Check = Mapping[str, Any]
EXPECTED = {"rows": "the number of rows", "columns": "the columns", "findings": "the findings"}
EXAMPLE_LENGTH = 60


def render_check(check: Check) -> str:
    """Return the check of a file as one HTML page that opens offline; the same check gives the same bytes.

    `check` holds JSON values; a block that is missing or broken is left out and named at the foot of the page.
    """
    source = plain(check.get("source") or "Unnamed data")
    absent = [words for key, words in EXPECTED.items() if check.get(key) is None]
    return document(f"{source} · Tunesmith check", _header(check, source), [findings(check), _columns(check)], absent)


def _header(check: Check, source: str) -> Html:
    found = blocks(check.get("findings"))
    severe = sum(one.get("severity") == "error" for one in found)
    if check.get("findings") is None:
        class_, mark, words = "unknown", "?", "Not checked"
    elif severe:
        class_, mark, words = "none", "✗", f"{severe} {'error' if severe == 1 else 'errors'} to mend before training"
    elif found:
        class_, mark, words = "hold", "!", f"{len(found)} {'finding' if len(found) == 1 else 'findings'} to look at"
    else:
        class_, mark, words = "ship", "✓", "Nothing found"
    names = ", ".join(dict.fromkeys(plain(one.get("check") or "unnamed check").replace("_", " ") for one in found))
    said = element("div", element("strong", text(words)), paragraph(names or "Every check that ran is content."))
    if check.get("findings") is None:
        said = element("div", element("strong", text(words)), paragraph("No findings are recorded, not even none."))
    banner = element(
        "div", element("span", text(mark), class_="mark", aria_hidden="true"), said, class_=f"verdict {class_}"
    )
    target = f"target {plain(check['target'])}" if check.get("target") else "no target is named"
    title = element("h1", element("bdi", text(source)), element("span", text(target)))
    pairs = (
        ("Rows", count(check.get("rows"))),
        ("Columns", f"{len(blocks(check.get('columns'))):,}"),
        ("Findings", f"{len(found):,}"),
    )
    figures = (
        element("div", element("dt", text(term)), element("dd", text(value), class_="value")) for term, value in pairs
    )
    return element("header", title, banner, element("dl", *figures, class_="figures"))


def _columns(check: Check) -> Section:
    total = number(check.get("rows"))
    rows = []
    for column in blocks(check.get("columns")):
        name = element("b", element("bdi", text(column.get("name"))))
        if column.get("name") is not None and column.get("name") == check.get("target"):
            name = join((name, element("span", text("target"), class_="badge info")))
        examples = join(element("li", clipped(value, EXAMPLE_LENGTH)) for value in items(column.get("examples"))[:5])
        cells = (text(column.get("kind")), _missing(column, total), text(count(column.get("distinct"))))
        rows.append((name, *cells, element("ul", examples, class_="examples") if examples else NOTHING))
    headings = (Column("Column"), Column("Kind"), Column("Missing", True), Column("Distinct", True), Column("Examples"))
    return Section("columns", "Columns", table(headings, rows, "What each column holds") if rows else NOTHING)


def _missing(column: Mapping[str, Any], total: float | None) -> Html:
    missing = number(column.get("missing"))
    if missing is None or not missing or not total or missing > total:
        return text(count(missing))
    return join((text(count(missing)), element("small", text(percent(missing / total)))))
