"""What every differentiable body promises: arrays in, one vector per row out, its layers named bottom to top."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import numpy as np
import torch

from ...data import Ragged

Arrays = Mapping[str, np.ndarray | Ragged]


class Encoder(torch.nn.Module):
    """A body. `width` is the length of its vectors, `is_pretrained` whether its starting weights are worth keeping."""

    width: int
    is_pretrained: bool = False

    def prepare(self, inputs: Arrays) -> dict[str, np.ndarray | Ragged]:
        """Add what depends on the rows alone, such as tokens; computed once per split."""
        return dict(inputs)

    def lengths(self, inputs: Arrays) -> np.ndarray | None:
        """Return how much work each row is, int64 (rows,), or None where all rows are alike."""
        return None

    def words(self, inputs: Arrays, position: int) -> list[str] | None:
        """Return the tokens of a row in letters, or None where there are no tokens."""
        return None

    @abstractmethod
    def collate(self, inputs: Arrays, positions: np.ndarray) -> dict[str, torch.Tensor]:
        """Return the tensors of the rows at these positions."""

    @abstractmethod
    def forward(self, tensors: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return vectors, float (rows, width)."""

    def layers(self) -> list[list[torch.nn.Module]]:
        """Return the modules by depth, bottom to top; together they hold every parameter."""
        return [[self]]

    def assets(self) -> dict[str, bytes]:
        """Return the files that rebuild the architecture, by name."""
        return {}
