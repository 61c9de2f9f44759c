"""Cross-entropy of where an answer begins and where it ends, over the tokens of a window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ...core.need import lazy
from . import Hurt, Loss

if TYPE_CHECKING:
    import torch

    from ._lines import Lines
else:
    torch = lazy("torch")


class SpanCrossEntropy(Loss):
    """Minus the log of the probability that an answer begins where it does, and that it ends there, for each window.

    A softmax over the lines of a window (Devlin et al., NAACL 2019, sections 4.2 and 4.3); where several lines are
    right, their probabilities are added (Clark & Gardner, ACL 2018, equation 2). A row's loss is the mean over its
    windows and both ends.
    """

    forms: ClassVar[frozenset[str]] = frozenset({"spans"})

    def build(self, targets: Any, width: int) -> Hurt:
        """Return the loss for outputs (lines, 2) and labels (lines, 3): a window begins, an answer begins, it ends."""

        def hurt(outputs: torch.Tensor, labels: Lines) -> torch.Tensor:
            outputs = outputs.float()
            windows = labels.values[:, 0].cumsum(0) - 1
            count = int(labels.values[:, 0].sum())
            right = outputs.masked_fill(labels.values[:, 1:] == 0, -torch.inf)
            losses = (_log_sums(outputs, windows, count) - _log_sums(right, windows, count)).mean(dim=1)
            rows = torch.arange(len(labels.lengths), device=outputs.device)
            lines = labels.values[:, 0] == 1
            owners = torch.repeat_interleave(rows, labels.lengths)[lines]
            sizes = torch.bincount(owners, minlength=len(rows)).clamp(min=1)
            summed = torch.zeros(len(rows), device=outputs.device).index_add(0, owners, losses)
            return summed / sizes

        return hurt


def _log_sums(values: torch.Tensor, windows: torch.Tensor, count: int) -> torch.Tensor:
    """Return the log of the summed exponentials of each window's lines, (windows, 2), each with a finite one."""
    places = windows[:, None].expand_as(values)
    most = torch.full((count, values.shape[1]), -torch.inf, device=values.device)
    most = most.scatter_reduce(0, places, values.detach(), "amax")
    sums = torch.zeros_like(most).index_add(0, windows, (values - most[windows]).exp())
    return most + sums.log()
