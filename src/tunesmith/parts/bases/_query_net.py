"""A small detector: convolutions, then attention among the places of a grid, each of which answers for one object."""

from __future__ import annotations

import json
import math
from dataclasses import astuple, dataclass

import torch
from torch import nn

from ._objects import CORNERS, ObjectEncoder
from ._vision import View

GROUP = 8  # channels that are normalised together
HEADS = 4
SIDE = 0.2  # of the picture: width and height of every box before training


@dataclass(frozen=True, slots=True)
class Size:
    """How large the net is: numbers per query, blocks of attention, pixels from one query to the next."""

    width: int
    depth: int
    stride: int
    dropout: float


class _Block(nn.Module):
    """Attention and two layers for each query, norms first (Xiong et al., ICML 2020, figure 1b)."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.asked = nn.Linear(width, 3 * width)
        self.told = nn.Linear(width, width)
        self.inner = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, states_NQD: torch.Tensor) -> torch.Tensor:
        rows, queries, width = states_NQD.shape
        parts = self.asked(self.first(states_NQD)).reshape(rows, queries, 3, HEADS, width // HEADS)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        found = nn.functional.scaled_dot_product_attention(query, key, value)
        states_NQD = states_NQD + self.dropout(self.told(found.transpose(1, 2).reshape(rows, queries, width)))
        return states_NQD + self.dropout(self.inner(self.second(states_NQD)))


class QueryEncoder(ObjectEncoder):
    """Every place of the grid is a query with a reference point in its middle; attention lets them divide the objects.

    The encoder-only form of DETR (Carion et al., ECCV 2020) as the first stage of Zhu et al., ICLR 2021 (appendix A.4)
    has it: boxes are told relative to the reference points. Group norm instead of batch norm: no row depends on the
    others.
    """

    def __init__(self, view: View, size: Size) -> None:
        grid = (math.ceil(view.height / size.stride), math.ceil(view.width / size.stride))
        super().__init__(view, grid[0] * grid[1])
        self.size, width, dropout = size, size.width, size.dropout
        stages = int(math.log2(size.stride))
        channels = [max(width >> (stages - 1 - at), GROUP) for at in range(stages)]
        self.stem = nn.Sequential(*(_stage(one, two) for one, two in zip([3, *channels], channels, strict=False)))
        self.position = nn.Embedding(self.queries, width)
        nn.init.normal_(self.position.weight, std=0.1)  # less than what is seen
        self.blocks = nn.ModuleList(_Block(width, dropout) for _ in range(size.depth))
        self.norm = nn.LayerNorm(width)
        self.place = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, CORNERS))
        self.register_buffer("reference", _reference(grid), persistent=False)
        self.width = width + CORNERS

    def describe(self) -> str:
        """Return the view and the sizes."""
        return json.dumps([super().describe(), *astuple(self.size)])

    def vectors(self, pixels_NCHW: torch.Tensor) -> torch.Tensor:
        """Return each place's state and the box that it looks at, float (rows, queries, width)."""
        states_NQD = self.stem(pixels_NCHW).flatten(2).transpose(1, 2) + self.position.weight
        for block in self.blocks:
            states_NQD = block(states_NQD)
        states_NQD = self.norm(states_NQD)
        boxes = self.place(states_NQD).float() + self.reference
        return torch.cat([states_NQD.float(), boxes], dim=2)

    def layers(self) -> list[list[nn.Module]]:
        """Return the convolutions, then each block; what stands outside belongs to its neighbour."""
        blocks: list[list[nn.Module]] = [[block] for block in self.blocks]
        return [[self.stem, self.position], *blocks[:-1], [*blocks[-1], self.norm, self.place]]


def _stage(channels: int, width: int) -> nn.Sequential:
    """Return two convolutions, the first of which halves height and width."""
    return nn.Sequential(
        nn.Conv2d(channels, width, 3, 2, 1, bias=False),
        nn.GroupNorm(max(width // GROUP, 1), width),
        nn.ReLU(),
        nn.Conv2d(width, width, 3, 1, 1, bias=False),
        nn.GroupNorm(max(width // GROUP, 1), width),
        nn.ReLU(),
    )


def _reference(grid: tuple[int, int]) -> torch.Tensor:
    """Return the middle of each place and the usual sides, as logits, (queries, 4)."""
    rows, columns = grid
    y = ((torch.arange(rows) + 0.5) / rows)[:, None].expand(rows, columns)
    x = ((torch.arange(columns) + 0.5) / columns)[None, :].expand(rows, columns)
    sides = torch.full((rows, columns), SIDE)
    return torch.stack([x, y, sides, sides], dim=-1).flatten(0, 1).logit()
