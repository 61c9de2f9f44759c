"""How good a version is: against its baselines, and on every metric."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .charts import Mark, intervals, short
from .curves import Best, threshold_curve
from .headline import primary_of, rivals
from .markup import NOTHING, Column, Html, Section, chart, element, join, paragraph, table, text
from .meanings import DASHES, meanings
from .values import Reading, block, blocks, count, falls, figure, number, opening, plain, signed, spoken

Report = Mapping[str, Any]
MOST_CURVES = 6  # thresholds of so many labels are drawn, those of all are listed


def baselines(report: Report) -> Section:
    """The model beside its baselines on the primary metric, and what the paired tests say."""
    primary, found = primary_of(report), rivals(report)
    own = Reading.of(block(report.get("metrics")).get(primary))
    if own.value is None and not found:
        return Section("baselines", "Against baselines", NOTHING)
    marks = [Mark("this version", own, True)]
    marks += [Mark(spoken(rival.name), rival.reading) for rival in found if rival.reading.value is not None]
    sign = -1 if falls(primary) else 1
    marks.sort(key=lambda mark: (mark.reading.value is None, -sign * (mark.reading.value or 0.0)))
    direction = "lower is better" if falls(primary) else "higher is better"
    caption = f"{opening(spoken(primary))} on the test rows with 95% intervals; {direction}."
    picture = chart(intervals(f"{spoken(primary)} of this version and its baselines", marks), caption)
    if not found:
        picture = join((picture, paragraph("No baseline is recorded, so nothing says whether this is good.", "lack")))
    rows = [
        (text(spoken(one.name)), text(signed(one.difference.value)), text(one.difference.interval), text(one.detail))
        for one in found
        if one.difference.value is not None
    ]
    columns = (Column("Baseline"), Column("Difference", True), Column("95% interval", True), Column("Paired test"))
    tests = table(columns, rows, "This version minus each baseline") if rows else NOTHING
    return Section("baselines", "Against baselines", element("div", picture, tests, class_="pair"))


def metrics(report: Report) -> Section:
    """Every metric with its interval, beside the baselines that have it."""
    measured, others = block(report.get("metrics")), block(report.get("baselines"))
    primary = primary_of(report)
    names, means = sorted(measured, key=lambda name: name != primary), meanings(measured)
    rows = []
    for name in names:
        reading = Reading.of(measured[name])
        shown = (_with_interval(Reading.of(block(others[other]).get(name))) for other in others)
        title = element("b" if name == primary else "span", text(spoken(name)))
        title = join((title, element("small", text(means[name]), class_="meaning"))) if name in means else title
        interval = text(reading.interval) if reading.interval else element("span", text(reading.reason), class_="why")
        rows.append((title, element("b", text(figure(reading.value))), interval, *shown))
    columns = [Column("Metric"), Column("Value", True), Column("95% interval", True)]
    columns += [Column(spoken(other), True) for other in others]
    caption = f"Measured on the test rows{'; a dash: ' + DASHES if means else ''}"
    return Section("metrics", "All metrics", table(columns, rows, caption) if rows else NOTHING)


def _with_interval(reading: Reading) -> Html:
    return join((text(figure(reading.value)), element("small", text(reading.interval))))


def decision(report: Report) -> Section:
    """From which probability on classes are answered, and what other thresholds were worth on the validation rows."""
    made = block(report.get("decision"))
    chosen = {name: block(value) for name, value in block(made.get("classes")).items()}
    if not chosen:
        return Section("decision", "Decision threshold", NOTHING)
    aim = spoken(plain(made.get("metric") or "value"))
    columns = (
        Column("Class"),
        Column("Answered from", True),
        Column(opening(aim), True),
        Column(f"{opening(aim)} from 0.5", True),
        Column("Rows of it", True),
    )
    rows = (
        (
            element("bdi", text(name)),
            text(figure(number(one.get("threshold")))),
            text(figure(number(one.get("value")))),
            element("span", text(one["reason"]), class_="why")
            if one.get("reason")
            else text(figure(number(one.get("value_at_half")))),
            text(count(one.get("positives"))),
        )
        for name, one in chosen.items()
    )
    is_chosen = number(made.get("rows")) is not None
    told = f"Chosen on {count(made.get('rows'))} validation rows" if is_chosen else "As the recipe says"
    listed = table(columns, rows, f"{told}, as probabilities; a class is answered from 0.5 on where nothing is said")
    curves = [_curve(name, aim, one) for name, one in list(chosen.items())[:MOST_CURVES] if blocks(one.get("curve"))]
    content = element("div", *curves, listed, class_="pair" if len(curves) == 1 else "stack")
    return Section("decision", "Decision threshold", content)


def _curve(name: str, aim: str, one: Mapping[str, Any]) -> Html:
    read = ((number(at.get("threshold")), number(at.get("value"))) for at in blocks(one.get("curve")))
    points = [(at, value) for at, value in read if at is not None and value is not None]
    threshold, value = number(one.get("threshold")), number(one.get("value"))
    best = None if threshold is None or value is None else Best(threshold, value)
    title = f"{opening(aim)} of each threshold for {short(name, 24)}"
    return chart(threshold_curve(title, aim, points, best), "On the validation rows; the ring is what was chosen.")
