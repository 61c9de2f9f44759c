"""The top of a report, read in five seconds: the verdict, the figure, better than what, and on how many rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .markup import NOTHING, Html, element, join, paragraph, text
from .values import DASH, Reading, block, count, duration, falls, figure, number, odds, plain, signed, spoken

BESIDE = ("accuracy", "balanced_accuracy", "f1_macro", "pr_auc")  # what stands beside the metric that decides
# Decision -> its class in the style sheet, and a mark that does not need colour.
DECISIONS = {"ship": ("ship", "✓"), "hold": ("hold", "!"), "no better than baseline": ("none", "≈")}


@dataclass(frozen=True, slots=True)
class Rival:
    """A baseline as the primary metric sees it, and the difference to it (model minus baseline)."""

    name: str
    reading: Reading
    difference: Reading
    detail: str = ""


def primary_of(report: Mapping[str, Any]) -> str:
    """Return the name of the metric that decides: the one named, else the first measured, else an empty text."""
    named = report.get("primary")
    return named if isinstance(named, str) and named else next(iter(block(report.get("metrics"))), "")


def rivals(report: Mapping[str, Any]) -> list[Rival]:
    """Return every baseline that has the primary metric or a comparison on it, the strongest first."""
    primary = primary_of(report)
    baselines, comparisons = block(report.get("baselines")), block(report.get("comparisons"))
    own = Reading.of(block(report.get("metrics")).get(primary)).value
    found = []
    for name in dict.fromkeys([*baselines, *comparisons]):
        reading = Reading.of(block(baselines.get(name)).get(primary))
        compared = block(comparisons.get(name))
        difference = Reading(None)
        if compared.get("metric", primary) == primary:
            difference = Reading.of(compared.get("difference"))
        if difference.value is None and own is not None and reading.value is not None:
            difference = Reading(own - reading.value)
        if difference.value is not None or reading.value is not None:
            test = plain(compared["test"]) if compared.get("test") else ""
            detail = ", ".join(filter(None, (odds(number(compared.get("p_value"))), test)))
            found.append(Rival(name, reading, difference, detail))
    return sorted(found, key=lambda rival: _strength(rival, own, falls(primary)), reverse=True)


def _strength(rival: Rival, own: float | None, is_falling: bool) -> float:
    value, difference = rival.reading.value, rival.difference.value
    if value is None:
        value = (own or 0.0) - (difference or 0.0)
    return -value if is_falling else value


def header(report: Mapping[str, Any]) -> Html:
    """Return the head of the page: what this is, the verdict with its reason, and three figures."""
    name = report.get("version") or report.get("name") or "Unnamed version"
    task = [plain(report[key]) for key in ("task",) if report.get(key)]
    target = [f"of {plain(report['target'])}"] if report.get("target") else []
    title = element("h1", element("bdi", text(name)), element("span", text(" ".join([*task, *target]))))
    figures = element("dl", _primary(report), _gain(report), _rows(report), class_="figures")
    return element("header", title, _verdict(block(report.get("verdict"))), figures, _origin(report))


def _verdict(verdict: Mapping[str, Any]) -> Html:
    decision = verdict.get("decision")
    class_, mark = DECISIONS.get(decision, ("unknown", "?")) if isinstance(decision, str) else ("unknown", "?")
    words = plain(decision) if decision else "No verdict"
    because = plain(verdict["because"]) if verdict.get("because") else "No reason is recorded."
    note = paragraph(plain(verdict["note"])) if verdict.get("note") else NOTHING
    said = element("div", element("strong", text(words[:1].upper() + words[1:])), paragraph(because), note)
    return element(
        "div", element("span", text(mark), class_="mark", aria_hidden="true"), said, class_=f"verdict {class_}"
    )


def _figure(term: str, value: str, *notes: str) -> Html:
    lines = join(element("dd", text(note), class_="note") for note in notes if note)
    return element("div", element("dt", text(term)), element("dd", text(value), class_="value"), lines)


def _primary(report: Mapping[str, Any]) -> Html:
    name = primary_of(report)
    if not name:
        return _figure("Primary metric", DASH, "No metric is recorded.")
    reading = Reading.of(block(report.get("metrics")).get(name))
    note = f"{reading.interval} 95% interval" if reading.interval else reading.reason or "no interval is recorded"
    return _figure(spoken(name), figure(reading.value), note, *_beside(report, name))


def _beside(report: Mapping[str, Any], primary: str) -> list[str]:
    """Return the figures that tell more than accuracy where classes are uneven, each with its interval."""
    measured = block(report.get("metrics"))
    known = [(name, Reading.of(measured[name])) for name in BESIDE if name in measured and name != primary]
    return [f"{spoken(name)} {reading}" for name, reading in known if reading.value is not None]


def _gain(report: Mapping[str, Any]) -> Html:
    found = rivals(report)
    if not found:
        return _figure("Against a baseline", DASH, "No baseline is recorded.")
    rival, is_falling = found[0], falls(primary_of(report))
    difference = rival.difference
    if difference.value is None:
        return _figure("Against a baseline", DASH, f"{spoken(rival.name)} is not compared.")
    gain = -difference.value if is_falling else difference.value
    low, high = difference.low, difference.high
    word = "better than" if gain > 0 else "worse than" if gain < 0 else "the same as"
    if low is not None and high is not None and low <= 0 <= high and gain:
        word = "not clearly different from"
    best = ", the strongest baseline" if len(found) > 1 else ", the only baseline"
    best += "; lower is better" if is_falling else ""
    interval = ", ".join(filter(None, (_signed_interval(difference), rival.detail)))
    return _figure(f"{word} {spoken(rival.name)}", signed(difference.value), f"{spoken(rival.name)}{best}", interval)


def _signed_interval(difference: Reading) -> str:
    if difference.low is None or difference.high is None:
        return ""
    return f"[{signed(difference.low)}, {signed(difference.high)}]"


def _rows(report: Mapping[str, Any]) -> Html:
    rows = block(report.get("rows"))
    if number(rows.get("test")) is None:
        return _figure("Test rows", DASH, "No row counts are recorded.")
    others = [
        f"{count(rows.get(name))} {name}" for name in ("train", "validation") if number(rows.get(name)) is not None
    ]
    return _figure("Test rows", count(rows.get("test")), " · ".join(others))


def _origin(report: Mapping[str, Any]) -> Html:
    facts = [
        (key.capitalize(), plain(report[key])) for key in ("base", "strategy", "seed") if report.get(key) is not None
    ]
    created, seconds, digest = report.get("created"), number(report.get("seconds")), report.get("digest")
    if isinstance(created, str) and created:
        facts.append(("Created", created.replace("T", " ")[:16]))
    if seconds is not None and seconds >= 0:
        facts.append(("Took", duration(seconds)))
    if isinstance(digest, str) and digest:
        facts.append(("Digest", digest[:12]))
    if not facts:
        return NOTHING
    shown = (element("span", element("b", text(term)), text(f" {value}")) for term, value in facts)
    return element("p", *shown, class_="origin")
