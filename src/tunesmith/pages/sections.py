"""The measured part of a report: figures, baselines, learning curves, classes, confusion, calibration, residuals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .charts import Bin, Mark, bars, intervals, reliability, residuals
from .confusion import MOST_CLASSES, PAIRS, Confusion, heat_map
from .curves import Best, losses, smoothed, validation_curve
from .headline import primary_of, rivals
from .markup import NOTHING, Column, Html, Section, element, folded, join, paragraph, table, text
from .values import Reading, block, blocks, count, falls, figure, number, percent, signed, spoken, whole

Report = Mapping[str, Any]
MOST_BARS = 20


def chart(picture: Html, caption: str) -> Html:
    """Return a chart with the sentence that says how to read it."""
    return element("figure", picture, element("figcaption", text(caption)))


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
    caption = f"{spoken(primary).capitalize()} on the test rows with 95% intervals; {direction}."
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
        reason = element("span", text(f" {reading.reason}"), class_="why") if reading.value is None else NOTHING
        shown = (text(figure(Reading.of(block(others[other]).get(name)).value)) for other in others)
        title = element("b" if name == primary else "span", text(spoken(name)))
        value = join((element("b", text(figure(reading.value))), reason))
        rows.append((title, value, text(reading.interval), *shown))
    columns = [Column("Metric"), Column("Value", True), Column("95% interval", True)]
    columns += [Column(spoken(other), True) for other in others]
    return Section("metrics", "All metrics", table(columns, rows, "Measured on the test rows") if rows else NOTHING)


def curves(report: Report) -> Section:
    """How training went: the losses over the steps, and the primary metric of the validation rows."""
    recorded = block(report.get("curves"))
    steps, checks = blocks(recorded.get("steps")), blocks(recorded.get("validations"))
    training, validation = _series(steps, "loss"), _series(checks, "loss")
    pictures = []
    if training or validation:
        caption = "Loss on training batches, faint as measured and bold smoothed; dashed on the validation rows."
        pictures.append(chart(losses("Loss over the steps", training, validation), caption))
    metric = _watched(checks, primary_of(report))
    if metric:
        best = [Best(*point) for point in _series([one for one in checks if one.get("is_best") is True], metric)]
        picture = validation_curve(
            f"Validation {spoken(metric)} over the steps", spoken(metric), _series(checks, metric), (best or [None])[-1]
        )
        pictures.append(chart(picture, "Measured on the validation rows; the ringed point is the one that was kept."))
    rates = [rate for _, rate in smoothed(_series(steps, "learning_rate"), 1)]
    if pictures and rates:
        words = f"The learning rate peaked at {max(rates):.2g} and ended at {rates[-1]:.2g}."
        pictures.append(paragraph(words, "wide quiet"))
    return Section("curves", "Learning curves", element("div", *pictures, class_="pair") if pictures else NOTHING)


def _series(rows: Sequence[Mapping[str, Any]], key: str) -> list[tuple[float, float]]:
    points = [(number(row.get("step")), number(row.get(key))) for row in rows]
    return sorted((step, value) for step, value in points if step is not None and value is not None)


def _watched(checks: Sequence[Mapping[str, Any]], primary: str) -> str:
    names = [key for row in checks for key in row if key not in {"step", "epoch", "loss", "is_best"}]
    usable = [name for name in dict.fromkeys([primary, *names]) if name != "loss" and _series(checks, name)]
    return usable[0] if usable else ""


def classes(report: Report) -> Section:
    """Each class's F1 with its interval, the worst first, and the table of all."""
    measured = {name: block(value) for name, value in block(report.get("per_class")).items()}
    if not measured:
        return Section("classes", "Classes", NOTHING)
    read: Callable[[str, str], Reading] = lambda name, key: Reading.of(measured[name].get(key))
    ranked = sorted(measured, key=lambda name: (read(name, "f1").value is None, read(name, "f1").value or 0.0))
    shown = [name for name in ranked if read(name, "f1").value is not None][:MOST_BARS]
    marks = [Mark(f"{name} · {count(measured[name].get('rows'))} rows", read(name, "f1")) for name in shown]
    which = f"the {MOST_BARS} worst of {len(measured)} classes" if len(measured) > len(shown) > 0 else "the worst first"
    caption = f"F1 of each class with its 95% interval, {which}."
    picture = chart(bars("F1 of each class", marks), caption) if marks else NOTHING
    keys = ("precision", "recall", "f1")
    columns = [Column("Class"), Column("Rows", True), *(Column(key.capitalize(), True) for key in keys)]
    rows = [
        (
            element("bdi", text(name)),
            text(count(measured[name].get("rows"))),
            *(_with_interval(read(name, key)) for key in keys),
        )
        for name in ranked
    ]
    listed = table(columns, rows, "Precision, recall and F1 of each class")
    folds = folded(f"All {len(measured)} classes as a table", listed) if len(measured) > MOST_BARS else listed
    shape = "pair" if len(measured) <= MOST_BARS else None
    return Section("classes", "Classes", element("div", picture, folds, class_=shape))


