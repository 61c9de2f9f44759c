"""What was written before and after: rows with both texts side by side, for a person to read and a judge to compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .core.errors import RecipeError
from .core.events import Events
from .data import Codec, Dataset
from .data.chats import messages_of
from .data.written import Written
from .stages.decide import System
from .stages.judge import Judge, Pair, judged

SAMPLES = 12
BASE = "zero_shot"  # the system that is the untouched base


@dataclass(frozen=True, slots=True)
class Sides:
    """The test rows for which both wrote a text: `places` int64, and the texts of all rows, object (rows,)."""

    rows: Dataset
    codec: Codec
    places: np.ndarray
    before: np.ndarray
    after: np.ndarray

    @classmethod
    def of(cls, rows: Dataset, codec: Codec, systems: Mapping[str, System]) -> Sides | None:
        """Return them; None where nothing is written, by this version or by the base before it was trained."""
        outputs = [systems[name].outputs for name in (BASE, "model") if name in systems]
        before, after = (one.texts if isinstance(one, Written) else None for one in (*outputs, None, None)[:2])
        if before is None or after is None:
            return None
        both = [at for at, texts in enumerate(zip(before, after, strict=True)) if None not in texts]
        return cls(rows, codec, np.array(both, np.int64), before, after) if both else None

    def samples(self, most: int = SAMPLES) -> list[dict[str, Any]]:
        """Return rows as JSON values: what was asked, the right text, the base's and this version's."""
        found = []
        for at in spread(self.places, most):
            where, values = self.rows.index.row(int(at), named=True), self.rows.example(int(at))
            one = {"row": where["row"], "id": where["id"], "inputs": self._inputs(values)}
            one |= {"target": values[self.codec.target], "before": self.before[at], "after": self.after[at]}
            found.append(one)
        return found

    def pair(self, at: int) -> Pair:
        """Return what a judge is told of the row at a position."""
        values = self.rows.example(at)
        return Pair(asked(self._inputs(values)), str(values[self.codec.target]), self.after[at], self.before[at])

    def _inputs(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {column.name: values[column.name] for column in self.codec.columns}


def spread(places: np.ndarray, most: int) -> np.ndarray:
    """Return at most that many of the places, evenly spread, the first and the last among them, in their order."""
    if len(places) <= most:
        return places
    return places[np.linspace(0, len(places) - 1, most).round().astype(np.int64)]


def asked(inputs: Mapping[str, Any]) -> str:
    """Return what was asked as one text: a conversation with the role before each turn, several columns with names."""
    if len(inputs) == 1:
        return _said(next(iter(inputs.values())))
    return "\n\n".join(f"{name}: {_said(value)}" for name, value in inputs.items())


def _said(value: Any) -> str:
    if not isinstance(value, str):
        return "" if value is None else str(value)
    try:
        turns = messages_of(value)
    except ValueError:
        return value
    if [one["role"] for one in turns] == ["user"]:
        return str(turns[0]["content"])
    return "\n\n".join(f"{one['role']}: {one['content']}" for one in turns)


def side_by_side(
    sides: Sides | None, judge: Judge | None, groups: np.ndarray | None, seed: int, events: Events
) -> dict[str, Any]:
    """Return `samples`, and `judged` where a judge was asked; nothing where there are no two texts.

    A judge that fails on the real rows costs its own figures, not the version: what it did is told instead.
    """
    if sides is None:
        if judge is not None:
            events.warn("judge", "nobody was asked: there are no texts of this version and of its base to compare")
        return {}
    shown = {"samples": sides.samples()}
    if judge is None:
        return shown
    chosen = spread(sides.places, judge.rows)
    pairs = [sides.pair(int(at)) for at in chosen]
    try:
        found = judged(judge, pairs, None if groups is None else groups[chosen], seed, events)
    except RecipeError as error:
        events.warn("judge", f"the version is kept without the judge's figures, as the judge failed: {error}")
        found = {"command": judge.command, "failed": str(error)}
    return shown | {"judged": found | {"test_rows": len(sides.rows)}}
