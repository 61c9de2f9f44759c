"""How training went: the words of the monitor, the curves, what was expected and what happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import account
from .curves import Best, losses, rates, validation_curve
from .headline import primary_of
from .markup import NOTHING, Html, Section, chart, element, join, paragraph
from .values import block, blocks, number, opening, spoken

Report = Mapping[str, Any]
NO_METRIC = frozenset({"step", "epoch", "loss", "train_loss", "is_best", "key"})
LEAST_POINTS = 2  # a base that is fitted in one go has one validation and no step: nothing that a curve could show


def training(report: Report) -> Section:
    """What the monitor saw, the curves with the best step marked, and the account of expectation and outcome."""
    compared, chosen = account.comparison(report), account.choices(report)
    told = account.sentence(report)
    forgot = account.forgetting(report)
    lead = join(paragraph(f"{opening(one)}.") for one in (told, forgot) if one)
    words = account.remarks(report)
    said = element("div", words, class_="remarks") if words else NOTHING
    cells = [*_pictures(report), *([element("div", compared), element("div", chosen, class_="wide")] * bool(compared))]
    shown = element("div", *cells, class_="pair") if cells else NOTHING
    return Section("training", "Training", join((lead, said, shown)))


def _pictures(report: Report) -> Iterator[Html]:
    recorded = block(report.get("curves"))
    steps, checks = blocks(recorded.get("steps")), blocks(recorded.get("validations"))
    if len(steps) + len(checks) < LEAST_POINTS:
        return
    kept = [one for one in checks if one.get("is_best") is True]
    seen, judged = _series(steps, "loss"), _series(checks, "loss")
    if seen or judged:
        caption = "Loss on training batches, faint as measured and bold smoothed; dashed on the validation rows."
        picture = losses("Loss over the steps", seen, judged, _best(kept, "loss"))
        yield chart(picture, f"{caption} The ringed one is the best by the metric." if kept else caption)
    metric = _watched(checks, primary_of(report))
    if metric:
        title = f"Validation {spoken(metric)} over the steps"
        picture = validation_curve(title, spoken(metric), _series(checks, metric), _best(kept, metric))
        yield chart(picture, "Measured on the validation rows; the ringed point is the best, and decides what is kept.")
    points = _series(steps, "learning_rate")
    if points:
        peak, last = max(rate for _, rate in points), points[-1][1]
        words = f"Before each layer's own factor: peak {account.rate_text(peak)}, end {account.rate_text(last)}."
        yield chart(rates("Learning rate over the steps", points), words)


def _best(kept: Sequence[Mapping[str, Any]], key: str) -> Best | None:
    points = _series(kept, key)
    return Best(*points[-1]) if points else None


def _series(rows: Sequence[Mapping[str, Any]], key: str) -> list[tuple[float, float]]:
    points = [(number(row.get("step")), number(row.get(key))) for row in rows]
    return sorted((step, value) for step, value in points if step is not None and value is not None)


def _watched(checks: Sequence[Mapping[str, Any]], primary: str) -> str:
    names = [key for row in checks for key in row if key not in NO_METRIC]
    usable = [name for name in dict.fromkeys([primary, *names]) if name not in NO_METRIC and _series(checks, name)]
    return usable[0] if usable else ""
