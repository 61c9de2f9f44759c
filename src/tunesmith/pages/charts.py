"""Charts of figures beside each other: intervals, bars, the reliability diagram and the residuals, as inline SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .drawing import WIDTH, Scale, dot, drawing, grid, label, line
from .markup import Html, element, join
from .values import Reading, figure

ROW = 46.0  # height of a name with its figure above and its mark below
NAME_LENGTH = 34  # characters of a name that fit beside a figure
SCATTER_POINTS = 1500


@dataclass(frozen=True, slots=True)
class Mark:
    """One line of a chart of figures: its name, its figure with interval, and whether it is the one to see."""

    name: str
    reading: Reading
    is_main: bool = False

    @property
    def words(self) -> str:
        """Return the line as a sentence's part."""
        return f"{self.name} {self.reading}"


def short(name: str, length: int = NAME_LENGTH) -> str:
    """Return a name that fits its place, cut in the middle: the ends tell names apart."""
    half = length // 2
    return name if len(name) <= length else f"{name[: length - half - 1].rstrip()}…{name[-half:].lstrip()}"


def intervals(title: str, marks: Sequence[Mark]) -> Html:
    """Return a plot of dots with whiskers on one scale, in the order given; marks without a value say so."""
    held = [part for mark in marks for part in _extent(mark.reading)]
    across = Scale.over(held, (10.0, WIDTH - 10.0))
    bottom = 8 + ROW * len(marks)
    ticks = [
        join((line((across(at), 6), (across(at), bottom), "grid"), label((across(at), bottom + 18), words, "middle")))
        for at, words in across.ticks()
        if 18 <= across(at) <= WIDTH - 18
    ]
    reference = [
        line((across(mark.reading.value), 6), (across(mark.reading.value), bottom), "reference")
        for mark in marks
        if mark.is_main and mark.reading.value is not None
    ]
    rows = [_whisker_row(mark, 8 + ROW * at, across) for at, mark in enumerate(marks)]
    size = (WIDTH, bottom + 28)
    words = "; ".join(mark.words for mark in marks) + "."
    return drawing(size, title, words, element("g", *ticks, class_="tick"), *reference, *rows)


def _extent(reading: Reading) -> list[float]:
    return [part for part in (reading.low, reading.value, reading.high) if part is not None]


def _names(mark: Mark, top: float) -> Html:
    weight = "strong" if mark.is_main else None
    left = label((10, top + 16), short(mark.name), "start", weight)
    return join((left, label((WIDTH - 10, top + 16), str(mark.reading), "end", weight)))


def _whisker_row(mark: Mark, top: float, across: Scale) -> Html:
    kind = "main" if mark.is_main else "other"
    return element("g", _names(mark, top), _whisker(mark.reading, top + 30, across, kind), class_=kind)


def _whisker(reading: Reading, height: float, across: Scale, kind: str) -> Html:
    parts = []
    if reading.low is not None and reading.high is not None:
        low, high = across(reading.low), across(reading.high)
        parts.append(line((low, height), (high, height), "whisker"))
        parts += [line((end, height - 5), (end, height + 5), "whisker") for end in (low, high)]
    if reading.value is not None:
        parts.append(dot((across(reading.value), height), 6.5 if kind == "main" else 5.5, "dot"))
    return join(parts)


def bars(title: str, marks: Sequence[Mark]) -> Html:
    """Return bars from nought to one with whiskers, in the order given: for shares such as F1."""
    across = Scale(0.0, 1.0, 10.0, WIDTH - 10.0)
    rows = []
    for at, mark in enumerate(marks):
        top = ROW * at
        track = element("rect", x=10, y=top + 24, width=WIDTH - 20, height=10, rx=3, class_="track")
        length = across(mark.reading.value or 0.0) - 10.0
        bar = element("rect", x=10, y=top + 24, width=length, height=10, rx=3, class_="bar")
        whisker = _whisker(Reading(None, mark.reading.low, mark.reading.high), top + 29, across, "other")
        rows.append(element("g", _names(mark, top), track, bar, whisker))
    words = "; ".join(mark.words for mark in marks) + "."
    return drawing((WIDTH, ROW * len(marks)), title, words, *rows)


@dataclass(frozen=True, slots=True)
class Bin:
    """The test rows of one stretch of confidence: how sure the model was, and how often it was right."""

    confidence: float
    accuracy: float
    rows: int

    @property
    def gap(self) -> float:
        """How much more often it was right than it was sure; negative where it was too sure."""
        return self.accuracy - self.confidence


def reliability(title: str, bins: Sequence[Bin]) -> Html:
    """Return accuracy against confidence with the diagonal of honesty; a dot's area and the strip show the rows."""
    across, up = Scale(0.0, 1.0, 52.0, WIDTH - 14.0), Scale(0.0, 1.0, 400.0, 34.0)
    most = max((one.rows for one in bins), default=1) or 1
    diagonal = line((across(0), up(0)), (across(1), up(1)), "reference")
    parts = []
    for one in bins:
        at = (across(one.confidence), up(one.accuracy))
        gap = line((at[0], up(one.confidence)), at, "gap")
        parts += [gap, dot(at, 3 + 9 * math.sqrt(one.rows / most), "dot")]
    strip = [
        element("rect", x=across(one.confidence) - 7, y=506 - size, width=14, height=size, rx=2, class_="track strong")
        for one, size in ((one, max(1.5, 44 * one.rows / most)) for one in bins)
    ]
    names = ("confidence (strip below: rows at that confidence)", "share answered rightly")
    words = "; ".join(
        f"at confidence {figure(one.confidence)} right {figure(one.accuracy)} of {one.rows} rows" for one in bins
    )
    frame = (grid(across, up, names), diagonal)
    return drawing((WIDTH, 512), title, f"{words}.", *frame, element("g", *parts, class_="main"), *strip)


def residuals(title: str, points: Sequence[tuple[float, float]]) -> Html:
    """Return the answers against the truth with the diagonal of no error; draws at most 1,500 rows, evenly taken."""
    both = [value for point in points for value in point]
    across, up = Scale.over(both, (64.0, WIDTH - 14.0)), Scale.over(both, (400.0, 34.0))
    step = -(-len(points) // SCATTER_POINTS) or 1
    marks = (dot((across(truth), up(answer)), 3.2, "point") for truth, answer in points[::step])
    diagonal = line((across.start, up.start), (across.end, up.end), "reference")
    errors = [answer - truth for truth, answer in points]
    mean = figure(math.fsum(errors) / max(1, len(errors)))
    spread = figure(math.fsum(map(abs, errors)) / max(1, len(errors)))
    words = f"{len(points):,} rows; mean error {mean}, mean absolute error {spread}."
    return drawing((WIDTH, 446), title, words, grid(across, up, ("truth", "answer")), diagonal, *marks)
