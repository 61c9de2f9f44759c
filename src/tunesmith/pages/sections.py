"""How good a version is: against its baselines, and on every metric."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .charts import Mark, intervals
from .headline import primary_of, rivals
from .markup import NOTHING, Column, Section, chart, element, join, paragraph, table, text
from .values import Reading, block, falls, figure, opening, signed, spoken

Report = Mapping[str, Any]


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
    names = sorted(measured, key=lambda name: name != primary)
    rows = []
    for name in names:
        reading = Reading.of(measured[name])
        shown = (text(figure(Reading.of(block(others[other]).get(name)).value)) for other in others)
        title = element("b" if name == primary else "span", text(spoken(name)))
        interval = text(reading.interval) if reading.interval else element("span", text(reading.reason), class_="why")
        rows.append((title, element("b", text(figure(reading.value))), interval, *shown))
    columns = [Column("Metric"), Column("Value", True), Column("95% interval", True)]
    columns += [Column(spoken(other), True) for other in others]
    return Section("metrics", "All metrics", table(columns, rows, "Measured on the test rows") if rows else NOTHING)
