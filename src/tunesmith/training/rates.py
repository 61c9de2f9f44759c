"""A learning rate found by short trainings that validation judges."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from ..core.errors import TrainingError
from .loop import Loop
from .settings import Job, Plan

FACTORS = (1.0, 3.0, 1 / 3, 9.0, 1 / 9)  # of the rate that is known, in the order they are tried
SHARE, LEAST, MOST = 0.1, 10, 60  # of the steps each trial takes


def probe_rate(job: Job, known: float, start: Callable[[Job, Plan, float], Loop]) -> float:
    """Return the rate whose short training ends with the lowest validation loss.

    A range test (Smith, WACV 2017, section 3.3) that looks at validation and not at the training loss, which falls
    fastest just before it breaks: each trial is a whole short training, warm-up and decay included. Trials go outward
    from the known rate and stop where it gets worse. Raises TrainingError where every trial ended not finite.
    """
    plan = Plan.of(job)
    steps = max(1, min(MOST, max(LEAST, round(SHARE * plan.total)), plan.total))
    short = replace(plan, total=steps, every=float(steps))
    losses: dict[float, float] = {}
    with job.events.stage("learning rate", len(FACTORS) * steps) as advance:
        for done, factor in enumerate(FACTORS):
            nearer = factor / 3 if factor > 1 else factor * 3
            if factor != 1.0 and losses.get(nearer, losses[1.0]) > losses[1.0]:
                continue  # the step before in this direction was worse than the known rate already
            losses[factor] = _loss_after(start(job, short, known * factor))
            advance((done + 1) * steps)
    best = min(losses, key=lambda factor: (losses[factor], abs(math.log(factor))))
    if not math.isfinite(losses[best]):
        tried = ", ".join(f"{known * factor:.2g}" for factor in sorted(losses))
        raise TrainingError(f"learning_rate: probe: every rate tried ({tried}) ended not finite; look at the inputs")
    shown = ", ".join(f"{known * factor:.2g}: {losses[factor]:.4f}" for factor in sorted(losses))
    job.events.note("learning rate", f"{known * best:.2g} chosen by validation loss after {steps} steps ({shown})")
    return known * best


def _loss_after(loop: Loop) -> float:
    while loop.progress.number < loop.plan.total:
        for positions in loop.order():
            loop.step(positions)
            if loop.progress.number >= loop.plan.total:
                break
    try:
        loss = float(loop.validate()["loss"])
    except TrainingError:
        return math.inf
    return loss if math.isfinite(loss) else math.inf
