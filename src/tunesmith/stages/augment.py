"""Training rows to what else they could have been: new rows once, changed ones anew in each epoch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from ..core.draws import Draws
from ..core.errors import RecipeError, TunesmithError
from ..core.events import Events
from ..core.ids import tree_digest, value_digest
from ..core.seed import derive
from ..data import Dataset
from ..data.dataset import concatenate
from ..parts.augmentations import (
    Augmentation,
    Change,
    ColumnAugmentation,
    Kind,
    Place,
    Question,
    RowAugmentation,
    chosen,
)
from ..parts.modalities import Form, Modality
from ..parts.tasks import Task

KINDS: dict[Form, Kind] = {
    "text": "text",
    "words": "words",
    "numbers": "number",
    "categories": "category",
    "image": "image",
}
TYPES: dict[Kind, Any] = {"text": pl.String, "number": pl.Float64, "category": pl.String}
EXAMPLES = 3


def ask(inputs: Mapping[str, Modality], target: str, task: Task) -> Question:
    """Return what augmentations are told of the columns."""
    return Question({name: KINDS[one.gives] for name, one in inputs.items()}, target, task.form)


def check(parts: Sequence[Augmentation], question: Question, base: str, is_fitted: bool) -> None:
    """Refuse augmentations that have nothing to work on, or whose rows nobody would read. Raises RecipeError."""
    _check_order(parts, question)
    for at, part in enumerate(parts):
        fact = part.refuse(question)
        if fact is not None:
            raise RecipeError(f"augment.{at}: {fact}")
        if is_fitted and part.is_anew:
            raise RecipeError(
                f"augment.{at}: {part.kind} changes rows anew in each epoch, and base {base} is fitted in one go; "
                "use a base that is trained in epochs, such as `base: tabular_net`, or remove it"
            )


def _check_order(parts: Sequence[Augmentation], question: Question) -> None:
    once = [part.kind for part in parts if not part.is_anew]
    if len(once) > 1:
        raise RecipeError(f"augment: {' and '.join(once)} each make new rows of the same ones; keep one of them")
    changed: dict[str, str] = {}
    for at, part in enumerate(parts):
        if isinstance(part, ColumnAugmentation):
            for name in part.fitting(question):
                if part.reads_originals and name in changed:
                    raise RecipeError(
                        f"augment.{at}: {part.kind} reads column '{name}' as it is in the file, and {changed[name]} "
                        f"changes it before; put {part.kind} first"
                    )
                changed[name] = part.kind


@dataclass(frozen=True, slots=True)
class Turn:
    """The training rows of one epoch, and which of them each augmentation has changed (positions, int64)."""

    rows: Dataset
    changed: tuple[np.ndarray, ...]


@dataclass(frozen=True, slots=True)
class Augmenter:
    """What makes an epoch's rows. `rows` are the training rows, with the new ones behind them."""

    rows: Dataset
    parts: tuple[Augmentation, ...] = ()
    question: Question = field(default_factory=lambda: Question({}, "", "class"))
    seed: int = 0
    changes: tuple[Mapping[str, Change], ...] = ()
    """What each augmentation does to which column."""
    added: int = 0
    """How many rows are new."""
    key: str = ""
    """Follows from the files that augmentations read; empty where there is no augmentation."""

    @property
    def is_anew(self) -> bool:
        """Whether epochs differ."""
        return any(self.changes)

    def turn(self, epoch: int, rows: Dataset | None = None) -> Turn:
        """Return training rows (all where not given) as an epoch, from 0, shows them, in their order, under their ids.

        A row's values follow from seed, epoch and id. Its `content` is what they hash to now: whatever was kept for
        the row as it stood in the file is not taken for this one.
        """
        rows = self.rows if rows is None else rows
        frame, draws = rows.frame, Draws.of(rows.ids)
        changed = []
        for at, (part, changes) in enumerate(zip(self.parts, self.changes, strict=True)):
            own = draws.named(self.seed, "augment", at, part.kind, epoch)
            frame, mask = _changed(frame, part, changes, own)
            changed.append(np.flatnonzero(mask))
        again = replace(rows, frame=frame)
        return Turn(self._hashed(again, np.unique(np.concatenate([[], *changed])).astype(np.int64)), tuple(changed))

    def account(self, first: Turn, events: Events) -> dict[str, Any]:
        """Return which augmentations run, on what, and some rows before and after, as JSON values; tell a person too.

        `first` is the first epoch's turn of all rows.
        """
        parts: list[dict[str, Any]] = [
            {"kind": part.kind, "columns": list(changes), "changed": len(changed)}
            for part, changes, changed in zip(self.parts, self.changes, first.changed, strict=True)
            if changes
        ]
        if self.added:
            events.note("augment", f"{self.added} new rows beside {len(self.rows) - self.added} training rows")
        for one in parts:
            named = ", ".join(f"'{name}'" for name in one["columns"])
            fact = f"{one['kind']} changes {one['changed']} of {len(self.rows)} rows in the first epoch ({named})"
            events.note("augment", fact) if one["changed"] else events.warn("augment", f"{fact}; is that meant?")
        return {"rows": len(self.rows), "added": self.added, "parts": parts, "examples": self._examples(first)}

    def _examples(self, first: Turn) -> list[dict[str, Any]]:
        """Return the first change that each augmentation made, then further ones, three in all where there are."""
        found: dict[int, dict[str, Any]] = {}
        for place in range(EXAMPLES):
            for changed in first.changed:
                if len(found) < EXAMPLES and len(changed) > place:
                    row = int(changed[place])
                    found[row] = {"id": self.rows.ids[row]} | self.difference(first, row)
        return list(found.values())

    def difference(self, turn: Turn, row: int) -> dict[str, Any]:
        """Return a row's values that a turn of all rows has changed, before and after, and by which augmentations."""
        before, after = self.rows.example(row), turn.rows.example(row)
        names = list(dict.fromkeys(name for changes in self.changes for name in changes))
        columns = [name for name in names if before[name] != after[name] and not _is_nan(before[name])]
        by = [part.kind for part, changed in zip(self.parts, turn.changed, strict=True) if row in changed]
        return {"by": by, "before": {n: before[n] for n in columns}, "after": {n: after[n] for n in columns}}

    def _hashed(self, rows: Dataset, changed: np.ndarray) -> Dataset:
        numeric = self.question.of_kind(frozenset({"number"}))
        hashed = rows.take(changed).identified(list(self.question.inputs), numeric)
        content = rows.index["content"].clone().scatter(changed, hashed.index["content"])
        return replace(rows, index=rows.index.with_columns(content))


