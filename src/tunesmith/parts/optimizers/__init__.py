"""How does a weight move, given its gradient? One file per rule; the schedule lives here, as all rules share it."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from ...core.part import Part

if TYPE_CHECKING:
    import torch


class Optimizer(Part):
    """Learning rate, its decay towards the lower layers, warm-up and schedule; `build` makes the torch optimiser."""

    family: ClassVar[str] = "parts.optimizers"
    rate_scale: ClassVar[float] = 1.0
    """What the rate that suits AdamW is multiplied with under `learning_rate: auto`."""

    learning_rate: Annotated[float, Field(gt=0.0)] | Literal["auto", "probe"] = "auto"
    """Peak rate of the top layers. probe: found by short trainings that validation judges; auto: the rate measured
    for the base times the strategy's factor, or a probe around the usual rate where none was measured."""
    weight_decay: float = Field(0.01, ge=0.0)
    """L2 pull towards zero on weight matrices; biases and norms are left out."""
    layer_decay: float = Field(0.9, gt=0.0, le=1.0)
    """Each layer's rate is this times that of the layer above it (Howard & Ruder 2018, section 3.1)."""
    warmup: float = Field(0.1, ge=0.0, lt=1.0)
    """Share of the steps in which the rate rises from zero."""
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    """How the rate falls after the warm-up."""

    @classmethod
    def shorthand(cls, value: dict[str, Any]) -> dict[str, Any] | None:
        """Take `adamw` where only its fields are given."""
        return None if "kind" in value else value | {"kind": "adamw"}

    @abstractmethod
    def build(self, groups: Iterable[dict[str, Any]]) -> torch.optim.Optimizer:
        """Return the optimiser over groups of {params, lr, weight_decay}."""

    def factor(self, step: int, steps: int) -> float:
        """Return what the peak rate is multiplied with at `step` (from 0) of `steps`."""
        rise = max(1, round(self.warmup * steps)) if self.warmup else 0
        if step < rise:
            return (step + 1) / rise
        done = min(1.0, (step - rise) / max(1, steps - rise))
        if self.schedule == "linear":
            return 1.0 - done
        return 0.5 * (1.0 + math.cos(math.pi * done)) if self.schedule == "cosine" else 1.0
