"""The rows of one finding: what they hold, where the fault is, what they repeat, and what they should hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .markup import NOTHING, Column, Html, clipped, element, folded, join, paragraph, table, text
from .values import DASH, block, blocks, count, figure, number

MOST_ROWS = 20  # offending rows of one finding that a page shows
MOST_FIELDS = 8  # columns of one row that are seen at once; the others unfold
ID_CLIP = 24  # an id that is a hash fits whole; a key column may hold anything
PICTURE = re.compile(r"data:image/(?:jpeg|png);base64,[A-Za-z0-9+/]+={0,2}")

Row = Mapping[str, Any]


def offenders(finding: Mapping[str, Any], total: float | None) -> Html:
    """Return the rows of a finding; folded where only their numbers are known."""
    rows = blocks(finding.get("rows"))
    column = finding.get("column")
    has_inputs = any(block(row.get("inputs")) for row in rows)
    has_target = any("target" in row for row in rows)
    is_apart = not has_inputs  # then repeats and suggestions need columns of their own
    has_origin = is_apart and any(row.get("repeats") for row in rows)
    has_suggestion = any("suggestion" in row for row in rows) and (is_apart or not any(map(_has(column), rows)))
    optional = (
        ("What it holds", has_inputs),
        ("Target", has_target),
        ("Repeats", has_origin),
        ("Suggestion", has_suggestion),
    )
    headings = [Column("Row", True), *(Column(name) for name, is_there in optional if is_there)]
    body = []
    for row in rows[:MOST_ROWS]:
        cells = [text(count(row.get("row")))]
        cells += [_holding(row, column)] * has_inputs
        cells += [element("div", _target(row, column), class_="answer-cell")] * has_target
        cells += [text(row.get("repeats"))] * has_origin
        cells += [_after(row.get("suggestion")) if "suggestion" in row else text(DASH)] * has_suggestion
        score = row.get("score")
        cells += [text(figure(number(score)) if number(score) is not None else score)]
        body.append([*cells, element("div", clipped(row.get("id"), ID_CLIP), class_="id")])
    shown = table([*headings, Column("Score", True), Column("Id")], body, "Offending rows")
    left = max(len(rows), int(total or 0)) - len(body)
    more = paragraph(f"and {left:,} more, not shown here", "quiet") if left > 0 else NOTHING
    content = join((shown, more))
    return content if has_inputs else folded(f"The rows ({len(body)})", content)


def _has(column: Any) -> Any:
    """Return whether a row shows the value of a column, as an input or, without that, as its target."""
    return lambda row: column in block(row.get("inputs")) or (column is not None and "target" in row)


def _holding(row: Row, column: Any) -> Html:
    """Return what a row holds, beside what it repeats."""
    if not block(row.get("inputs")):
        return text(DASH)
    own = _fields(row, column, row)
    original = block(row.get("original"))
    if not original:
        return own
    place = paragraph(f"{row['repeats']} holds" if row.get("repeats") else "The other row holds", "quiet")
    fields = _fields(original, column, {})
    answer = element("p", text("target "), element("b", element("bdi", text(original.get("target")))), class_="quiet")
    beside = element("div", place, fields, answer if "target" in original else NOTHING)
    return element("div", element("div", paragraph("This row holds", "quiet"), own), beside, class_="twins")


def _fields(row: Row, column: Any, change: Row) -> Html:
    """Return the columns of one row as names and values, the one at fault first; the last ones unfold."""
    values, pictures = block(row.get("inputs")), block(row.get("pictures"))
    names = sorted(values, key=lambda name: name != column)
    if len(names) == 1 and names[0] != column and not pictures:
        return clipped(values[names[0]])
    shown = []
    for name in names:
        is_at_fault = name == column
        cell = _value(values[name], change if is_at_fault else {}, is_at_fault)
        if name in pictures:
            cell = element("div", picture(pictures[name]), cell, class_="picture")
        shown.append(join((element("dt", text(name)), element("dd", cell))))
    first = element("dl", *shown[:MOST_FIELDS], class_="row-fields")
    rest = shown[MOST_FIELDS:]
    left_out = int(number(row.get("columns_left_out")) or 0)
    more = paragraph(f"and {left_out:,} columns more, not shown here", "quiet") if left_out > 0 else NOTHING
    if not rest:
        return join((first, more))
    return join((first, folded(f"{len(rest)} columns more", element("dl", *rest, class_="row-fields"), more)))


def _target(row: Row, column: Any) -> Html:
    is_at_fault = column is not None and column not in block(row.get("inputs")) and "target" in row
    return _value(row.get("target"), row if is_at_fault else {}, is_at_fault)


def _value(value: Any, change: Row, is_at_fault: bool) -> Html:
    """Return a value, marked where it is at fault, and what should stand there where that is known."""
    if not is_at_fault:
        return clipped(value)
    marked = element("mark", clipped(value))
    if "suggestion" not in change or change["suggestion"] == value:
        return marked
    arrow = element("span", text("→"), class_="arrow", role="img", aria_label="should be")
    return element("div", marked, arrow, _after(change["suggestion"]), class_="change")


def _after(suggestion: Any) -> Html:
    return element("i", text("missing")) if suggestion is None else element("ins", clipped(suggestion))


def picture(address: Any) -> Html:
    """Return a thumbnail out of the page itself; a sign where there is none, nothing where none was made."""
    if address == "":
        return NOTHING
    if isinstance(address, str) and PICTURE.fullmatch(address):
        return element("img", src=address, alt="")
    return element("span", text("✗"), class_="no-picture", role="img", aria_label="no picture can be shown")
