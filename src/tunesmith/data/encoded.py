"""Rows as arrays: what the model sees. Ids stay beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np


@dataclass(frozen=True, slots=True)
class Ragged:
    """Sequences of different lengths in one flat array: row i is `values[offsets[i]:offsets[i + 1]]`.

    `values` is int32 of shape (total,), `offsets` is int64 of shape (rows + 1,).
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

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, position: int) -> np.ndarray:
        return self.values[self.offsets[position] : self.offsets[position + 1]]

    @property
    def lengths(self) -> np.ndarray:
        """The length of every row, int64."""
        return np.diff(self.offsets)

    def take(self, positions: np.ndarray) -> Ragged:
        """Return the rows at these positions, copied."""
        values, lengths = gather(self.values, self.offsets, positions)
        return Ragged(values.astype(np.int32, copy=False), np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))

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

    def take(self, positions: np.ndarray) -> States:
        """Return the rows at these positions, copied."""
        values, lengths = gather(self.values, self.offsets, positions)
        return States(values, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), self.depth)

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
    at = np.asarray(positions, np.int64)
    starts = offsets[:-1][at]
    lengths = offsets[1:][at] - starts
    ends = np.cumsum(lengths)
    shifts = np.repeat(starts - (ends - lengths), lengths)  # from a place in `flat` to its place in `values`
    return values.take(np.arange(len(shifts)) + shifts, axis=0), lengths


@dataclass(frozen=True, slots=True)
class Encoded:
    """The rows of one split as arrays, row i of each belonging to `ids[i]`.

    `inputs` maps a form to its array: `text` object (rows, columns), `tokens` Ragged, `numbers` float32
    (rows, columns) with NaN where missing, `categories` int64 (rows, columns) with 0 where unknown.
    `targets` is what the task makes of the target column, or None for rows without labels.
    """

    ids: tuple[str, ...]
    inputs: Mapping[str, np.ndarray | Ragged]
    targets: np.ndarray | None = None
    weights: np.ndarray | None = field(default=None)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def size(self) -> int:
        """How many numbers and texts the inputs hold."""
        arrays = self.inputs.values()
        return sum(one.values.size if isinstance(one, Ragged) else one.size for one in arrays)

    def followed_by(self, other: Encoded) -> Encoded:
        """Return these rows and then the other's, which must have the same forms; weights are left behind."""
        inputs = {form: _joined(one, other.inputs[form]) for form, one in self.inputs.items()}
        targets = None
        if self.targets is not None and other.targets is not None:
            targets = np.concatenate([self.targets, other.targets])
        return Encoded((*self.ids, *other.ids), inputs, targets)

    def take(self, positions: np.ndarray) -> Encoded:
        """Return the rows at these positions (int64), in their order."""
        inputs = {
            form: array.take(positions) if isinstance(array, Ragged) else array[positions]
            for form, array in self.inputs.items()
        }
        targets = None if self.targets is None else self.targets[positions]
        weights = None if self.weights is None else self.weights[positions]
        ids = tuple(self.ids[position] for position in np.asarray(positions, np.int64).tolist())
        return Encoded(ids, inputs, targets, weights)


def _joined(one: np.ndarray | Ragged, other: np.ndarray | Ragged) -> np.ndarray | Ragged:
    if not isinstance(one, Ragged) or not isinstance(other, Ragged):
        return np.concatenate([np.asarray(one), np.asarray(other)])
    offsets = np.concatenate([one.offsets, one.offsets[-1] + other.offsets[1:]])
    return replace(one, values=np.concatenate([one.values, other.values]), offsets=offsets)
