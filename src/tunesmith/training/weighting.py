"""Class weights where they are needed: around any loss, and beside the rows of a base that is fitted in one go."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from ..core.errors import RecipeError
from ..core.seed import stream
from ..data import Encoded, Rows
from ..parts.losses import Hurt
from .settings import Job

TRIED_ROWS = 5  # on which a loss shows that it takes labels one by one
TOLERANCE = 1e-4


def weighed(job: Job, width: int, labels: Rows | None = None) -> Hurt:
    """Return the job's loss with the class weights of its balance, where it has any.

    `labels` are those of the training rows as the loss compares them with outputs, where they are not the targets.

    Where a row has one class, the row's loss is multiplied by that class's weight; where it may have several, each
    label's own loss is multiplied by that label's weight for a yes, by 1 for a no, and the mean is taken over labels.
    Raises RecipeError where a loss of several labels is not the mean of its labels' own losses.
    """
    hurt = job.loss.build(job.targets if labels is None else labels, width)
    found = None if job.balance is None else job.balance.weights(job.targets, width)
    if found is None:
        return hurt
    weights = torch.from_numpy(found).float()

    def of_row(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return hurt(outputs, labels) * weights.to(outputs.device)[labels]

    def of_labels(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        each = torch.where(labels > 0.5, weights.to(outputs.device), 1.0)
        return (_by_label(hurt, outputs, labels) * each).mean(dim=1)

    if job.form == "class":
        return of_row
    _check_labels_stand_alone(job, hurt, width)
    return of_labels


def _by_label(hurt: Hurt, outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return each label's own loss, (rows, labels): that of a row which has this label alone."""
    return hurt(outputs.reshape(-1, 1), labels.reshape(-1, 1)).reshape(labels.shape)


def _check_labels_stand_alone(job: Job, hurt: Hurt, width: int) -> None:
    outputs = torch.from_numpy(stream(0, "weighed").normal(size=(TRIED_ROWS, width)).astype(np.float32))
    labels = (torch.arange(TRIED_ROWS * width).reshape(TRIED_ROWS, width) % 3 == 0).float()
    try:
        alone = _by_label(hurt, outputs, labels).mean(dim=1)
    except RuntimeError:
        alone = torch.full((TRIED_ROWS,), torch.nan)
    if not torch.allclose(alone, hurt(outputs, labels), rtol=TOLERANCE, atol=TOLERANCE):
        raise RecipeError(
            f"balance: {job.loss.kind} is not the mean of each label's own loss, so labels cannot be weighed in it; "
            "remove `balance`, or use `train: {loss: cross_entropy}`"
        )


def balanced_rows(job: Job, width: int) -> tuple[Encoded, Encoded]:
    """Return training and validation rows as a base that is fitted in one go takes them.

    Weights stand beside the training rows; rows that are drawn several times, or not at all, are repeated, or left
    out, once for the whole training. The validation rows get the weight that their class has in training, so that what
    ends the training is what it goes for.
    """
    balance, targets = job.balance, job.targets
    if balance is None:
        return job.train, job.validation
    assert job.validation.targets is not None
    emphasis = balance.emphasis(targets, width)
    validation = replace(job.validation, weights=_beside(job.validation.targets, emphasis))
    if balance.weights(targets, width) is not None:
        return replace(job.train, weights=_beside(targets, emphasis)), validation
    return job.train.take(balance.draw(targets, stream(job.seed, "balance"))), validation


def _beside(targets: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weight of each row, float64 (rows,), or of each of its labels, (rows, labels)."""
    return weights[targets] if targets.ndim == 1 else np.where(targets > 0.5, weights, 1.0)
