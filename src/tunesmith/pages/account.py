"""What a training was expected to take, what it took, and what the monitor made of it: in words and as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .markup import NOTHING, Column, Html, element, join, paragraph, table, text
from .values import DASH, MINUS, block, blocks, count, duration, number, opening, plain, spoken, whole

Report = Mapping[str, Any]
GIGABYTE = 1 << 30
MEGABYTE = 1 << 20
MOST_REMARKS = 20
CALM = "The monitor saw nothing that calls for a change: no overfitting, no spike, no stuck or collapsed answers."


def sentence(report: Report) -> str:
    """Return the training in one line, such as `600 steps in 2 min 5 s (1 min 3 s expected), best at step 420`.

    It is empty where the report has no account: bases that are fitted in one go, and reports of older versions.
    """
    expected, happened = _sides(report)
    steps, taken = number(happened.get("steps")), _time(happened)
    if steps is None:
        return ""
    words = f"{count(steps)}{_planned(expected, steps)} steps"
    if taken != DASH:
        words += f" in {taken}{_foretold(expected, _starts(report))}"
    best = best_step(report)
    parts = [words, *([f"best at step {count(best)}"] if best is not None else [])]
    members, skipped = whole(happened.get("averaged_weights")), whole(happened.get("skipped_steps"))
    parts += [f"{members} weights averaged"] if members > 1 else []
    parts += [f"{skipped} {'step' if skipped == 1 else 'steps'} skipped"] if skipped else []
    return ", ".join(parts)


def forgetting(report: Report) -> str:
    """Return how the loss on the probe text changed, empty where it was not measured."""
    measured = block(block(report.get("training")).get("forgetting"))
    before, after = number(measured.get("before")), number(measured.get("after"))
    if before is None or after is None:
        return ""
    change = after - before
    sign = MINUS if change < 0 else "+"
    return f"loss per token on the probe text {after:.3f}, {before:.3f} before ({sign}{abs(change):.3f})"


def best_step(report: Report) -> float | None:
    """Return the step of the best validation, None where none is recorded."""
    checks = blocks(block(report.get("curves")).get("validations"))
    steps = [number(one.get("step")) for one in checks if one.get("is_best") is True]
    return steps[-1] if steps else None


def remarks(report: Report) -> Html:
    """Return what the monitor said, each remark with its advice, or that there was nothing to say."""
    recorded = block(report.get("training")).get("remarks")
    if not isinstance(recorded, list):
        return NOTHING
    told = blocks(recorded)
    title = element("h3", text("What the monitor saw"))
    if not told:
        return join((title, paragraph(CALM, "calm")))
    more = len(told) - MOST_REMARKS
    rest = paragraph(f"and {more:,} more, not shown here", "quiet") if more > 0 else NOTHING
    return join((title, *map(_remark, told[:MOST_REMARKS]), rest))


def _remark(one: Mapping[str, Any]) -> Html:
    badge = element("span", text(spoken(plain(one.get("kind") or "remark"))), class_="badge warning")
    step = element("small", text(f"step {count(one.get('step'))}")) if number(one.get("step")) is not None else NOTHING
    said, advice = (
        paragraph(f"{opening(plain(one[key]))}.") if one.get(key) else NOTHING for key in ("text", "advice")
    )
    return element("article", element("h3", badge, step), said, advice, class_="finding warning")


def comparison(report: Report) -> Html:
    """Return what was expected before the first step beside what happened."""
    expected, happened = _sides(report)
    if not expected and not happened:
        return NOTHING
    starts, early = _starts(report), NOTHING
    steps, planned = number(happened.get("steps")), number(expected.get("steps"))
    if steps is not None and planned is not None and steps < planned:
        early = element("small", text("stopped early"))
    each, every = (
        element("small", text(words)) if starts > 1 else NOTHING for words in ("one start", f"all {starts} starts")
    )
    rows = (
        (text("Steps"), text(count(planned)), join((text(count(steps)), early))),
        (
            text("Time"),
            join((text(_time(expected)), each)),
            join((text(_time(happened)), every)),
        ),
        (text("Memory"), text(_memory(expected)), text(_memory(happened))),
    )
    columns = (Column("What"), Column("Expected", True), Column("Happened", True))
    listed = table(columns, rows, "Said before the first step, and what came of it")
    return join((listed, paragraph(_memory_note(report), "note")))


def _memory_note(report: Report) -> str:
    held = "the most that this process held, Python and libraries included"
    if str(block(report.get("environment")).get("device", "")).startswith("cuda"):
        held = "the most that torch held on the device"
    return f"Expected memory is what training adds to the loaded model; what happened is {held}."


def choices(report: Report) -> Html:
    """Return what was chosen for the run: rate, seed, weights, and what the machine was made to do."""
    if not any(_sides(report)):
        return NOTHING
    rows = [(text(name), text(value)) for name, value in _choices(report)]
    return table((Column("Choice"), Column("Value")), rows, "How it ran")


def _choices(report: Report) -> Iterator[tuple[str, str]]:
    expected, happened = _sides(report)
    how = block(block(report.get("recipe")).get("train"))
    rate, starts = number(happened.get("learning_rate")), _starts(report)
    asked = block(how.get("optimizer")).get("learning_rate")
    origin = {"auto": " (auto)", "probe": " (found by the probe)"}.get(plain(asked), "") if rate else ""
    yield "Peak learning rate", f"{rate_text(rate)}{origin}"
    chosen = f" (the best of {starts} starts by validation)" if starts > 1 else ""
    yield "Seed", f"{plain(happened.get('seed'))}{chosen}"
    yield "Weights kept", _kept(whole(happened.get("averaged_weights")), how.get("average") == "ema")
    yield "Steps skipped, not finite", count(happened.get("skipped_steps"))
    yield "Rows in memory at a time", count(expected.get("micro_batch"))
    environment = block(report.get("environment"))
    for key, name in (
        ("device", "Device"),
        ("precision", "Precision of training"),
        ("threads", "Threads"),
        ("fp32_routing", "Products in fp32"),
    ):
        if environment.get(key) is not None:
            yield name, plain(environment[key])


def _kept(members: int, is_running: bool) -> str:
    if is_running:
        return "a running average, at the best validation"
    if members > 1:
        return f"the average of {members} validations' weights"
    return "those of the best validation" if members else DASH


def rate_text(rate: float | None) -> str:
    """Return a learning rate in two digits: `0.0002`, `2e−05`; a dash for None."""
    return DASH if rate is None else f"{rate:.2g}".replace("-", MINUS)


def _sides(report: Report) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    account = block(report.get("training"))
    return block(account.get("expected")), block(account.get("happened"))


def _starts(report: Report) -> int:
    """Return how many seeds raced: what was expected is said of one, what happened of all."""
    return max(1, whole(block(block(report.get("recipe")).get("train")).get("seeds")))


def _planned(expected: Mapping[str, Any], steps: float) -> str:
    planned = number(expected.get("steps"))
    return f" of {count(planned)}" if planned is not None and steps < planned else ""


def _foretold(expected: Mapping[str, Any], starts: int) -> str:
    foretold = _time(expected)
    each = f" for each of {starts} starts" if starts > 1 else ""
    return "" if foretold == DASH else f" ({foretold} expected{each})"


def _time(side: Mapping[str, Any]) -> str:
    seconds = number(side.get("seconds"))
    return DASH if seconds is None or seconds < 0 else duration(seconds)


def _memory(side: Mapping[str, Any]) -> str:
    size = number(side.get("memory_bytes"))
    if size is None or size < 0:
        return DASH
    return f"{size / GIGABYTE:,.1f} GB" if size >= 0.1 * GIGABYTE else f"{size / MEGABYTE:,.0f} MB"
