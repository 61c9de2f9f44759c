"""What `regularizers: auto` lets race: the training as it is, with smoothed labels, with two passes that must agree."""

from __future__ import annotations

from dataclasses import replace

from ..core.part import resolve
from ..data.forms import PLAIN
from ..parts.losses import Loss
from ..parts.losses.cross_entropy import CrossEntropy
from ..parts.regularizers import Regularizer
from .settings import Job

SMOOTHING = 0.1  # the share that Szegedy et al. 2016 use


def variants(job: Job, drops_out: bool) -> dict[str, Job]:
    """Return the jobs to race by name; one, named with nothing, where the recipe leaves nothing to find out.

    `drops_out` tells whether two passes over one row differ, without which R-Drop compares equal answers.
    """
    if job.how.regularizers != "auto":
        return {"": job}
    plain = _with(job, [])
    found = {"plain": plain}
    if isinstance(job.loss, CrossEntropy) and not job.loss.label_smoothing:
        smoothed: Loss = job.loss.model_copy(update={"label_smoothing": SMOOTHING})
        found["label_smoothing"] = replace(plain, loss=smoothed)
    if drops_out and job.form in PLAIN:
        steady = resolve("parts.regularizers", "r_drop")
        assert isinstance(steady, Regularizer)
        found["r_drop"] = _with(job, [steady])
    return found


def _with(job: Job, regularizers: list[Regularizer]) -> Job:
    return replace(job, how=job.how.model_copy(update={"regularizers": regularizers}))
