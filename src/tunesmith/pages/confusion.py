"""Who is taken for whom: the confusion matrix as a heat map, and its worst pairs where there are too many classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .charts import short
from .drawing import drawing, label
from .markup import Html, element, join, text
from .values import block, items, percent, plain, whole

MOST_CLASSES = 20  # a heat map of more is wallpaper
PAIRS = 15  # most confused pairs that are listed
SHADES = (0.0, 0.06, 0.14, 0.24, 0.36, 0.48, 0.6, 0.85, 1.0)  # the gap lets the figures change colour with contrast
LIGHT_FROM = 7  # shades from here on carry light figures


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of test rows by true class (row) and answered class (column), always square."""

    labels: Sequence[str]
    counts: Sequence[Sequence[int]]

    @classmethod
    def of(cls, value: Any) -> Confusion | None:
        """Read `{labels, counts}`; None where it is missing or not square."""
        labels = [plain(name) for name in items(block(value).get("labels"))]
        counts = [[whole(cell) for cell in items(row)] for row in items(block(value).get("counts"))]
        is_square = len(counts) == len(labels) and all(len(row) == len(labels) for row in counts)
        return cls(labels, counts) if labels and is_square else None

    def share(self, truth: int, answer: int) -> float:
        """Return the share of a true class's rows that got this answer."""
        total = sum(self.counts[truth])
        return self.counts[truth][answer] / total if total else 0.0

    def pairs(self, most: int = PAIRS) -> list[tuple[int, int]]:
        """Return the mistakes with most rows as (truth, answer), the larger share first among equals."""
        places = range(len(self.labels))
        wrong = [(truth, answer) for truth in places for answer in places if truth != answer]
        seen = [pair for pair in wrong if self.counts[pair[0]][pair[1]]]
        return sorted(seen, key=lambda pair: (-self.counts[pair[0]][pair[1]], -self.share(*pair), pair))[:most]


def heat_map(title: str, confusion: Confusion) -> Html:
    """Return the matrix with each row's shares as shade and the counts as figures: blue is right, orange is wrong."""
    places = range(len(confusion.labels))
    side = 64.0 if len(places) <= 5 else 44.0 if len(places) <= 10 else 36.0
    names = [short(name, 18) for name in confusion.labels]
    left = 34.0 + 8.2 * max(len(name) for name in names)
    cells = join(_cell(confusion, truth, answer, (left, side)) for truth in places for answer in places)
    rows = join(label((left - 8, 34 + side * (at + 0.5) + 4), names[at], "end", "class") for at in places)
    bottom = 34 + side * len(places)
    slanted = len(places) > 5 or max(map(len, names)) * 8 > side
    columns = join(_column_name(names[at], (left + side * (at + 0.5), bottom + 16), slanted) for at in places)
    room = 14 + (4.6 * max(map(len, names)) + 14 if slanted else 12)
    axes = join((label((left, 20), "answered below, true at the left", "start", "name"),))
    words = f"{sum(confusion.counts[at][at] for at in places):,} of {sum(map(sum, confusion.counts)):,} rows right. "
    worst = "; ".join(
        f"{confusion.labels[truth]} taken for {confusion.labels[answer]} {confusion.counts[truth][answer]} times"
        for truth, answer in confusion.pairs(5)
    )
    size = (max(left + side * len(places) + 12, 300.0), bottom + room)
    return drawing(size, title, f"{words}{worst}.", axes, cells, rows, columns)


def _column_name(name: str, at: tuple[float, float], is_slanted: bool) -> Html:
    if not is_slanted:
        return label(at, name, "middle", "class")
    turn = f"rotate(-35 {at[0]:.1f} {at[1]:.1f})"
    return element("text", text(name), x=at[0], y=at[1], text_anchor="end", class_="class", transform=turn)


def _cell(confusion: Confusion, truth: int, answer: int, grid: tuple[float, float]) -> Html:
    left, side = grid
    x, y = left + side * answer, 34 + side * truth
    share, rows = confusion.share(truth, answer), confusion.counts[truth][answer]
    level = min(len(SHADES) - 1, max(int(share > 0), round(share * (len(SHADES) - 1))))
    kind = "right" if truth == answer else "wrong"
    tip = f"{confusion.labels[truth]} answered {confusion.labels[answer]}: {rows:,} rows, {percent(share)}"
    ground = element("rect", x=x + 1, y=y + 1, width=side - 2, height=side - 2, rx=3, class_="cell")
    shade = element(
        "rect", x=x + 1, y=y + 1, width=side - 2, height=side - 2, rx=3, class_=kind, fill_opacity=SHADES[level]
    )
    tone = "figure light" if level >= LIGHT_FROM else "figure" if rows else "figure nought"
    number = label(
        (x + side / 2, y + side / 2 + 4), f"{rows:,}" if rows < 10_000 else f"{rows / 1000:.0f}k", "middle", tone
    )
    return element("g", element("title", text(tip)), ground, shade, number)
