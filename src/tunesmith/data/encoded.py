"""Rows as arrays: what the model sees. Ids stay beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np


@dataclass(frozen=True, slots=True)
class Ragged:
    """Sequences of different lengths in one flat array: row i is `values[offsets[i]:offsets[i + 1]]`.

    `offsets` is int64 of shape (rows + 1,). `values` of tokens are int32 (total,), those of what a model gives for
    each word or window of a row float (total, width).
    """

    values: np.ndarray
    offsets: np.ndarray

    @classmethod
    def of(cls, sequences: Sequence[Sequence[int] | np.ndarray]) -> Ragged:
        """Pack lists of integers."""
        lengths = np.fromiter((len(one) for one in sequences), np.int64, len(sequences))
        flat = [np.asarray(one, np.int32) for one in sequences]
        values = np.concatenate(flat) if flat else np.zeros(0, np.int32)
        return cls(values.astype(np.int32), np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))

    @classmethod
    def cut(cls, values: np.ndarray, lengths: np.ndarray) -> Ragged:
        """Divide a flat array (total, ...) into rows of these lengths, int64 (rows,)."""
        return cls(values, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, position: int) -> np.ndarray:
        return self.values[self.offsets[position] : self.offsets[position + 1]]

    @property
    def lengths(self) -> np.ndarray:
        """The length of every row, int64."""
        return np.diff(self.offsets)

    def take(self, positions: np.ndarray) -> Self:
        """Return the rows at these positions, copied."""
        values, lengths = gather(self.values, self.offsets, positions)
        return replace(self, values=values, offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))

    def followed_by(self, other: Self) -> Self:
        """Return these rows and then the other's, which must be of the same kind."""
        offsets = np.concatenate([self.offsets, self.offsets[-1] + other.offsets[1:]])
        return replace(self, values=np.concatenate([self.values, other.values]), offsets=offsets)

    def put(self, positions: np.ndarray, values: np.ndarray) -> None:
        """Write the rows at these positions, their values one after another in `values`."""
        self.values[_places(self.offsets, positions)[0]] = values

    @property
    def owners(self) -> np.ndarray:
        """The row that each value belongs to, int64 (total,)."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def padded(self, positions: np.ndarray, pad: int) -> tuple[np.ndarray, np.ndarray]:
        """Return (tokens, mask) of these rows, int64 and bool, both of shape (rows, longest)."""
        values, lengths = gather(self.values, self.offsets, positions)
        mask = np.arange(max(int(lengths.max(initial=0)), 1))[None, :] < lengths[:, None]
        tokens = np.full(mask.shape, pad, np.int64)
        tokens[mask] = values
        return tokens, mask


@dataclass(frozen=True, slots=True)
class States(Ragged):
    """Hidden states of every token: `values` is (total, width), float32 or the bits of bfloat16 in uint16.

    `depth` counts the layers, embeddings included, that they have passed.
    """

    depth: int

    def block(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (states, mask) of these rows, (rows, longest, width) with zeros behind a row's end, and bool."""
        values, lengths = gather(self.values, self.offsets, positions)
        mask = np.arange(max(int(lengths.max(initial=0)), 1))[None, :] < lengths[:, None]
        states_BTD = np.zeros((*mask.shape, values.shape[1]), values.dtype)
        states_BTD[mask] = values
        return states_BTD, mask


