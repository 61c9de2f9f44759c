"""Learning curves as inline SVG: what the optimiser saw and did at each step, and what the validation rows said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .drawing import WIDTH, Scale, dot, drawing, grid, label, line, path, thinned
from .markup import Html, join
from .values import figure

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Best:
    """The point that was kept: its step and its value."""

    step: float
    value: float


def smoothed(points: Points, window: int | None = None) -> list[tuple[float, float]]:
    """Return the exponential mean of a series with the bias of its start removed (Kingma and Ba 2015, section 3).

    The window is a fortieth of the series by default, so that a short series keeps its shape.
    """
    keep = 1 - 1 / max(1.0, window if window is not None else len(points) / 40)
    mean, weight, result = 0.0, 0.0, []
    for step, value in points:
        mean, weight = keep * mean + (1 - keep) * value, keep * weight + (1 - keep)
        result.append((step, mean / weight))
    return result


def losses(title: str, training: Points, validation: Points, best: Best | None) -> Html:
    """Return the training loss, faint as measured and bold smoothed, the validation loss dashed, its best ringed."""
    soft = thinned(smoothed(training))
    across, up = _frame([training, validation])
    parts = [grid(across, up, ("step", "loss"))]
    if best is not None:
        parts.append(line((across(best.step), up.start), (across(best.step), up.end), "reference"))
    parts.append(path(_placed(thinned(training), across, up), "raw"))
    parts.append(path(_placed(soft, across, up), "curve"))
    parts.append(path(_placed(validation, across, up), "curve second"))
    parts += [dot((across(step), up(value)), 3.5, "second-dot") for step, value in validation]
    parts.append(_key([("curve", "training, smoothed", 150.0)] * bool(training)))
    parts.append(_key([("curve second", "validation", 346.0)] * bool(validation)))
    words = [_story("training loss", soft), _story("validation loss", validation)]
    if best is not None:
        words.append(f"Best at step {best.step:,.0f}.")
        parts.append(_ringed(best, f"best at step {best.step:,.0f}", across, up))
    return drawing((WIDTH, 306), title, " ".join(filter(None, words)), *parts)


def validation_curve(title: str, metric: str, points: Points, best: Best | None) -> Html:
    """Return a metric of the validation rows over the steps, its best point marked and labelled."""
    across, up = _frame([points])
    parts = [grid(across, up, ("step", metric)), path(_placed(points, across, up), "curve")]
    parts += [dot((across(step), up(value)), 3.5, "point-solid") for step, value in points]
    words = _story(metric, points)
    if best is not None:
        parts.append(_ringed(best, f"best {figure(best.value)}", across, up))
        words += f" Best {figure(best.value)} at step {best.step:,.0f}."
    return drawing((WIDTH, 306), title, words, *parts)


def threshold_curve(title: str, metric: str, points: Points, chosen: Best | None) -> Html:
    """Return what each threshold is worth, the one chosen marked; a `Best` holds the threshold instead of a step."""
    across, up = _frame([points])
    parts = [grid(across, up, ("threshold", metric)), path(_placed(points, across, up), "curve")]
    words = ""
    if chosen is not None:
        words = f"{metric} {figure(chosen.value)} from {figure(chosen.step)} on"
        parts.append(_ringed(chosen, words, across, up))
    return drawing((WIDTH, 306), title, f"{words}." if words else title, *parts)


def rates(title: str, points: Points) -> Html:
    """Return the learning rate over the steps."""
    across, up = _frame([points])
    drawn = path(_placed(thinned(points), across, up), "curve")
    words = _story("learning rate", points)
    return drawing((WIDTH, 306), title, words, grid(across, up, ("step", "learning rate")), drawn)


def _ringed(best: Best, words: str, across: Scale, up: Scale) -> Html:
    """Mark a point with a ring, and say beside it what it is."""
    at = (across(best.step), up(best.value))
    anchor = "end" if at[0] > WIDTH * 0.75 else "start" if at[0] < WIDTH * 0.25 else "middle"
    height = at[1] - 14 if at[1] >= up.end + 14 else at[1] + 24
    return join((dot(at, 8, "ring"), label((at[0], height), words, anchor, "strong")))


def _frame(series: Sequence[Points]) -> tuple[Scale, Scale]:
    steps = [step for points in series for step, _ in points]
    heights = [value for points in series for _, value in points]
    across = Scale.over(steps, (58.0, WIDTH - 14.0), margin=0.02)
    return across, Scale.over(heights, (260.0, 44.0), margin=0.08)


def _placed(points: Points, across: Scale, up: Scale) -> list[tuple[float, float]]:
    return [(across(step), up(value)) for step, value in points]


def _key(entries: Sequence[tuple[str, str, float]]) -> Html:
    return join(
        join((path([(left, 28), (left + 20, 28)], class_), label((left + 26, 32), words, "start", "tick")))
        for class_, words, left in entries
    )


def _story(name: str, points: Points) -> str:
    if not points:
        return ""
    (first, start), (last, end) = points[0], points[-1]
    return f"{name} {figure(start)} at step {first:,.0f}, {figure(end)} at step {last:,.0f}."
