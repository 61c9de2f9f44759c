"""The rows and facts behind a report: worst errors, findings in the data, guards, the recipe, the environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from . import passages
from .boxed import boxed
from .markup import NOTHING, Column, Html, Section, clipped, element, folded, join, paragraph, table, text
from .offenders import offenders, picture
from .tagged import tagged
from .values import block, blocks, count, figure, number, percent, plain
from .writings import beside, is_written

Report = Mapping[str, Any]
SEVERITIES = ("error", "warning", "info")
MOST_WORST = 25


def fields(values: Mapping[str, Any]) -> Html:
    """Return the columns of one row as names and values; a row of one column needs no name."""
    if len(values) == 1:
        return clipped(next(iter(values.values())))
    pairs = (join((element("dt", text(name)), element("dd", clipped(value)))) for name, value in values.items())
    return element("dl", *pairs, class_="row-fields")


def worst(report: Report) -> Section:
    """The test rows the model was most wrong about: the first place to look for bad labels."""
    rows = blocks(report.get("worst"))
    cards = join(_card(row, report.get("task")) for row in rows[:MOST_WORST])
    advice = paragraph(
        "The test rows with the highest loss. A confident mistake is often a wrong label: read these first."
    )
    is_grid = any(row.get("pictures") for row in rows)
    content = join((advice, element("ol", cards, class_="cards grid" if is_grid else "cards"))) if rows else NOTHING
    return Section("worst", "Worst errors", content)


def _card(row: Mapping[str, Any], task: Any) -> Html:
    is_of_spans = task == "spans"
    place = [f"row {count(row.get('row'))}"] if number(row.get("row")) is not None else []
    place = [plain(row[key]) for key in ("source",) if row.get(key)] + place
    place += [f"id {plain(row['id'])}"] if row.get("id") else []
    told = [("true", "target", row.get("target")), ("answered", "answer", row.get("answer"))]
    shown = passages.words if is_of_spans else plain
    answers = (
        element("span", text(f"{word} "), element("b", element("bdi", text(shown(value)))), class_=class_)
        for word, class_, value in told
    )
    confidence, loss = number(row.get("confidence")), number(row.get("loss"))
    sure = [f"{percent(confidence)} sure"] if confidence is not None else []
    sure += [f"loss {figure(loss)}"] if loss is not None else []
    certain = element("span", text(" · ".join(sure)), class_="quiet")
    if is_written(row, task):
        return element("li", beside(row), paragraph(" · ".join([*sure, *place]), "quiet place"))
    words = tagged(row)
    if words is not None:
        return element("li", words, paragraph(" · ".join([*sure, *place]), "quiet place"))
    drawn = boxed(row)
    if drawn is not None:
        return element("li", drawn, paragraph(" · ".join([*sure, *place]), "quiet place"))
    head = element("p", *answers, certain, class_="answers")
    pictures = join(element("div", picture(one), class_="picture") for one in row.get("pictures") or [])
    inputs = block(row.get("inputs"))
    held = passages.fields(inputs, row.get("target"), row.get("answer")) if is_of_spans else fields(inputs)
    return element("li", pictures, head, held, paragraph(" · ".join(place), "quiet place"))


def findings(report: Report) -> Section:
    """What the checks found in the data, the most severe first."""
    found = blocks(report.get("findings"))
    if not found:
        is_clean = isinstance(report.get("findings"), list)
        content = paragraph("The checks found nothing.", "calm") if is_clean else NOTHING
    else:
        content = join(finding(one) for one in sorted(found, key=_severity))
    return Section("findings", "Findings in the data", content)


def _severity(one: Mapping[str, Any]) -> tuple[int, float]:
    name = one.get("severity")
    return SEVERITIES.index(name) if name in SEVERITIES else len(SEVERITIES), -(number(one.get("count")) or 0.0)


def finding(one: Mapping[str, Any]) -> Html:
    """Return one finding: what, where, how often, the offending rows and what to do."""
    severity = one["severity"] if one.get("severity") in SEVERITIES else "info"
    badge = element("span", text(plain(one.get("severity") or "info")), class_=f"badge {severity}")
    column = (
        element("span", text("column "), element("b", element("bdi", text(one["column"]))))
        if one.get("column")
        else NOTHING
    )
    rows = blocks(one.get("rows"))
    total = number(one.get("count"))
    how_many = f"{count(total)} {'row' if total == 1 else 'rows'}" if total is not None else ""
    check = plain(one.get("check") or "unnamed check").replace("_", " ")
    head = element("h3", badge, text(check), element("small", text(how_many)), column)
    advice = paragraph(plain(one["advice"]), "advice") if one.get("advice") else NOTHING
    return element("article", head, advice, offenders(one, total) if rows else NOTHING, class_=f"finding {severity}")


def guards(report: Report) -> Section:
    """What was asserted along the way, the failed first."""
    recorded = sorted(blocks(report.get("guards")), key=lambda one: one.get("passed") is True)
    rows = [
        (
            element(
                "span",
                text("✓ passed" if one.get("passed") is True else "✗ failed"),
                class_="passed" if one.get("passed") is True else "failed",
            ),
            text(plain(one.get("guard")).replace("_", " ")),
            text(one.get("station")),
            text(one.get("detail")),
        )
        for one in recorded
    ]
    failed = sum(one.get("passed") is not True for one in recorded)
    told = f"{failed} of {len(rows)} guards failed." if failed else f"All {len(rows)} guards passed."
    columns = (Column("Result"), Column("Guard"), Column("Station"), Column("Detail"))
    listed = table(columns, rows, "Guards") if rows else NOTHING
    content = join(
        (paragraph(told, "lack" if failed else None), listed if failed else folded("What was guarded", listed))
    )
    return Section("guards", "Guards", content if rows else NOTHING)


def recipe(report: Report) -> Section:
    """Every setting of the run and where it came from."""
    origins = block(report.get("origins"))
    rows = [
        (
            element("code", text(key)),
            element("code", text(value)),
            element("span", text(origins.get(key)), class_="quiet"),
        )
        for key, value in _flat(block(report.get("recipe")))
    ]
    chosen = [row for row, origin in zip(rows, map(str, _origins(report)), strict=True) if origin != "default"]
    columns = (Column("Setting"), Column("Value"), Column("From"))
    own = table(columns, chosen, "Settings that were chosen") if chosen else NOTHING
    every = (
        folded(f"All {len(rows)} settings", table(columns, rows, "All settings"))
        if len(rows) > len(chosen)
        else NOTHING
    )
    return Section("recipe", "Recipe", join((own, every)) if rows else NOTHING)


def _origins(report: Report) -> Iterator[Any]:
    origins = block(report.get("origins"))
    return (origins.get(key) for key, _ in _flat(block(report.get("recipe"))))


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    stack = [(prefix, values)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, Mapping) and value:
            inner = [(f"{path}.{key}" if path else str(key), item) for key, item in value.items()]
            stack.extend(reversed(inner))
        elif path:
            yield path, value


def environment(report: Report) -> Section:
    """The machine and the libraries the run happened on."""
    rows = [(text(key), element("code", text(value))) for key, value in _flat(block(report.get("environment")))]
    listed = folded("Machine and libraries", table((Column("What"), Column("Value")), rows, "Environment"))
    return Section("environment", "Environment", listed if rows else NOTHING)
