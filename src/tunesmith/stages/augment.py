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
from ..data import Dataset, Ragged
from ..data.dataset import concatenate
from ..data.hashing import hexadecimal, text_hashes
from ..parts.augmentations import (
    Augmentation,
    Change,
    ColumnAugmentation,
    ImageAugmentation,
    Kind,
    MixingAugmentation,
    Place,
    Question,
    RowAugmentation,
    chosen,
)
from ..parts.augmentations._shown import changed as changed_images
from ..parts.augmentations._shown import followed
from ..parts.modalities import Form, Modality
from ..parts.tasks import Task

KINDS: dict[Form, Kind] = {"numbers": "number", "categories": "category"}  # forms that are not called as their kind
TYPES: dict[Kind, Any] = {"text": pl.String, "number": pl.Float64, "category": pl.String}
EXAMPLES = 3
MIXED = "{} mixes the labels of rows, and training takes a row's own label alone; use cutout or crop, or remove it"


def ask(inputs: Mapping[str, Modality], target: str, task: Task) -> Question:
    """Return what augmentations are told of the columns."""
    kinds: dict[str, Any] = {name: KINDS.get(one.gives) or one.gives for name, one in inputs.items()}
    return Question(kinds, target, task.form)


def check(parts: Sequence[Augmentation], question: Question, base: str, is_fitted: bool) -> None:
    """Refuse augmentations that have nothing to work on, or whose rows nobody would read. Raises RecipeError."""
    _check_order(parts, question)
    for at, part in enumerate(parts):
        if question.form == "spans":
            raise RecipeError(
                f"augment.{at}: a change of the text moves the answers that stand in it; remove {part.kind}"
            )
        fact = MIXED.format(part.kind) if isinstance(part, MixingAugmentation) else part.refuse(question)
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
        return any(self.changes) or self.has_images

    @property
    def has_images(self) -> bool:
        """Whether images differ from epoch to epoch."""
        return any(isinstance(part, ImageAugmentation) for part in self.parts)

    def turn(self, epoch: int, rows: Dataset | None = None) -> Turn:
        """Return training rows (all where not given) as an epoch, from 0, shows them, in their order, under their ids.

        A row's values follow from seed, epoch and id. Its `content` is what they hash to now: whatever was kept for
        the row as it stood in the file is not taken for this one.
        """
        rows = self.rows if rows is None else rows
        frame = rows.frame
        changed = []
        for part, changes, own in zip(self.parts, self.changes, self._draws(rows.ids, epoch), strict=True):
            frame, mask = _changed(frame, part, changes, own)
            changed.append(np.flatnonzero(mask))
        again = self._hashed(replace(rows, frame=frame), _joined(changed))
        pictures = zip(self.parts, changed, strict=True)
        seen = _joined([found for part, found in pictures if isinstance(part, ImageAugmentation)])
        return Turn(_told_apart(again, seen, self.seed, epoch), tuple(changed))

    def pixels(self, epoch: int, images_NHWC: np.ndarray) -> np.ndarray:
        """Return the training rows' images, uint8 (rows, height, width, 3), as an epoch shows them."""
        return changed_images(images_NHWC, self._of_images(epoch))

    def boxes(self, epoch: int, targets: Ragged) -> Ragged:
        """Return the training rows' boxes, (boxes, 7), as they lie in what `pixels` gives."""
        return followed(targets, self._of_images(epoch))

    def _of_images(self, epoch: int) -> list[tuple[ImageAugmentation, Draws]]:
        pairs = zip(self.parts, self._draws(self.rows.ids, epoch), strict=True)
        return [(part, own) for part, own in pairs if isinstance(part, ImageAugmentation)]

    def _draws(self, ids: list[str], epoch: int) -> list[Draws]:
        """Return each augmentation's own chance for these rows in an epoch."""
        draws = Draws.of(ids)
        return [draws.named(self.seed, "augment", at, part.kind, epoch) for at, part in enumerate(self.parts)]

    def account(self, first: Turn, events: Events) -> dict[str, Any]:
        """Return which augmentations run, on what, and some rows before and after, as JSON values; tell a person too.

        `first` is the first epoch's turn of all rows.
        """
        parts: list[dict[str, Any]] = [
            {"kind": part.kind, "columns": self._columns(part, changes), "changed": len(changed)}
            for part, changes, changed in zip(self.parts, self.changes, first.changed, strict=True)
            if part.is_anew
        ]
        if self.added:
            events.note("augment", f"{self.added} new rows beside {len(self.rows) - self.added} training rows")
        for one in parts:
            named = ", ".join(f"'{name}'" for name in one["columns"])
            fact = f"{one['kind']} changes {one['changed']} of {len(self.rows)} rows in the first epoch ({named})"
            events.note("augment", fact) if one["changed"] else events.warn("augment", f"{fact}; is that meant?")
        return {"rows": len(self.rows), "added": self.added, "parts": parts, "examples": self._examples(first)}

    def _columns(self, part: Augmentation, changes: Mapping[str, Change]) -> list[str]:
        return self.question.of_kind(part.works_on) if isinstance(part, ImageAugmentation) else list(changes)

    def _examples(self, first: Turn) -> list[dict[str, Any]]:
        """Return the first change that each augmentation made, then further ones, three in all where there are."""
        found: dict[int, dict[str, Any]] = {}
        for place in range(EXAMPLES):
            for changes, changed in zip(self.changes, first.changed, strict=True):
                if changes and len(found) < EXAMPLES and len(changed) > place:
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
    names = {name for part in parts for name in _columns(part, question) if question.inputs[name] in TYPES}
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
    if isinstance(part, ImageAugmentation):
        mask[chosen(draws, part.probability)] = True
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


def _told_apart(rows: Dataset, changed: np.ndarray, seed: int, epoch: int) -> Dataset:
    """Return the rows with another `content` for those whose images an epoch shows changed: no column tells of that."""
    if not len(changed):
        return rows
    own = rows.index["content"]
    new = hexadecimal(text_hashes(own[changed] + f"\x1f{seed}\x1f{epoch}"))
    return replace(rows, index=rows.index.with_columns(own.clone().scatter(changed, new).alias("content")))


def _joined(positions: Sequence[np.ndarray]) -> np.ndarray:
    return np.unique(np.concatenate([np.empty(0, np.int64), *positions]))


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value
