"""What every chart stands on: scales with nice ticks, an accessible SVG frame, thinning of long series."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .markup import Html, element, join, text
from .values import MINUS

WIDTH = 480.0  # of every chart, in its own units: on a wide screen one unit is about one pixel
POINTS = 400  # a line drawn from more points looks the same and only makes the file heavy


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear map from values (low..high) to places on the drawing (start..end)."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def over(cls, values: Iterable[float], place: tuple[float, float], margin: float = 0.04) -> Scale:
        """Return the scale that holds all values with a margin, also where they are all the same."""
        held = list(values) or [0.0, 1.0]
        low, high = min(held), max(held)
        spare = (high - low) * margin
        if high - low <= max(abs(low), abs(high), 1e-9) * 1e-9:
            spare = max(abs(low), abs(high), 1e-3) * 0.1
        return cls(low - spare, high + spare, *place)

    def __call__(self, value: float) -> float:
        """Return a value's place; values off the scale stay at its edge."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * min(1.0, max(0.0, share))

    def ticks(self, wanted: int = 5) -> list[tuple[float, str]]:
        """Return about `wanted` round values within the scale, each with its label."""
        rough = (self.high - self.low) / wanted
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
        first, last = math.ceil(self.low / step - 1e-6), math.floor(self.high / step + 1e-6)
        return [(index * step, _label(index * step, step)) for index in range(first, last + 1)]


def _label(value: float, step: float) -> str:
    if value == 0:
        return "0"
    if step >= 1e6 or step < 1e-4:
        return f"{value:.3g}".replace("e+0", "e").replace("-", MINUS)
    decimals = next(places for places in range(7) if abs(step * 10**places - round(step * 10**places)) < 1e-6)
    return f"{value:,.{decimals}f}".replace("-", MINUS)


def drawing(size: tuple[float, float], title: str, words: str, *parts: Html) -> Html:
    """Return an SVG picture with a title, and its figures in words for those who cannot see it."""
    width, height = size
    frame: dict[str, Any] = {"viewBox": f"0 0 {width:g} {height:g}", "width": width, "role": "img"}
    frame["aria_label"] = f"{title}. {words}"
    return element("svg", element("title", text(title)), *parts, **frame)


def line(start: tuple[float, float], end: tuple[float, float], class_: str) -> Html:
    """Return a straight line."""
    return element("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], class_=class_)


def dot(at: tuple[float, float], radius: float, class_: str) -> Html:
    """Return a filled circle."""
    return element("circle", cx=at[0], cy=at[1], r=radius, class_=class_)


def label(at: tuple[float, float], words: str, anchor: str = "start", class_: str | None = None) -> Html:
    """Return a text; `anchor` says which of its points stands at the place: start, middle or end."""
    return element("text", text(words), x=at[0], y=at[1], text_anchor=anchor, class_=class_)


def path(points: Sequence[tuple[float, float]], class_: str) -> Html:
    """Return a line through points."""
    return element("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points), class_=class_)


def grid(across: Scale, up: Scale, names: tuple[str, str]) -> Html:
    """Return ticks, their light lines and the names of both axes; `up` runs from the bottom to the top."""
    columns = (
        join(
            (
                line((across(value), up.start), (across(value), up.start + 4), "axis"),
                label((across(value), up.start + 18), words, "middle", "tick"),
            )
        )
        for value, words in across.ticks()
    )
    rows = (
        join(
            (
                line((across.start, up(value)), (across.end, up(value)), "grid"),
                label((across.start - 8, up(value) + 4), words, "end", "tick"),
            )
        )
        for value, words in up.ticks()
    )
    base = line((across.start, up.start), (across.end, up.start), "axis")
    below = label(((across.start + across.end) / 2, up.start + 38), names[0], "middle", "name")
    above = label((0, up.end - 12), names[1], "start", "name")
    return join((*rows, *columns, base, below, above))


def thinned(points: Sequence[tuple[float, float]], most: int = POINTS) -> list[tuple[float, float]]:
    """Return at most `most` points: the means of equal runs, the last run kept whole."""
    run = -(-len(points) // most) if points else 1
    groups = (points[at : at + run] for at in range(0, len(points), run))
    return [(_mean(group, lambda point: point[0]), _mean(group, lambda point: point[1])) for group in groups]


def _mean(points: Sequence[tuple[float, float]], pick: Callable[[tuple[float, float]], float]) -> float:
    return math.fsum(map(pick, points)) / len(points)
