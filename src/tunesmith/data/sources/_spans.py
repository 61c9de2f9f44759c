"""Spans of characters in the forms in which tools for labelling write them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...core.errors import DataError
from ._values import kind_name

KEYS = ("spans", "entities", "ents", "label", "labels")
STARTS, ENDS, LABELS = ("start", "start_offset"), ("end", "end_offset"), ("label", "labels")
NAMED = "write {start, end, label} or [start, end, label]"


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of a text, from the first to the one after the last, and what they are; `says` is what they spell."""

    start: int
    end: int
    label: str
    says: str | None = None

    def shown(self, text: str) -> str:
        """Return the span in words, for a message."""
        return (
            f"the span '{text[max(0, self.start) : max(0, self.end)]:.40}' ({self.start} to {self.end}, {self.label})"
        )


@dataclass(frozen=True, slots=True)
class Annotated:
    """A text, its spans as they are written (None: it was never labelled), and the other keys with single values."""

    text: str
    spans: list[Any] | None
    others: Mapping[str, Any]
    left_out: tuple[str, ...]
    """Other keys, that hold lists or objects."""


def annotated(one: Mapping[str, Any], text: str, spans: str | None, place: str) -> Annotated:
    """Return what an object of any of the forms says. Raises DataError where it has no text, or spans in two places."""
    data = one.get("data")
    values, is_task = dict(one), False
    if isinstance(data, Mapping) and text not in one:
        values, is_task = {name: value for name, value in one.items() if name != "data"} | dict(data), True
    found = values.pop(text, None)
    if not isinstance(found, str):
        fact = f"no text under '{text}'" if found is None else f"{kind_name(found)} under '{text}', not a text"
        raise DataError(f"{place}: {fact}; name its key by `text`")
    if is_task:
        given = _chosen(values.pop("annotations", None), place)
    else:
        key = spans or _key(values, place)
        given = values.pop(key, None) if key else None
    if given is not None and not isinstance(given, list):
        raise DataError(f"{place}: {kind_name(given)} where the list of spans must stand; {NAMED}")
    others = {name: value for name, value in values.items() if not isinstance(value, list | dict)}
    others = {f"{name}_given" if name in ("words", "tags", "text") else name: value for name, value in others.items()}
    return Annotated(found, given, others, tuple(name for name in values if isinstance(values[name], list | dict)))


def located(one: Annotated, place: str) -> list[Span]:
    """Return the spans in their order in the text, one that is written twice once.

    Where a span says what it spells and it does not stand there, its ends are taken for UTF-16 units, which browsers
    count. Raises DataError on a span that is reversed, empty, outside of the text, over another, or says otherwise.
    """
    spans = sorted(
        {_span(written, place) for written in one.spans or ()}, key=lambda span: (span.start, span.end, span.label)
    )
    spans = _as_spelt(one.text, spans, place)
    for span in spans:
        if not 0 <= span.start < span.end <= len(one.text):
            fact = "is reversed" if span.start > span.end else "is empty" if span.start == span.end else "is outside"
            raise DataError(f"{place}: {span.shown(one.text)} {fact}; the text has {len(one.text)} characters")
    for before, span in itertools.pairwise(spans):
        if span.start < before.end:
            shown = f"{before.shown(one.text)} and {span.shown(one.text)}"
            raise DataError(f"{place}: {shown} overlap; a word has one tag, so keep one of them")
    return spans


def _key(values: Mapping[str, Any], place: str) -> str | None:
    found = [name for name in KEYS if name in values]
    if len(found) > 1 and len(held := [name for name in found if isinstance(values[name], list)]) != 1:
        names = " and ".join(f"'{name}'" for name in held or found)
        raise DataError(f"{place}: spans may stand under {names}; say which by `spans`")
    return next((name for name in found if isinstance(values[name], list)), found[0] if found else None)


def _chosen(annotations: Any, place: str) -> list[Any] | None:
    """Return the spans of a task's annotation: of the one marked as truth, or of all where they are the same."""
    given = [one for one in annotations or () if isinstance(one, Mapping) and not one.get("was_cancelled")]
    truth = [one for one in given if one.get("ground_truth")] or given
    found = [list(_results(one.get("result"), place)) for one in truth]
    if any({_span(each, place) for each in one} != {_span(each, place) for each in found[0]} for one in found):
        raise DataError(f"{place}: {len(found)} annotations that differ; keep one, or mark it as ground truth")
    return found[0] if found else None


def _results(result: Any, place: str) -> Iterable[Any]:
    if not isinstance(result, list):
        raise DataError(f"{place}: an annotation without a list 'result'; export the project as JSON")
    for one in result:
        if isinstance(one, Mapping) and one.get("type") in ("labels", "hypertextlabels"):
            yield one.get("value")


def _span(written: Any, place: str) -> Span:
    """Return a span of any form. Raises DataError where it lacks an end or a label."""
    if isinstance(written, list) and len(written) == 3:
        start, end, label, says = *written, None
    elif isinstance(written, Mapping):
        start, end, label = (_first(written, keys) for keys in (STARTS, ENDS, LABELS))
        says = written.get("text")
    else:
        raise DataError(f"{place}: {kind_name(written)} where a span must stand; {NAMED}")
    if isinstance(label, list) and len(label) == 1:
        label = label[0]
    for what, value, kind in (("start", start, int), ("end", end, int), ("label", label, str)):
        if type(value) is not kind or value == "":
            needs = "a whole number" if kind is int else "one text"
            given = "an empty text" if value == "" else kind_name(value)
            raise DataError(f"{place}: a span whose {what} is {given}, not {needs}; {NAMED}")
    return Span(start, end, label, says if isinstance(says, str) else None)


def _first(written: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    return next((written[key] for key in keys if key in written), None)


def _as_spelt(text: str, spans: list[Span], place: str) -> list[Span]:
    if all(span.says in (None, text[max(0, span.start) : max(0, span.end)]) for span in spans):
        return spans
    units = [0]
    for letter in text:
        units.append(units[-1] + (2 if letter > "\uffff" else 1))
    at = {unit: number for number, unit in enumerate(units)}
    found = [Span(at.get(span.start, -1), at.get(span.end, -1), span.label, span.says) for span in spans]
    for span, other in zip(spans, found, strict=True):
        if min(other.start, other.end) < 0 or other.says not in (None, text[other.start : other.end]):
            fact = f"should spell '{span.says:.40}'" if span.says is not None else "is outside"
            raise DataError(f"{place}: {span.shown(text)} {fact}; correct its ends")
    return found
