"""What an epoch shows of the training rows is new, is theirs, and is of training rows alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from ...core.errors import GuardError
from ...data import Dataset, Encoded, Ragged
from . import Evidence, Guard, Station
from ._samples import rows

LEAST = 10  # changed rows of which one at least must reach the model: a few may be cut off, or rounded away
KEEP = "report this as a fault of the package; `augment: []` goes on without"


class AugmentedRows(Guard):
    """Rows changed on paper only, under a foreign label, or made of test rows would go unnoticed in every figure."""

    station: ClassVar[Station] = "augmented"

    def check(self, evidence: Evidence) -> str:
        """Raise GuardError where rows of other splits take part, ids or labels moved, or arrays are the old ones."""
        train, seen = evidence.splits["train"], evidence.splits.get("augmented")
        others = {one for name in ("validation", "test") for one in evidence.splits[name].ids}
        foreign = [one for one in train.ids if one in others]
        if foreign:
            raise GuardError(
                f"augment: {len(foreign)} rows of validation or test would be trained on, such as {foreign[0]}; {KEEP}"
            )
        if seen is None:
            return f"every epoch shows the {len(train)} training rows as they are"
        before, after = evidence.encoded["train"], evidence.encoded["augmented"]
        is_moved = np.array([one != other for one, other in zip(train.contents, seen.contents, strict=True)], bool)
        if not (train.ids == seen.ids and before.ids == after.ids and _kept(before.targets, after.targets, is_moved)):
            raise GuardError(f"augment: the rows of an epoch have not the ids and labels of the training rows; {KEEP}")
        changed = int(is_moved.sum())
        if before.inputs.keys() != after.inputs.keys() or (changed >= LEAST and _are_equal(before, after)):
            raise GuardError(
                f"augment: {changed} rows of the first epoch are changed, yet the model is shown what was kept of the "
                f"rows as they were; {KEEP}"
            )
        return f"{changed} of {len(train)} training rows differ in the first epoch, their labels and all others do not"

    @classmethod
    def faults(cls) -> list[Evidence]:
        """Plant a test row among those of train, rows in another order, other labels, and tokens of the plain rows."""
        labels = ["a", "b"] * LEAST
        train, changed = (rows([f"{word} {at}" for at in range(2 * LEAST)], labels) for word in ("word", "wird"))
        changed = Dataset(changed.frame, changed.index.with_columns(train.index["id"]))
        few = rows(["validation", "test"], ["a", "b"])
        splits = {"train": train, "augmented": changed, "validation": few.take([0]), "test": few.take([1])}
        targets = np.arange(2 * LEAST) % 2
        tokens = Ragged.of([[5, at] for at in range(2 * LEAST)])
        plain = Encoded(tuple(train.ids), {"tokens": tokens}, targets)
        new = replace(plain, inputs={"tokens": Ragged.of([[6, at] for at in range(2 * LEAST)])})
        order = np.arange(2 * LEAST)[::-1]
        return [
            Evidence(splits=splits | {"test": train.take([3])}, encoded={"train": plain, "augmented": new}),
            Evidence(
                splits=splits | {"augmented": changed.take(order)},
                encoded={"train": plain, "augmented": new.take(order)},
            ),
            Evidence(splits=splits, encoded={"train": plain, "augmented": replace(new, targets=1 - targets)}),
            Evidence(splits=splits, encoded={"train": plain, "augmented": plain}),
        ]


def _kept(before: Any, after: Any, is_moved: np.ndarray) -> bool:
    """Return whether labels are those of before; boxes may follow a picture that has changed, under their labels."""
    if _same(before, after):
        return True
    are_boxes = all(isinstance(one, Ragged) and one.values.ndim == 2 for one in (before, after))
    if not are_boxes or len(before) != len(after):
        return False
    still = np.flatnonzero(~is_moved)
    if not _same(before.take(still), after.take(still)):
        return False
    known = set(zip(before.owners.tolist(), before.values[:, 0].tolist(), strict=True))
    return set(zip(after.owners.tolist(), after.values[:, 0].tolist(), strict=True)) <= known


def _are_equal(one: Encoded, other: Encoded) -> bool:
    """Return whether the arrays that a model reads are equal: of texts their tokens, where there are tokens."""
    forms = [form for form in one.inputs if form != "text" or "tokens" not in one.inputs]
    return all(_same(one.inputs[form], other.inputs[form]) for form in forms)


def _same(one: np.ndarray | Ragged | None, other: np.ndarray | Ragged | None) -> bool:
    if isinstance(one, Ragged) and isinstance(other, Ragged):
        return np.array_equal(one.values, other.values) and np.array_equal(one.offsets, other.offsets)
    if not isinstance(one, np.ndarray) or not isinstance(other, np.ndarray):
        return one is other
    return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
