"""Statistics that passes in training mode move, as those of batch norms: kept, averaged and put back with the weights.

An average of kept weights takes the average of their statistics along. These are not quite the statistics that the
averaged weights would come to (Izmailov et al. 2018, section 3.2), but they are what validation measures it with.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from ..core.errors import RecipeError
from ..model.network import Network
from .best import Weights, copies, put
from .settings import Train


def moving_statistics(model: Network, frozen: int, how: Train, batch: int) -> Weights:
    """Return the buffers that steps will move, by name; those of the `frozen` layers at the bottom rest.

    Raises RecipeError where a batch would be taken in parts: each part would be normalised by itself.
    """
    body: Any = model.net.encoders[model.body]
    layers = body.layers()
    if not body.moves_statistics or frozen == len(layers):
        return {}
    if how.engine.world > 1 or (how.micro_batch != "auto" and how.micro_batch < batch):
        where = "several processes" if how.engine.world > 1 else f"train.micro_batch: {how.micro_batch}"
        raise RecipeError(
            f"base.batch_norm: trained normalises by the whole batch of {batch} rows, and {where} would take it in "
            "parts; use one process with train.micro_batch: auto, or base.batch_norm: frozen or re_estimated"
        )
    resting = {id(one) for layer in layers[:frozen] for module in layer for one in module.buffers()}
    return {name: one for name, one in model.net.named_buffers() if one.is_floating_point() and id(one) not in resting}


@contextmanager
def undisturbed(net: torch.nn.Module) -> Iterator[None]:
    """Put every buffer back to where it was when the block began: what runs in it is a try."""
    before = copies(dict(net.named_buffers()))
    try:
        yield
    finally:
        put(net, before)