def _with_interval(reading: Reading) -> Html:
    small = element("small", text(reading.interval or reading.reason))
    return join((text(figure(reading.value)), small))


def confusion(report: Report) -> Section:
    """What was taken for what: a heat map, or the pairs most confused where the classes are many."""
    seen = Confusion.of(report.get("confusion"))
    if seen is None:
        return Section("confusion", "Confusion", NOTHING)
    if len(seen.labels) <= MOST_CLASSES:
        caption = "Counts of test rows; the shade is the share of a true class. Blue is right, orange is wrong."
        size = f"width: {min(100, 40 + 6 * len(seen.labels))}%"
        picture = element("div", heat_map("Confusion matrix", seen), class_="scroll matrix", style=size)
        return Section("confusion", "Confusion", chart(picture, caption))
    rows = [
        (
            text(seen.labels[truth]),
            text(seen.labels[answer]),
            text(f"{seen.counts[truth][answer]:,}"),
            _bar(seen.share(truth, answer)),
        )
        for truth, answer in seen.pairs()
    ]
    if not rows:
        return Section("confusion", "Confusion", paragraph("No test row was answered wrongly."))
    columns = (Column("True class"), Column("Answered"), Column("Rows", True), Column("Share of the true class"))
    return Section("confusion", "Confusion", table(columns, rows, f"The {min(PAIRS, len(rows))} most confused pairs"))


def _bar(share: float) -> Html:
    fill = element("i", style=f"width:{share:.1%}")
    return element(
        "span", element("span", fill, class_="meter", aria_hidden="true"), text(percent(share)), class_="share"
    )


def calibration(report: Report) -> Section:
    """Whether the confidence can be believed."""
    recorded = block(report.get("calibration"))
    bins = []
    for one in blocks(recorded.get("bins")):
        confidence, accuracy, rows = number(one.get("confidence")), number(one.get("accuracy")), whole(one.get("rows"))
        if confidence is not None and accuracy is not None and rows:
            bins.append(Bin(confidence, accuracy, rows))
    error = number(recorded.get("error"))
    told = f"The expected calibration error is {figure(error)}: " if error is not None else ""
    meaning = "the mean gap between confidence and the share answered rightly."
    picture = chart(
        reliability("Share answered rightly against confidence", bins),
        "On the dashed line the model is as often right as it is sure; below it, it is too sure.",
    )
    content = join((paragraph(told + meaning) if told else NOTHING, picture)) if bins else NOTHING
    if told and not bins:
        content = paragraph(told + meaning)
    return Section("calibration", "Calibration", content)


def scatter(report: Report) -> Section:
    """The answers of a regression against the truth."""
    points = []
    for one in blocks(block(report.get("residuals")).get("points")):
        truth, answer = number(one.get("truth")), number(one.get("answer"))
        if truth is not None and answer is not None:
            points.append((truth, answer))
    caption = "One dot per test row; on the dashed line the answer is the truth, above it the answer is too high."
    picture = chart(residuals("Answer against truth", points), caption) if points else NOTHING
    return Section("residuals", "Answers against the truth", picture)
