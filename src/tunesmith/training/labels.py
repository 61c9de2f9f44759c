"""The training rows' labels, where the loss reads them."""

from __future__ import annotations

import numpy as np
import torch

from ..data import Ragged, Rows
from ..parts.losses import Labels
from ..parts.losses._lines import Lines


class Shelf:
    """Labels of all training rows on a device; those of some rows are taken from it for each batch."""

    def __init__(self, targets: Rows, device: torch.device) -> None:
        self.targets, self.device = targets, device
        self.whole = None if isinstance(targets, Ragged) else torch.from_numpy(targets).to(device)

    def __getitem__(self, positions: np.ndarray) -> Labels:
        """Return the labels of the rows at these positions, int64."""
        if self.whole is not None:
            return self.whole[positions]
        assert isinstance(self.targets, Ragged)
        some = self.targets.take(positions)
        return Lines(torch.from_numpy(some.values).to(self.device), torch.from_numpy(some.lengths).to(self.device))
