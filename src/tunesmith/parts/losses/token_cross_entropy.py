"""Cross-entropy of tokens: how unlikely a language model holds what it is to write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ...data import Ragged
from . import Hurt, Loss

if TYPE_CHECKING:
    import torch

    from ._lines import Lines


class TokenCrossEntropy(Loss):
    """Minus the log-probability of each token that is learnt, weighted, its sum over a row by what a usual row weighs.

    So a token counts the same in every batch, however batches are cut: the mean over batches is that over tokens.
    """

    forms: ClassVar[frozenset[str]] = frozenset({"text"})

    def build(self, targets: Any, width: int) -> Hurt:
        """Return the loss for outputs (lines, 2), log-probabilities first, and weights (lines,) as labels."""
        assert isinstance(targets, Ragged)
        usual = max(float(targets.values.sum()) / max(len(targets), 1), 1e-6)

        def hurt(outputs: torch.Tensor, labels: Lines) -> torch.Tensor:
            return labels.summed(-outputs[:, 0].float() * labels.values) / usual

        return hurt
