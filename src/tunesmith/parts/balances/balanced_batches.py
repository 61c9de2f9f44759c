"""Balanced batches: all classes stand in each batch, in equal shares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...data.batching import WINDOW
from . import Balance, rows_of_classes


class BalancedBatches(Balance):
    """Each batch holds the classes in equal shares, as far as a class's rows last: no row is in a batch twice.

    An epoch has as many batches as ever; rows of small classes come again in it, each as often as the others of its
    class, and of large classes an epoch sees a part, the next one another. Where a batch has fewer rows than there are
    classes, the classes take turns.
    """

    needs_batches: ClassVar[bool] = True

    def batches(
        self, targets: np.ndarray, size: int, generator: np.random.Generator, lengths: np.ndarray | None = None
    ) -> Iterator[np.ndarray]:
        """Yield the positions of one epoch's batches, int64."""
        held = [rows for rows in rows_of_classes(targets, int(targets.max()) + 1) if len(rows)]
        counts = np.array([len(rows) for rows in held])
        turns = generator.permutation(len(held))
        sizes = [min(size, len(targets) - start) for start in range(0, len(targets), size)]
        streams = [_Stream(rows, WINDOW * -(-size // len(held)), generator, lengths) for rows in held]
        made, turn = [], 0
        for number in sizes:
            shares, turn = _shares(counts, number, turns, turn)
            made.append(np.concatenate([streams[at].take(int(shares[at])) for at in np.flatnonzero(shares)]))
        # the last, which may be smaller, is no longer the last: the order of lengths must not be that of the steps
        return iter(made[at] for at in generator.permutation(len(made)))


def _shares(counts: np.ndarray, size: int, turns: np.ndarray, turn: int) -> tuple[np.ndarray, int]:
    """Return how many rows each class gives to a batch, none more than it has, and whose turn is next.

    All give alike; what cannot be divided evenly goes to the classes whose turn it is, one row each.
    """
    shares = np.zeros(len(counts), np.int64)
    while (left := size - int(shares.sum())) > 0:
        open_ = np.flatnonzero(shares < counts)
        level = left // len(open_)
        if level:
            shares[open_] = np.minimum(shares[open_] + level, counts[open_])
            continue
        order = np.roll(turns, -turn)
        chosen = order[np.isin(order, open_)][:left]
        shares[chosen] += 1
        turn = (int(np.flatnonzero(turns == chosen[-1])[0]) + 1) % len(turns)
    return shares, turn


@dataclass(slots=True)
class _Stream:
    """The rows of one class, over and over, each round in another order, in windows of like length."""

    rows: np.ndarray
    window: int
    generator: np.random.Generator
    lengths: np.ndarray | None
    left: np.ndarray | None = None

    def take(self, number: int) -> np.ndarray:
        """Return the next rows, int64, at most as many as there are: none of them twice."""
        left = self._round() if self.left is None else self.left
        if len(left) < number:
            fresh = self._round()
            again = np.isin(fresh, left)  # they come late in the new round: they are in this batch already
            left = np.concatenate([left, fresh[~again], fresh[again]])
        self.left = left[number:]
        return left[:number]

    def _round(self) -> np.ndarray:
        order = self.generator.permutation(self.rows)
        if self.lengths is None:
            return order
        windows = [order[start : start + self.window] for start in range(0, len(order), self.window)]
        return np.concatenate([one[np.argsort(self.lengths[one], kind="stable")] for one in windows])
