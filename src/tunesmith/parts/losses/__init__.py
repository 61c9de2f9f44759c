"""What hurts? One file per loss."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ...core.part import Part

if TYPE_CHECKING:
    import torch

Hurt = Callable[["torch.Tensor", "torch.Tensor"], "torch.Tensor"]


class Loss(Part):
    """How far an output is from its label. `build` sees the training labels once, for class weights."""

    family: ClassVar[str] = "parts.losses"
    forms: ClassVar[frozenset[str]]
    """The target forms it can judge: `class`, `classes`, `value`."""

    @abstractmethod
    def build(self, targets: np.ndarray, width: int) -> Hurt:
        """Return loss(outputs (rows, width), targets) -> (rows,), to be averaged over the rows of a step."""
