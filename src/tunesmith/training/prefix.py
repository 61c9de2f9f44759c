"""Frozen layers are run once: their outputs are kept and stand for them in every epoch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from ..core.errors import StoreError
from ..model.activations import Kept
from ..model.network import Network
from .groups import frozen_depth
from .memory import available_bytes
from .settings import Job

GIGABYTE = 1 << 30


def shorten(model: Network, job: Job) -> Job:
    """Return the job with its rows brought up to the lowest layer that moves; the job itself where that cannot be.

    Frozen layers work without drop-out, here as in the loop, so both ways come to the same numbers. Embeddings alone
    are looked up as fast as what they give is read back.
    """
    body: Any = model.net.encoders[model.body]
    engine = job.how.engine
    layers = body.layers()
    depth = frozen_depth(layers, job.strategy.ever_moves(body, layers))
    is_whole = depth == len(layers)
    if body.units(job.train.inputs) is not None:
        return job
    if not job.how.cache_gigabytes or not (is_whole or (depth > 1 and body.can_split)):
        return job
    if job.anew is not None:
        job.events.note("frozen layers", "each epoch shows its rows anew, so these layers are run in every step")
        return job
    with engine.autocast():
        is_bf16 = torch.is_autocast_enabled(model.device.type)
        kept = Kept(body, model.store, model.device)
        rows = len(job.train) + len(job.validation)
        size = (
            rows * body.width * 4
            if is_whole
            else sum(kept.bytes_of(one, is_bf16) for one in (job.train, job.validation))
        )
        free = available_bytes(model.device, engine.neighbours) / 4
        limit = job.how.cache_gigabytes * GIGABYTE if model.store is not None else free
        if engine.most([size > limit])[0]:
            job.events.note(
                "frozen layers",
                f"their outputs would take {size / GIGABYTE:.1f} GB, {limit / GIGABYTE:.1f} are allowed; they are run "
                "in every step instead; raise train.cache_gigabytes to keep them",
            )
            return job
        near = job
        try:
            with engine.in_turn(), job.events.stage("frozen layers", rows) as advance:
                train = model.shortened(job.train, depth, advance)
                later = len(job.train)
                validation = model.shortened(job.validation, depth, lambda done: advance(later + done))
                near = replace(job, train=train, validation=validation)
        except StoreError as error:
            job.events.warn("frozen layers", f"{error}; they are run in every step instead")
    return job if engine.most([near is job])[0] else near
