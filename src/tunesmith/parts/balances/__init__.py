"""How much does each row count, and how often is it drawn? One file per answer to classes of uneven size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np

from ...core.part import Part
from ...data.batching import batches
from ...data.forms import PLAIN


class Balance(Part):
    """Lets small classes count more, or be drawn more often; all of it follows from the training rows' labels.

    Labels are class numbers, int64 (rows,), or 0 and 1, float32 (rows, labels). What is drawn follows from the
    generator alone: the same in a resumed training, and in every process of several.
    """

    family: ClassVar[str] = "parts.balances"
    forms: ClassVar[frozenset[str]] = frozenset({"class"})
    """The target forms it can balance: `class`, `classes`."""
    needs_batches: ClassVar[bool] = False
    """Whether it says what stands in a batch, which bases that are fitted in one go do not have."""

    def weights(self, targets: np.ndarray, width: int) -> np.ndarray | None:
        """Return how much a row of each class counts, float64 (width,); None: all alike.

        Where a row has one class, the mean weight of the training rows is 1; where it may have several, this is what
        a label's yes counts, its no counts 1.
        """
        return None

    def quotas(self, counts: np.ndarray) -> np.ndarray:
        """Return how many rows of each class an epoch has, int64 (classes,), from how many there are."""
        return counts

    def batches(
        self, targets: np.ndarray, size: int, generator: np.random.Generator, lengths: np.ndarray | None = None
    ) -> Iterator[np.ndarray]:
        """Yield the positions of one epoch's batches, int64; rows of like length stand together where they can."""
        drawn = self.draw(targets, generator)
        near = None if lengths is None else lengths[drawn]
        return (drawn[one] for one in batches(len(drawn), size, generator, near))

    def draw(self, targets: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Return the positions of one epoch's rows, int64, class after class.

        A class with more than its rows gives each of them equally often, but for a rest that is drawn; one with less
        gives rows that are drawn without repetition, others in each epoch.
        """
        counts = class_counts(targets)
        quotas = self.quotas(counts)
        if targets.ndim != 1 or np.array_equal(quotas, counts):
            return np.arange(len(targets))
        pieces = zip(rows_of_classes(targets, len(counts)), quotas.tolist(), strict=True)
        return np.concatenate([_repeated(rows, quota, generator) for rows, quota in pieces])

    def rows_per_epoch(self, targets: np.ndarray) -> int:
        """Return how many rows an epoch has: the same number in each."""
        return len(targets) if targets.ndim != 1 else int(self.quotas(class_counts(targets)).sum())

    def emphasis(self, targets: np.ndarray, width: int) -> np.ndarray:
        """Return how much each class counts in an epoch beside what it would count alone, float64 (width,)."""
        counts, weights = class_counts(targets, width), self.weights(targets, width)
        return self.quotas(counts) / np.maximum(counts, 1) if weights is None else weights

    def refuse(self, form: str, task: str) -> str | None:
        """Return why it cannot balance the rows of a task, and what would; None where it can."""
        if form == "value":
            return f"{task} has no classes to balance; remove `balance`"
        if form not in PLAIN:
            return f"{task} answers with more than classes of a row, which is what is balanced; remove `balance`"
        if form not in self.forms:
            return (
                f"{self.kind} decides over whole rows, and a row of {task} has several labels: what it does for one, "
                "it does to all of them; use `balance: class_weights`, which weighs each label by itself"
            )
        return None

    def words(self, targets: np.ndarray, names: Sequence[object]) -> str:
        """Return what becomes of the smallest and of the largest class, in words."""
        counts = class_counts(targets, len(names))
        weights, quotas = self.weights(targets, len(names)), self.quotas(counts)
        told = []
        for at in (int(counts.argmin()), int(counts.argmax())):
            effect = f"an epoch has {quotas[at]}" if weights is None else f"each counts {weights[at]:.3g}"
            told.append(f"'{names[at]}' has {counts[at]} rows, {effect}")
        return f"{self.kind}: {'; '.join(told)}"


def class_counts(targets: np.ndarray, width: int = 0) -> np.ndarray:
    """Return how many rows have each class, int64 (classes,); at least `width` of them where a row has one class."""
    if targets.ndim == 1:
        return np.bincount(targets, minlength=width)
    return (targets > 0).sum(axis=0)


def rows_of_classes(targets: np.ndarray, classes: int) -> list[np.ndarray]:
    """Return the positions of each class's rows, int64, in their order."""
    order = np.argsort(targets, kind="stable")
    return np.split(order, np.cumsum(np.bincount(targets, minlength=classes))[:-1])


def _repeated(rows: np.ndarray, quota: int, generator: np.random.Generator) -> np.ndarray:
    """Return so many of the rows: each equally often, and a rest that is drawn without repetition."""
    if not len(rows):
        return rows
    times, rest = divmod(quota, len(rows))
    return np.concatenate([np.tile(rows, times), generator.permutation(rows)[:rest]])
