"""What an optimiser promises: it goes downhill, at the rate of each group, along a schedule that warms up and ends."""

from __future__ import annotations

import itertools

from ..core.need import lazy
from ..parts.optimizers import Optimizer
from .promise import promise

torch = lazy("torch")

STEPS = 60
GOAL = 3.0
LENGTHS = (1, 2, 7, 100)
SCHEDULES = ("linear", "cosine", "constant")


def check(optimizer: Optimizer) -> None:
    """Hold one optimiser to its promises."""
    _descends(optimizer)
    for schedule in SCHEDULES:
        for warmup in (0.0, 0.1, 0.5):
            _schedule(optimizer.model_copy(update={"schedule": schedule, "warmup": warmup}))


def _descends(optimizer: Optimizer) -> None:
    moving, still = torch.zeros(4, requires_grad=True), torch.zeros(4, requires_grad=True)
    groups = [
        {"params": [moving], "lr": 0.05, "weight_decay": 0.0},
        {"params": [still], "lr": 0.0, "weight_decay": 0.0},
    ]
    rule = optimizer.build(groups)
    rates = [group["lr"] for group in rule.param_groups]
    promise(rates == [0.05, 0.0], optimizer, f"build() must keep each group's rate: 0.05 and 0.0 became {rates}")
    for _ in range(STEPS):
        rule.zero_grad(set_to_none=True)
        (((moving - GOAL) ** 2).sum() + ((still - GOAL) ** 2).sum()).backward()
        rule.step()
    left = float(((moving.detach() - GOAL) ** 2).mean()) / GOAL**2
    promise(left < 0.5, optimizer, f"{STEPS} steps on a quadratic left {left:.0%} of the loss; it must go downhill")
    promise(not still.detach().any(), optimizer, "a weight whose group has rate 0 must not move")


def _schedule(optimizer: Optimizer) -> None:
    what = f"schedule {optimizer.schedule}, warmup {optimizer.warmup}"
    for steps in LENGTHS:
        factors = [optimizer.factor(step, steps) for step in range(steps)]
        inside = all(0.0 <= factor <= 1.0 for factor in factors)
        promise(inside, optimizer, f"factor() must be in 0..1 ({what}, {steps} steps): {factors}")
    peak = factors.index(max(factors))
    falls = all(first >= second for first, second in itertools.pairwise(factors[peak:]))
    rises = all(first < second for first, second in itertools.pairwise(factors[: peak + 1]))
    promise(rises and falls, optimizer, f"factor() must rise, then never rise again ({what})")
    promise(max(factors) == 1.0, optimizer, f"factor() must reach 1 ({what}), not {max(factors)}")
    promise(not optimizer.warmup or factors[0] < 0.2, optimizer, f"with a warm-up it starts low ({what})")
    ends = factors[-1] == 1.0 if optimizer.schedule == "constant" else factors[-1] < 0.05
    promise(ends, optimizer, f"factor() ends at {factors[-1]:.3f} ({what})")
