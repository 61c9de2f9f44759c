"""Rows to train, validation and test: decided by each row and those before it, so that new rows never move old ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from ...core.errors import DataError
from ...core.events import Events
from ...data import Dataset
from ...data.division import Rule, units
from ...data.near import Pairs, comparable, near_pairs
from ...data.strata import Form
from .draft import NAMES, Division, Draft
from .places import by_place
from .rules import by_time, drop_leaks, keep_given
from .section import Split

__all__ = ["NAMES", "Division", "Roles", "Split", "split"]

COMPARED = ("text", "number", "category", "image")


@dataclass(frozen=True, slots=True)
class Roles:
    """What a split asks of the columns: the target, what it holds, and the kind of each input."""

    target: str | None = None
    form: Form = "class"
    kinds: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    """Where the paths of images start."""


def split(data: Dataset, how: Split, roles: Roles, events: Events) -> Division:
    """Return the rows with their split written down; what a person should know is noted in `events`.

    Raises DataError where a column that divides is missing or holds a value that cannot.
    """
    _refuse_unknown(data, how)
    near = _near(data, how, roles, events)
    draft = Draft(data, how, np.zeros(len(data), np.int8))
    _note_groupless(draft)
    free = keep_given(draft)
    if how.time is not None:
        by_time(draft, free)
    else:
        rule = Rule(how.by, how.group, roles.target, roles.form, how.salt)
        by_place(draft, free, rule, Pairs.none() if near is None else near)
    content = data.index["content"]
    linked = (
        None
        if near is None
        else pl.DataFrame({"first": content.gather(near.first), "second": content.gather(near.second)})
    )
    if how.leaks == "drop":
        drop_leaks(draft, linked)
    for text in draft.notes:
        events.note("split", text)
    return draft.done(linked)


def _refuse_unknown(data: Dataset, how: Split) -> None:
    for key in ("group", "time", "given"):
        name = getattr(how, key)
        if name is not None and name not in data.columns:
            raise DataError(f"split.{key}: there is no column '{name}' (columns: {', '.join(data.columns)})")
    if how.folds is not None and data.index["split"].null_count() < len(data):
        raise DataError("split.folds: the rows come as one file per split already; leave out `folds`")


def _note_groupless(draft: Draft) -> None:
    group = draft.how.group
    missing = np.flatnonzero(draft.data.frame[group].is_null().to_numpy()) if group is not None else np.empty(0, int)
    if len(missing):
        draft.notes.append(f"without a '{group}', kept together as one: {draft.some(missing)}")


def _near(data: Dataset, how: Split, roles: Roles, events: Events) -> Pairs | None:
    """Return the near rows among those of distinct inputs, as pairs of positions; None where they are not wanted."""
    if how.near_duplicates == "ignore" or not roles.kinds:
        return None
    first = units(data).first
    frame, plain = comparable(data.frame[first], roles.kinds)
    if not plain:
        return None
    kinds = {name: kind if kind in COMPARED else "category" for name, kind in plain.items()}
    rows = len(first)
    with events.stage("near rows", rows) as advance:
        found = near_pairs(frame, kinds, how.similarity, roles.folder, lambda share: advance(int(share * rows)))
    return Pairs(first[found.first], first[found.second], found.similarity)
