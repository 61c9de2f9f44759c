"""Which weights move how fast: one group per depth and kind of weight."""

from __future__ import annotations

from typing import Any

import torch

from ..core.errors import RecipeError
from ..model.network import Network
from ..parts.optimizers import Optimizer
from ..parts.strategies import Strategy
from .settings import Job

HEAD_SCALE = 5.0  # what is new starts from nothing and may move faster than what is pre-trained


def check_moving(model: Network, strategy: Strategy) -> None:
    """Raise RecipeError where no weight moves at first, as the body is the whole model and nothing is put over it."""
    if not any(one.requires_grad for one in model.net.parameters()):
        raise RecipeError(
            f"strategy: {strategy.kind} leaves the whole base as it is at first, and this base writes by itself, "
            "without a new head that could move; use lora or full, or freeze with fewer layers"
        )


def peak_rate(job: Job) -> float:
    """Return the peak learning rate of the top layers."""
    rate = job.how.optimizer.learning_rate
    if not isinstance(rate, str):
        return rate
    return job.base_rate * job.strategy.rate_scale * job.how.optimizer.rate_scale


def parameter_groups(model: Network, optimizer: Optimizer, rate: float, moving: set[int]) -> list[dict[str, Any]]:
    """Return the groups for the optimiser: lower layers move slower, vectors are not decayed.

    `moving` holds the `id` of each parameter that will move at some time; the others are in no group.
    """
    body: Any = model.net.encoders[model.body]
    depths = [list(layer) for layer in body.layers()]
    inside = {id(one) for layer in depths for module in layer for one in module.parameters()}
    groups: list[dict[str, Any]] = []

    def add(parameters: list[torch.nn.Parameter], peak: float) -> None:
        free = [one for one in parameters if id(one) in moving]
        for decay, is_matrix in ((optimizer.weight_decay, True), (0.0, False)):
            chosen = [one for one in free if (one.ndim >= 2) == is_matrix]
            if chosen:
                groups.append({"params": chosen, "lr": peak, "weight_decay": decay})

    for height, layer in enumerate(reversed(depths), start=1):
        seen: dict[int, torch.nn.Parameter] = {id(one): one for module in layer for one in module.parameters()}
        add(list(seen.values()), rate * optimizer.layer_decay**height)
    add([one for one in model.net.parameters() if id(one) not in inside], rate * HEAD_SCALE)
    return groups


def frozen_depth(layers: list[list[torch.nn.Module]], movable: list[torch.nn.Parameter]) -> int:
    """Return how many layers from the bottom hold no weight that will ever move."""
    ever = {id(one) for one in movable}
    for depth, layer in enumerate(layers):
        if any(id(one) in ever for module in layer for one in module.parameters()):
            return depth
    return len(layers)
