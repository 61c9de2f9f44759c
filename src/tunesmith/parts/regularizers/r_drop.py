"""R-Drop: two passes that differ by dropout alone should answer alike (Wu et al., NeurIPS 2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from . import Form, Penalty, Regularizer, Scene

if TYPE_CHECKING:
    import torch


class RDrop(Regularizer):
    """Half the sum of the Kullback-Leibler divergences both ways between two passes, the mean over rows (equation 4).

    Several classes per row are as many yes-or-no distributions, the mean over classes. For a value it is the squared
    difference: the same divergence between normal distributions, in the units of the squared error.
    The step's loss stays that of the first pass: the second pass's has the same mean. Costs a second pass per step.
    """

    needs_dropout: ClassVar[bool] = True

    weight: float = Field(1.0, gt=0.0)
    """The paper's alpha, beside the loss of one pass; equation 4 adds up that of both, so its alpha is twice this."""

    def build(self, net: torch.nn.Module) -> Penalty:
        """Return the penalty; it looks at the outputs alone, and the gradient flows through both passes."""

        def penalty(scene: Scene) -> torch.Tensor:
            first, second = scene.outputs.float(), scene.forward()[0].float()
            return self.weight * _divergence(first, second, scene.form).mean()

        return penalty


def _divergence(first: torch.Tensor, second: torch.Tensor, form: Form) -> torch.Tensor:
    """Return the symmetric divergence of each row, (rows,).

    KL(p, q) + KL(q, p) is the sum of (p - q) (log p - log q); for yes or no that is (p - q) times the difference of
    the log-odds, which stays finite where log p would not.
    """
    if form == "value":
        return (first - second).square().mean(dim=1)
    if form == "classes":
        return 0.5 * ((first.sigmoid() - second.sigmoid()) * (first - second)).mean(dim=1)
    log_first, log_second = first.log_softmax(dim=1), second.log_softmax(dim=1)
    return 0.5 * ((log_first.exp() - log_second.exp()) * (log_first - log_second)).sum(dim=1)
