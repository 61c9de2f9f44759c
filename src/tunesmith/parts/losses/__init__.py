"""What hurts? One file per loss."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Union

from ...core.part import Part
from ...data.forms import Form

if TYPE_CHECKING:
    import torch

    from ._lines import Lines

Labels = Union["torch.Tensor", "Lines"]
Hurt = Callable[["torch.Tensor", Any], "torch.Tensor"]
"""From outputs and `Labels` to the loss of each row."""


class Loss(Part):
    """How far an output is from its label. `build` sees the training labels once, for class weights."""

    family: ClassVar[str] = "parts.losses"
    forms: ClassVar[frozenset[Form]]
    """The target forms it can judge: `class`, `classes`, `value`, `tags`, ..."""

    @abstractmethod
    def build(self, targets: Any, width: int) -> Hurt:
        """Return loss(outputs (rows, width), labels) -> (rows,), to be averaged over the rows of a step.

        Where targets are Ragged, outputs are (total, width) and labels are `Lines`: a row's loss is the sum over its
        lines, divided by how many lines a training row has on the average, so that batches add up.
        """
