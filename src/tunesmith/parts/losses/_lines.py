"""Labels of rows that have several: one after another, with how many belong to each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...core.need import lazy

if TYPE_CHECKING:
    import torch
else:
    torch = lazy("torch")


class Lines(NamedTuple):
    """Labels `values` (total, ...) of a batch, in the order of its outputs (total, width); `lengths` int64 (rows,)."""

    values: torch.Tensor
    lengths: torch.Tensor

    def summed(self, losses: torch.Tensor) -> torch.Tensor:
        """Return the sum of each row's own losses, (rows,), from one loss per line (total,)."""
        owners = torch.repeat_interleave(torch.arange(len(self.lengths), device=losses.device), self.lengths)
        return torch.zeros(len(self.lengths), dtype=losses.dtype, device=losses.device).index_add(0, owners, losses)