def gather(values: np.ndarray, offsets: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (flat, lengths): some rows of a ragged array one after another, copied, and their int64 lengths.

    Row i is `values[offsets[i]:offsets[i + 1]]`; `values` has shape (total, ...), `flat` (sum of lengths, ...) and
    the same dtype, so a memory map of states (total, width) is read at those rows alone. Negative positions count
    from the end. Raises IndexError where a position is outside.
    """
    places, lengths = _places(offsets, positions)
    return values.take(places, axis=0), lengths


def _places(offsets: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where in a ragged array's values some rows stand, one after another, and their lengths, both int64."""
    at = np.asarray(positions, np.int64)
    starts = offsets[:-1][at]
    lengths = offsets[1:][at] - starts
    ends = np.cumsum(lengths)
    shifts = np.repeat(starts - (ends - lengths), lengths)  # from a place one after another to the place in `values`
    return np.arange(len(shifts)) + shifts, lengths


Rows = np.ndarray | Ragged
"""One entry per row: an array whose first axis counts rows, or sequences of different lengths."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """The rows of one split as arrays, row i of each belonging to `ids[i]`.

    `inputs` maps a form to its array: `text` object (rows, columns), `tokens` Ragged, `numbers` float32
    (rows, columns) with NaN where missing, `categories` int64 (rows, columns) with 0 where unknown.
    `targets` is what the task makes of the target column, an array or Ragged, or None for rows without labels.
    """

    ids: tuple[str, ...]
    inputs: Mapping[str, Rows]
    targets: Any = None
    weights: np.ndarray | None = field(default=None)
    groups: np.ndarray | None = field(default=None)
    """The group of each labelled row, int64 (rows,): equal numbers for equal values; None where rows stand alone."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def size(self) -> int:
        """How many numbers and texts the inputs hold."""
        arrays = self.inputs.values()
        return sum(one.values.size if isinstance(one, Ragged) else one.size for one in arrays)

    def followed_by(self, other: Encoded) -> Encoded:
        """Return these rows and then the other's, which must have the same forms; weights are left behind."""
        inputs = {form: joined(one, other.inputs[form]) for form, one in self.inputs.items()}
        targets = None
        if self.targets is not None and other.targets is not None:
            targets = joined(self.targets, other.targets)
        groups = None
        if self.groups is not None and other.groups is not None:
            groups = np.concatenate([self.groups, other.groups])
        return Encoded((*self.ids, *other.ids), inputs, targets, groups=groups)

    def take(self, positions: np.ndarray) -> Encoded:
        """Return the rows at these positions (int64), in their order."""
        inputs = {form: taken(array, positions) for form, array in self.inputs.items()}
        targets = None if self.targets is None else taken(self.targets, positions)
        weights = None if self.weights is None else self.weights[positions]
        ids = tuple(self.ids[position] for position in np.asarray(positions, np.int64).tolist())
        groups = None if self.groups is None else self.groups[positions]
        return Encoded(ids, inputs, targets, weights, groups)


def taken(rows: Rows, positions: np.ndarray) -> Rows:
    """Return the rows at these positions (int64), in their order."""
    return rows.take(positions) if isinstance(rows, Ragged) else rows[positions]


def joined(one: Rows, other: Rows) -> Rows:
    """Return the rows of one and then those of the other, which must be of the same kind."""
    if not isinstance(one, Ragged) or not isinstance(other, Ragged):
        return np.concatenate([np.asarray(one), np.asarray(other)])
    return one.followed_by(other)


def dealt_back(parts: Sequence[Rows], rows: int) -> Rows:
    """Return the first `rows` rows in order, of which part k holds the rows k, k + n, k + 2n, ... of n parts."""
    whole = parts[0]
    for one in parts[1:]:
        whole = joined(whole, one)
    sizes = [len(one) for one in parts]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    order = np.array([starts[at % len(parts)] + at // len(parts) for at in range(rows)], np.int64)
    return taken(whole, order)


def finite_rows(rows: Rows) -> np.ndarray:
    """Return which rows hold finite numbers only, bool (rows,)."""
    values = flat(rows)
    is_finite = np.isfinite(values).all(axis=tuple(range(1, values.ndim)))
    if not isinstance(rows, Ragged):
        return is_finite
    return np.bincount(rows.owners, ~is_finite, minlength=len(rows)) == 0


def flat(rows: Rows) -> np.ndarray:
    """Return all values in one array, row after row."""
    return rows.values if isinstance(rows, Ragged) else rows
