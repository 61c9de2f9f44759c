"""Several short rows in one long one, none of which sees another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ...data import Ragged


@dataclass(frozen=True, slots=True)
class Packed:
    """Where each row went: the number of the long row, and the place of its first token in it, both int64 (rows,)."""

    rows: np.ndarray
    starts: np.ndarray

    def tensors(self, tokens: Ragged, pad: int) -> dict[str, torch.Tensor]:
        """Return `tokens` and `positions` int64 (long rows, longest), and `mask` bool (long rows, 1, longest, longest).

        Positions count from each row's own first token; a token sees those before it in its own row. What fills a long
        row up sees itself alone.
        """
        count, lengths = int(self.rows.max(initial=-1)) + 1, tokens.lengths
        longest = max(1, int((self.starts + lengths).max(initial=1)))
        owners = np.full((count, longest), -1, np.int64)
        filled, positions = np.full((count, longest), pad, np.int64), np.zeros((count, longest), np.int64)
        inside = np.arange(len(tokens.values)) - tokens.offsets[tokens.owners]
        where = self.rows[tokens.owners], self.starts[tokens.owners] + inside
        owners[where], filled[where], positions[where] = tokens.owners, tokens.values, inside
        owner = torch.from_numpy(owners)
        mask = (owner[:, :, None] == owner[:, None, :]) & (owner >= 0)[:, None, :]
        mask = mask.tril() | torch.eye(longest, dtype=torch.bool)
        return {"tokens": torch.from_numpy(filled), "positions": torch.from_numpy(positions), "mask": mask[:, None]}


def pack(lengths: np.ndarray, room: int) -> Packed:
    """Return places for rows of these lengths in rows of so much room: the longest first, each where it first fits.

    First-fit decreasing needs at most 11/9 of the fewest long rows, and 6/9 of one more (Dosa 2007).
    """
    rows, starts = np.zeros(len(lengths), np.int64), np.zeros(len(lengths), np.int64)
    filled: list[int] = []
    for at in np.argsort(-lengths, kind="stable"):
        length = int(lengths[at])
        place = next((one for one, used in enumerate(filled) if used + length <= room), len(filled))
        if place == len(filled):
            filled.append(0)
        rows[at], starts[at] = place, filled[place]
        filled[place] += length
    return Packed(rows, starts)