def augment(train: Dataset, parts: Sequence[Augmentation], question: Question, seed: int, place: Place) -> Augmenter:
    """Return what makes each epoch's rows out of the training rows. `check` has let the parts pass.

    Raises NotFoundError or DataError where a part lacks a file, or cannot work on these very rows.
    """
    if not parts:
        return Augmenter(train)
    train = rows = _typed(train, parts, question)
    for at, part in enumerate(parts):
        if isinstance(part, RowAugmentation):
            with _placed(at, part):
                rows = _enlarged(rows, train, part, question, derive(seed, "augment", at, part.kind))
    changes = tuple(_changes(train, part, question, at, place) for at, part in enumerate(parts))
    files = [tree_digest(place.folder / one) for part in parts for one in part.files()]
    return Augmenter(rows, tuple(parts), question, seed, changes, len(rows) - len(train), value_digest(files))


def _enlarged(rows: Dataset, train: Dataset, part: RowAugmentation, question: Question, seed: int) -> Dataset:
    """Return the rows with new ones behind them, made from the training rows in the order of their ids.

    A new row's id is a hash of its inputs, as a row's is that has none of its own, with the part's name before it.
    """
    ordered = train.take(np.argsort(np.array(train.ids)))
    columns = [*question.inputs, question.target]
    new = part.synthesize(ordered.frame.select(columns), question, seed)
    if not new.height:
        return rows
    rest = [pl.lit(None, train.frame.schema[name]).alias(name) for name in train.columns if name not in columns]
    numeric = question.of_kind(frozenset({"number"}))
    made = Dataset.of(new.with_columns(rest), part.kind, "train").identified(list(question.inputs), numeric)
    named = replace(made, index=made.index.with_columns(pl.format(f"{part.kind}-{{}}", "id").alias("id")))
    return concatenate([rows, named])


def _typed(train: Dataset, parts: Sequence[Augmentation], question: Question) -> Dataset:
    """Return the rows with the columns that will be changed in the type of their kind, in which they are encoded."""
    names = {name for part in parts for name in _columns(part, question)}
    types = [pl.col(name).cast(TYPES[question.inputs[name]], strict=False) for name in sorted(names)]
    return replace(train, frame=train.frame.with_columns(types))


def _columns(part: Augmentation, question: Question) -> list[str]:
    return part.fitting(question) if isinstance(part, ColumnAugmentation) else list(question.inputs)


def _changes(train: Dataset, part: Augmentation, question: Question, at: int, place: Place) -> dict[str, Change]:
    if not isinstance(part, ColumnAugmentation):
        return {}
    with _placed(at, part):
        return {name: part.build(train.frame[name], place) for name in part.fitting(question)}


@contextmanager
def _placed(at: int, part: Augmentation) -> Iterator[None]:
    """Put the place in the recipe before what an augmentation complains of."""
    try:
        yield
    except TunesmithError as error:
        raise type(error)(f"augment.{at} ({part.kind}): {error}") from error


def _changed(
    frame: pl.DataFrame, part: Augmentation, changes: Mapping[str, Change], draws: Draws
) -> tuple[pl.DataFrame, np.ndarray]:
    """Return the frame with a part's changes, and which rows they have changed, bool (rows,)."""
    mask = np.zeros(frame.height, bool)
    if not isinstance(part, ColumnAugmentation):
        return frame, mask
    rows = chosen(draws, part.probability)
    for name, change in changes.items():
        column = frame[name]
        present = rows[column[rows].is_not_null().to_numpy()]
        if not len(present):
            continue
        new = change(column[present], draws.take(present).named(0, name))
        mask[present] |= (column[present] != new).to_numpy()
        frame = frame.with_columns(column.clone().scatter(present, new))
    return frame, mask


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value
