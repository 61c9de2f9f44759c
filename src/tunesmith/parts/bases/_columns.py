"""A residual network over number and category columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import nn

from . import Shape
from ._encoder import Arrays, Encoder


class _Block(nn.Module):
    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(2 * width, width),
        )

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return rows + self.body(rows)


class ColumnEncoder(Encoder):
    """Numbers with a flag for missing, learnt vectors for categories, residual blocks (Gorishniy et al. 2021, 3.2)."""

    def __init__(self, shape: Shape, width: int, depth: int, dropout: float) -> None:
        super().__init__()
        sizes = [min(16, 2 + round(count**0.5)) for count in shape.categories]
        pairs = zip(shape.categories, sizes, strict=True)
        self.embeddings = nn.ModuleList([nn.Embedding(count, size) for count, size in pairs])
        self.enter = nn.Linear(2 * shape.numbers + sum(sizes), width)
        self.blocks = nn.ModuleList([_Block(width, dropout) for _ in range(depth)])
        self.leave = nn.LayerNorm(width)
        self.width = width

    def collate(self, inputs: Arrays, positions: np.ndarray) -> dict[str, torch.Tensor]:
        """Return `numbers` float32 and `categories` int64, both (rows, columns)."""
        names = [name for name in ("numbers", "categories") if name in inputs]
        return {name: torch.from_numpy(np.asarray(inputs[name])[positions]) for name in names}

    def forward(self, tensors: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return vectors (rows, width)."""
        pieces: list[torch.Tensor] = []
        if "numbers" in tensors:
            missing = tensors["numbers"].isnan()
            pieces += [tensors["numbers"].nan_to_num(0.0), missing.float()]
        columns: Sequence[nn.Module] = list(self.embeddings)
        pieces += [embed(tensors["categories"][:, at]) for at, embed in enumerate(columns)]
        rows = self.enter(torch.cat(pieces, dim=1))
        for block in self.blocks:
            rows = block(rows)
        return self.leave(rows).relu()
