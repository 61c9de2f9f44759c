"""What keeps weights modest, and answers steady? One file per answer."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field

from ...core.part import Part
from ...data.forms import PLAIN, Form

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Scene:
    """One (micro-)batch after its forward pass, for penalties that look at more than the weights."""

    outputs: torch.Tensor
    """What the pass gave, float32 (rows, width), with gradient."""
    vectors: torch.Tensor
    """The joined vectors before the head, (rows, size), with gradient."""
    targets: Any
    """Encoded labels, (rows,) or (rows, width); `Lines` where rows have several."""
    forward: Callable[[], tuple[torch.Tensor, torch.Tensor]]
    """A second pass over the same rows: (outputs, vectors), with dropout drawn anew."""
    head: Callable[[torch.Tensor], torch.Tensor]
    """From vectors (rows, size) to outputs (rows, width)."""
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    """The run's own loss: outputs (rows, width) and targets to (rows,)."""
    form: Form
    """What the targets are."""
    generator: np.random.Generator
    """Where all chance comes from; its state returns when training is resumed."""


Penalty = Callable[[Scene], "torch.Tensor"]
"""From a scene to a scalar, float32, never negative, that is added to the mean loss of the scene's rows."""


class Regularizer(Part):
    """Adds a penalty to the loss.

    A step may come in micro-batches: each call is then multiplied by that micro-batch's share of the step's rows. So a
    penalty on weights, the same for every call, counts once per step, and a penalty on rows must be their mean.
    """

    family: ClassVar[str] = "parts.regularizers"
    forms: ClassVar[frozenset[Form] | None] = PLAIN
    """The target forms whose rows it can look at; None: it looks at weights alone, whatever the rows are."""
    needs_dropout: ClassVar[bool] = False
    """Whether it compares passes that only dropout makes different: without any it would always be zero."""
    is_zero_at_start: ClassVar[bool] = False
    """Whether it measures how far pre-trained weights have come, which is nowhere before the first step."""

    weight: float = Field(gt=0.0)
    """How much the penalty counts beside the loss."""

    @abstractmethod
    def build(self, net: torch.nn.Module) -> Penalty:
        """Return the penalty for this net.

        Called once, when the net holds its starting weights and the strategy has said which may move; where training
        is resumed, before the weights of the checkpoint are put in.
        """


def moving_matrices(net: torch.nn.Module) -> list[torch.nn.Parameter]:
    """Return the weights that move and have two axes or more.

    Biases and the scales of norms are left out, as everywhere in the field: they hold little of what a net could learn
    by heart, and zero is no modest value for a scale (Goodfellow et al. 2016, Deep Learning, section 7.1).
    """
    return [one for one in net.parameters() if one.requires_grad and one.ndim >= 2]
