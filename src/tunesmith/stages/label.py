"""Which rows are most worth a person's look, and what becomes of the labels that the person gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ..core.errors import DataError
from ..data import Dataset
from ..data.ledger import Change
from ..parts.checks import Finding, Opinion

REASONS = ("label_errors", "contradictions", "near_duplicates")  # findings that a look at the label settles
ANSWER = "new_label"
SEPARATOR = "|"
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Look:
    """One row to look at: its position, why, how urgently (0..1), and the label that may be right."""

    row: int
    reason: str
    score: float
    suggestion: Any = None


def worth_a_look(
    data: Dataset, target: str, findings: Sequence[Finding], opinion: Opinion | None, count: int
) -> list[Look]:
    """Return the rows to look at first, each once, for its gravest reason.

    Findings about labels come first by their scores, then rows without a label, then those of which the judges are
    least sure (smallest margin of the two likeliest classes; Settles 2009, section 3.1), as far as `count` allows.
    """
    looks: dict[int, Look] = {}
    for reason in REASONS:
        for finding in (one for one in findings if one.check == reason and one.column == target):
            suggestions = finding.suggestions or (None,) * len(finding.rows)
            told = zip(finding.rows, finding.scores, suggestions, strict=True)
            for row, score, suggestion in sorted(told, key=lambda one: (-one[1], one[0])):
                looks.setdefault(row, Look(row, reason.replace("_", " "), score, suggestion))
    for row in data.frame[target].is_null().arg_true().to_list():
        looks.setdefault(row, Look(row, "no label", 1.0))
    for look in _unsure(opinion) if opinion is not None else ():
        if len(looks) >= count:
            break
        looks.setdefault(look.row, look)
    return list(looks.values())[:count]


def _unsure(opinion: Opinion) -> Iterable[Look]:
    ranked = np.sort(opinion.probabilities, axis=1)
    margins = ranked[:, -1] - (ranked[:, -2] if ranked.shape[1] > 1 else 0.0)
    likeliest = opinion.probabilities.argmax(axis=1)
    for at in np.argsort(margins, kind="stable").tolist():
        row, label = int(opinion.rows[at]), opinion.classes[int(likeliest[at])]
        yield Look(row, "the judges are unsure", round(float(1 - margins[at]), 6), label)


def sheet(data: Dataset, target: str, inputs: Sequence[str], looks: Sequence[Look]) -> pl.DataFrame:
    """Return the rows as a table to fill in: id, place, reason, score, the inputs, label, suggestion, `new_label`."""
    rows = [one.row for one in looks]
    chosen = data.take(rows)
    said = {
        "id": chosen.index["id"],
        "place": [data.place(row) for row in rows],
        "reason": [one.reason for one in looks],
        "score": pl.Series([one.score for one in looks], dtype=pl.Float64),
    }
    labels = {
        "label": _joined(chosen.frame[target]),
        "suggestion": pl.Series([_plain(one.suggestion) for one in looks], dtype=pl.String),
        ANSWER: pl.Series([None] * len(looks), dtype=pl.String),
    }
    taken = {*said, *labels}
    shown = {name if name not in taken else f"input {name}": chosen.frame[name] for name in inputs}
    return pl.DataFrame(said | shown | labels)


def _joined(column: pl.Series) -> pl.Series:
    return column.list.join(SEPARATOR) if column.dtype == pl.List else column.cast(pl.String)


def _plain(value: Any) -> str | None:
    return SEPARATOR.join(value) if isinstance(value, list) else None if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Given:
    """Labels that a person gave: by row id, with the label that the row had when it was shown, where that is known."""

    labels: Mapping[str, str]
    shown: Mapping[str, str | None]
    place: str
    may_be_new: bool = False
    """Whether labels outside the classes that are there are wanted."""


def taken(data: Dataset, target: str, given: Given) -> list[Change]:
    """Return the changes that bring the given labels into the rows.

    Raises DataError, naming the rows, where one is unknown, its label was changed since, or a label is of no class.
    """
    at = {name: position for position, name in enumerate(data.ids)}
    unknown = [name for name in given.labels if name not in at]
    if unknown:
        raise DataError(f"{given.place}: no row has the id {_some(unknown)}; give the labels of these very rows")
    labels = _joined(data.frame[target])
    moved = [name for name in given.labels if name in given.shown and labels[at[name]] != given.shown[name]]
    if moved:
        places = _some([data.place(at[name]) for name in moved])
        raise DataError(f"{given.place}: labels that were changed since they were shown: {places}; export them again")
    is_list = data.frame[target].dtype == pl.List
    known = {one for text in labels.drop_nulls().to_list() for one in (text.split(SEPARATOR) if is_list else [text])}
    strange = {
        name: one
        for name, text in given.labels.items()
        for one in (text.split(SEPARATOR) if is_list else [text])
        if one not in known
    }
    if strange and not given.may_be_new and not data.frame[target].dtype.is_numeric():
        classes = _some(sorted(known))
        raise DataError(
            f"{given.place}: {_some(list(strange.values()))} is no class ({classes}); correct it, or add --new-classes"
        )
    return [
        _change(data, at[name], target, text.split(SEPARATOR) if is_list else _typed(text, data, target, given.place))
        for name, text in given.labels.items()
        if text != labels[at[name]]
    ]


def _typed(text: str, data: Dataset, target: str, place: str) -> Any:
    if not data.frame[target].dtype.is_numeric():
        return text
    try:
        return float(text)
    except ValueError:
        raise DataError(f"{place}: '{text}' is no number, and column '{target}' holds numbers; correct it") from None


def _change(data: Dataset, at: int, target: str, label: Any) -> Change:
    fate = (data.ids[at], at, data.place(at), "label", "relabel", "a person gave this label")
    return Change("changed", *fate, target, data.frame[target][at], label)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(f"'{name}'" for name in names[:SHOWN]) + more
