"""Boxes as a set: each true box is matched with one answer, and what is matched with nothing shall say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from ...core.errors import DataError
from ...core.need import lazy
from ...data import Ragged
from . import Hurt, Loss
from ._lines import Lines

if TYPE_CHECKING:
    import torch
    from scipy import optimize

    from . import _boxes as geometry
else:
    torch = lazy("torch")
    optimize = lazy("scipy.optimize")
    geometry = lazy("tunesmith.parts.losses._boxes")

CORNERS = 4  # numbers of a box


class SetPrediction(Loss):
    """Hungarian matching, then cross-entropy and the distance of boxes (Carion et al., ECCV 2020, equations 1 and 2).

    The weights of the box terms count in the matching and in the loss alike.
    """

    forms: ClassVar[frozenset[str]] = frozenset({"boxes"})

    class_cost: float = Field(1.0, ge=0.0)
    """What a certain wrong class costs in the matching."""
    surprise: float = Field(5.0, ge=0.0)
    """Weight of the cross-entropy; the paper has 1, with which a net that starts from nothing finds boxes long before
    it can tell what is in them."""
    distance: float = Field(5.0, ge=0.0)
    """Weight of the sum of the absolute differences of centre and size, relative to the picture."""
    overlap: float = Field(2.0, ge=0.0)
    """Weight of one less the generalised intersection over union."""
    nothing: float = Field(0.1, gt=0.0, le=1.0)
    """Weight of the cross-entropy of answers that shall say that nothing is there, which are most of them."""

    def build(self, targets: Ragged, width: int) -> Hurt:
        """Return loss(outputs (rows * queries, classes + 1 + 4), labels (boxes, 7)) -> (rows,).

        Class terms are divided by what the weights of a usual row's answers add up to, box terms by how many boxes a
        usual training row has, so that batches add up. Raises DataError where a row has more boxes than queries.
        """
        usual = max(float(targets.lengths.mean()), 1.0) if len(targets) else 1.0

        def hurt(outputs: torch.Tensor, labels: Lines) -> torch.Tensor:
            rows, classes = len(labels.lengths), width - CORNERS
            whole = outputs.float().reshape(rows, -1, width)
            queries = whole.shape[1]
            if int(labels.lengths.max()) > queries:
                raise DataError(
                    f"a picture has {int(labels.lengths.max())} boxes, and the base answers with {queries} at most; "
                    "set more `queries` in `base`"
                )
            logits, boxes = whole[..., :classes], whole[..., classes:].sigmoid()
            true = labels.values[:, 0].long()
            edges = relative(labels.values).to(boxes.dtype)
            owners, chosen = self._matched(logits, boxes, true, edges, labels.lengths)
            is_matched = chosen >= 0
            at = (owners[is_matched], chosen[is_matched])
            wanted = torch.full((rows, queries), classes - 1, device=outputs.device)
            wanted[at] = true[is_matched]
            share = torch.ones(classes, device=outputs.device)
            share[-1] = self.nothing
            surprise = torch.nn.functional.cross_entropy(logits.transpose(1, 2), wanted, share, reduction="none")
            usual_share = usual + self.nothing * max(queries - usual, 0.0)
            away = (boxes[at] - edges[is_matched]).abs().sum(dim=1) * self.distance
            apart = (1 - geometry.generalised_overlap(boxes[at], edges[is_matched])) * self.overlap
            misplaced = torch.zeros(rows, device=outputs.device).index_add(0, at[0], away + apart)
            return surprise.sum(dim=1) * (self.surprise / usual_share) + misplaced / usual

        return hurt

    def _matched(
        self,
        logits: torch.Tensor,
        boxes: torch.Tensor,
        true: torch.Tensor,
        edges: torch.Tensor,
        lengths: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return each true box's row and the query it is matched with, int64 (boxes,)."""
        owners = torch.repeat_interleave(torch.arange(len(lengths), device=true.device), lengths)
        with torch.no_grad():
            probable = logits.softmax(dim=-1)[owners, :, true] if len(true) else logits.new_zeros(0, logits.shape[1])
            away = (boxes[owners] - edges[:, None]).abs().sum(dim=-1)
            alike = geometry.generalised_overlap(boxes[owners], edges[:, None])
            cost = self.distance * away - self.overlap * alike - self.class_cost * probable
        # answers that are no numbers are matched somehow: the loss is no number either, and the step is left out
        whole = np.nan_to_num(cost.double().cpu().numpy(), nan=0.0, posinf=1e9, neginf=-1e9)
        chosen = np.full(len(whole), -1, np.int64)
        start = 0
        for count in lengths.tolist():
            places, queries = optimize.linear_sum_assignment(whole[start : start + count])
            chosen[start + places] = queries
            start += count
        return owners, torch.from_numpy(chosen).to(true.device)


def relative(labels: torch.Tensor) -> torch.Tensor:
    """Return labels (boxes, 7) as boxes relative to their picture: centre x, centre y, width, height in 0..1."""
    sizes = labels[:, 5:7]
    corners, sides = labels[:, 1:3] / sizes, labels[:, 3:5] / sizes
    return torch.cat([corners + sides / 2, sides], dim=1)
