"""The mean of several losses, one for each target of a row, over the targets that the row has."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from pydantic import SerializeAsAny

from ...core.errors import RecipeError
from ...core.need import lazy
from ...data.stretches import Stretch
from . import Hurt, Loss

if TYPE_CHECKING:
    import torch
else:
    torch = lazy("torch")


class Several(Loss):
    """Each target's own loss, summed over those a row has and divided by how many there are in all."""

    forms: ClassVar[frozenset[str]] = frozenset({"several"})

    losses: tuple[SerializeAsAny[Loss], ...] = ()
    """One for each target, in their order; each task's own where not given."""
    places: tuple[Stretch, ...] = ()
    """Where each target stands: filled in from what the task learnt, not to be given."""

    @classmethod
    def samples(cls) -> list[Self]:
        """Return one over a class of three and a value."""
        return [
            cls(places=(Stretch("class", (0, 1), (0, 3), "cross_entropy"), Stretch("value", (1, 2), (3, 4), "huber")))
        ]

    def build(self, targets: np.ndarray, width: int) -> Hurt:
        """Return the loss for labels float64 (rows, columns), NaN where one is missing. Raises RecipeError."""
        parts = [(one, loss.build(one.of(targets)[1], one.width)) for one, loss in self._paired()]

        def several(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            total = outputs.new_zeros(len(outputs), dtype=torch.float32)
            for one, hurt in parts:
                some = labels[:, slice(*one.labels)]
                filled = some.nan_to_num(0.0)
                filled = filled if one.form == "classes" else filled[:, 0]
                found = hurt(outputs[:, slice(*one.outputs)], filled.long() if one.form == "class" else filled.float())
                total = total + torch.where(some[:, 0].isnan(), 0.0, found)
            return total / len(parts)

        return several

    def _paired(self) -> list[tuple[Stretch, Loss]]:
        """Return each target with its loss. Raises RecipeError where they do not fit."""
        losses = self.losses or tuple(Loss.model_validate(one.loss) for one in self.places)
        if len(losses) != len(self.places):
            raise RecipeError(f"train.loss: {len(losses)} losses for {len(self.places)} targets; name one for each")
        for at, (one, loss) in enumerate(zip(self.places, losses, strict=True), start=1):
            if one.form not in loss.forms:
                raise RecipeError(f"train.loss: {loss.kind} cannot judge target {at}, of the form {one.form}")
        return list(zip(self.places, losses, strict=True))
