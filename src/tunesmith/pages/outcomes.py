"""Where a version is right and wrong: each class, what is taken for what, calibration, answers against the truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .charts import Bin, Mark, bars, reliability, residuals, short
from .confusion import MOST_CLASSES, Confusion, heat_map
from .markup import NOTHING, Column, Html, Section, chart, element, folded, join, paragraph, table, text
from .values import Reading, block, blocks, count, figure, number, opening, percent, signed, spoken, whole

Report = Mapping[str, Any]
MOST_BARS = 20
ROOMY_CLASSES = 8  # a heat map up to this size leaves room for the pairs beside it


@dataclass(frozen=True, slots=True)
class Told:
    """Figures of a class that are shown: which, which of them the bars show, and in what words."""

    keys: tuple[str, ...]
    first: str
    words: str
    caption: str


OF_ROWS = Told(
    ("precision", "recall", "f1", "pr_auc"),
    "f1",
    "F1",
    "Precision, recall, F1 and PR AUC (average precision) of each class",
)
OF_BOXES = Told(
    ("map", "map_50", "recall_100"),
    "map",
    "Average precision",
    "Average precision over overlaps from 0.5 to 0.95 and at 0.5, and recall of each class",
)


def classes(report: Report) -> Section:
    """Each class's F1 or average precision with its interval, the worst first, and the table of all."""
    measured = {name: block(value) for name, value in block(report.get("per_class")).items()}
    told = OF_BOXES if any(OF_BOXES.first in one for one in measured.values()) else OF_ROWS
    scores = {name: Reading.of(measured[name].get(told.first)) for name in measured}
    ranked = sorted(measured, key=lambda name: (scores[name].value is None, scores[name].value or 0.0))
    shown = [name for name in ranked if scores[name].value is not None][:MOST_BARS]
    marks = [Mark(f"{short(name, 24)} · {count(measured[name].get('rows'))} rows", scores[name]) for name in shown]
    listed = _class_table(measured, ranked, told)
    is_cut = len(measured) > MOST_BARS
    if not is_cut:
        picture = chart(
            bars(f"{told.words} of each class", marks), f"{told.words} with its 95% interval; the worst first."
        )
        content = element("div", *([picture] if marks else []), listed, class_="pair")
        return Section("classes", "Classes", content if measured else NOTHING)
    half = -(-len(marks) // 2)
    pictures = [bars(f"{told.words} of the worst classes", part) for part in (marks[:half], marks[half:]) if part]
    caption = f"{told.words} with its 95% interval; the {len(shown)} worst of {len(measured)} classes, the worst first."
    both = chart(element("div", *pictures, class_="pair"), caption)
    return Section("classes", "Classes", join((both, folded(f"All {len(measured)} classes as a table", listed))))


def _class_table(measured: Mapping[str, Mapping[str, Any]], ranked: Sequence[str], told: Told) -> Html:
    columns = [Column("Class"), Column("Rows", True), *(Column(opening(spoken(key)), True) for key in told.keys)]
    rows = (
        [
            element("bdi", text(name)),
            text(count(measured[name].get("rows"))),
            *(_with_interval(Reading.of(measured[name].get(key))) for key in told.keys),
        ]
        for name in ranked
    )
    return table(columns, rows, told.caption)


def _with_interval(reading: Reading) -> Html:
    small = element("small", text(reading.interval or reading.reason))
    return join((text(figure(reading.value)), small))


def confusion(report: Report) -> Section:
    """What was taken for what: a heat map where the classes are few, and the pairs most confused."""
    seen = Confusion.of(report.get("confusion"))
    if seen is None:
        return Section("confusion", "Confusion", NOTHING)
    if len(seen.labels) > MOST_CLASSES:
        return Section("confusion", "Confusion", _pairs(seen))
    caption = "Counts of test rows; the shade is the share of a true class. Blue is right, orange is wrong."
    scrolled = element("div", heat_map("Confusion matrix", seen), class_="scroll", tabindex="0")
    shape = "pair" if len(seen.labels) <= ROOMY_CLASSES else "stack"
    return Section("confusion", "Confusion", element("div", chart(scrolled, caption), _pairs(seen), class_=shape))


def _pairs(seen: Confusion) -> Html:
    pairs = seen.pairs()
    if not pairs:
        return paragraph("No test row was answered wrongly.", "calm")
    columns = (Column("True class"), Column("Answered"), Column("Rows", True), Column("Share of the true class"))
    rows = (
        (
            element("bdi", text(seen.labels[truth])),
            element("bdi", text(seen.labels[answer])),
            text(f"{seen.counts[truth][answer]:,}"),
            _bar(seen.share(truth, answer)),
        )
        for truth, answer in pairs
    )
    number_of = f"{len(pairs)} most confused pairs" if len(pairs) > 1 else "only confused pair"
    return table(columns, rows, f"The {number_of}")


def _bar(share: float) -> Html:
    fill = element("i", style=f"width:{share:.1%}")
    meter = element("span", fill, class_="meter", aria_hidden="true")
    return element("span", meter, text(percent(share)), class_="share")


def calibration(report: Report) -> Section:
    """Whether the confidence can be believed."""
    recorded = block(report.get("calibration"))
    bins = list(_bins(recorded))
    error = number(recorded.get("error"))
    told = (
        f"Expected calibration error {figure(error)}: the mean gap between confidence and the share answered rightly."
    )
    sentence = paragraph(told) if error is not None else NOTHING
    if not bins:
        return Section("calibration", "Calibration", sentence)
    picture = chart(
        reliability("Share answered rightly against confidence", bins),
        "On the dashed line the model is as often right as it is sure; below it, it is too sure.",
    )
    columns = (Column("Confidence", True), Column("Right", True), Column("Gap", True), Column("Rows", True))
    rows = (
        (text(figure(one.confidence)), text(figure(one.accuracy)), text(signed(one.gap)), text(f"{one.rows:,}"))
        for one in bins
    )
    listed = table(columns, rows, "Each stretch of confidence")
    return Section("calibration", "Calibration", join((sentence, element("div", picture, listed, class_="pair"))))


def _bins(recorded: Mapping[str, Any]) -> Iterator[Bin]:
    for one in blocks(recorded.get("bins")):
        confidence, accuracy, rows = number(one.get("confidence")), number(one.get("accuracy")), whole(one.get("rows"))
        if confidence is not None and accuracy is not None and rows:
            yield Bin(confidence, accuracy, rows)


def scatter(report: Report) -> Section:
    """The answers of a regression against the truth."""
    read = (
        (number(one.get("truth")), number(one.get("answer")))
        for one in blocks(block(report.get("residuals")).get("points"))
    )
    points = [(truth, answer) for truth, answer in read if truth is not None and answer is not None]
    caption = "One dot per test row; on the dashed line the answer is the truth, above it the answer is too high."
    picture = chart(residuals("Answer against truth", points), caption) if points else NOTHING
    return Section("residuals", "Answers against the truth", picture)
