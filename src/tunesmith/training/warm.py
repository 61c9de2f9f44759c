"""What a strategy does before the loop: the body is trained on an aim of the strategy's own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from ..core.errors import RecipeError, TrainingError
from ..core.seed import stream
from ..model.network import Network
from ..parts.strategies import Scene
from .groups import parameter_groups
from .settings import Job


def warm(model: Network, job: Job, seed: int) -> None:
    """Let the strategy train the body, where it wants to.

    Raises RecipeError where the strategy cannot use such labels, TrainingError where its loss is not finite.
    """
    strategy, how = job.strategy, job.how
    if strategy.forms is not None and job.form not in strategy.forms:
        fits = " or ".join(sorted(strategy.forms))
        raise RecipeError(f"strategy: {strategy.kind} needs targets of the form {fits}, not {job.form}; use another")
    total = strategy.warm_steps(len(job.train))
    if not total:
        return
    body: Any = model.net.encoders[model.body]
    body.narrow([job.train.inputs, job.validation.inputs])
    free = strategy.ever_moves(body, body.layers())
    rate = job.base_rate * strategy.warm_scale * how.optimizer.rate_scale
    groups = parameter_groups(model, how.optimizer, rate, {id(one) for one in free})
    peaks = [group["lr"] for group in groups]
    optimizer = how.optimizer.build(groups)

    def vectors(positions: np.ndarray) -> torch.Tensor:
        body.train()
        with how.engine.autocast():
            found = body(model.collate(job.train, positions)[model.body])
        return found.float()

    def move(loss: torch.Tensor, number: int, steps: int) -> None:
        if not math.isfinite(float(loss.detach())):
            raise TrainingError(
                f"step {number} before the loop: the loss of strategy {strategy.kind} is not finite; nothing was "
                "registered; lower train.optimizer.learning_rate, or use train.engine.precision: fp32"
            )
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * how.optimizer.factor(number - 1, steps)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(free, how.clip)
        optimizer.step()

    with job.events.stage(strategy.kind, total) as advance:
        strategy.warm(Scene(job.targets, job.form, vectors, move, advance, stream(seed, "warm")))
    body.widen()
