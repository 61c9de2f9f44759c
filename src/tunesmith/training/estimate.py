"""What a training will take, said before its first step: seconds and memory, from a batch that is only tried."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .loop import Loop
from .memory import SHARE, available_bytes, row_bytes, state_bytes
from .randomness import random_state, restore_random
from .settings import Plan
from .statistics import undisturbed

OPTIMIZER_SECONDS = 4e-10  # per weight and step: AdamW reads and writes 28 bytes, at some 70 GB/s
FORWARD = 1 / 3  # of a step's time per row goes into the forward pass
SPARE = 0.93  # of the minutes that are planned for, the rest is kept for what was not foreseen


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is expected of one training."""

    steps: int
    step_seconds: float
    validation_seconds: float
    seconds: float
    memory_bytes: int
    micro_batch: int

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)

    def words(self) -> str:
        """Return one sentence for a person."""
        return (
            f"{self.steps} steps of about {self.step_seconds:.2g} s, with validations about {clock(self.seconds)}; "
            f"about {self.memory_bytes / (1 << 30):.1f} GB of memory"
        )


def estimate(loop: Loop) -> Estimate:
    """Return the expectation; nothing of the loop is changed, its random stream neither."""
    job, plan = loop.job, loop.plan
    random = random_state()
    order = np.arange(len(job.train)) if loop.lengths is None else np.argsort(loop.lengths, kind="stable")
    longest = order[-min(4, len(order)) :]
    with _all_released(loop), undisturbed(loop.model.net):
        loop.wake()
        with job.how.engine.autocast():
            per_row = row_bytes(loop, longest)
        fixed = state_bytes(loop.model, loop.best.size + (loop.average is not None))
        if loop.engine.is_sharded:
            fixed //= loop.engine.world
        room = SHARE * available_bytes(loop.model.device, loop.engine.neighbours) - fixed
        own = 2 ** int(math.log2(max(1.0, room / max(1.0, per_row))))
        fitting = int(-loop.engine.most([-own])[0])  # what fits the process with the least room
        share = math.ceil(plan.batch / loop.engine.world)
        most = share if loop.statistics else fitting
        loop.micro = min(share, most if job.how.micro_batch == "auto" else job.how.micro_batch)
        step = loop.engine.most([_step_seconds(loop, order)])[0]
    validation = step * FORWARD * len(job.validation) / plan.batch
    restore_random(random)
    memory = int(loop.engine.most([fixed + per_row * loop.micro])[0])
    seconds = plan.total * step + math.ceil(plan.total / plan.every) * validation
    return Estimate(plan.total, step, validation, seconds, memory, loop.micro)


def steps_within(seconds: float, found: Estimate, plan: Plan) -> int:
    """Return how many steps fit into the time, their validations included."""
    return max(1, int(SPARE * seconds / (found.step_seconds + found.validation_seconds / plan.every)))


def clock(seconds: float) -> str:
    """Return seconds as a person says them."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


@contextmanager
def _all_released(loop: Loop) -> Iterator[None]:
    """Free every weight that the strategy will ever free, as the last steps are the heaviest."""
    before = [(one, one.requires_grad) for one in loop.model.net.parameters()]
    loop.job.strategy.release(loop.layers, 1.0)
    try:
        yield
    finally:
        for one, is_free in before:
            one.requires_grad_(is_free)


def _step_seconds(loop: Loop, order: np.ndarray) -> float:
    """Return the time of forward and backward of a middling batch, with the optimiser's share; the first try wakes."""
    size = min(loop.plan.batch, len(order))
    start = (len(order) - size) // 2
    rows = order[start : start + size]
    loop.accumulate(rows)
    begun = time.perf_counter()
    loop.accumulate(rows)
    taken = time.perf_counter() - begun
    loop.optimizer.zero_grad(set_to_none=True)
    if loop.lengths is not None:  # the middling row is shorter than the mean one
        taken *= float(loop.lengths.mean() / max(1.0, loop.lengths[rows].mean()))
    moving = sum(one.numel() for one in loop.moving.values())
    return taken + moving * OPTIMIZER_SECONDS
