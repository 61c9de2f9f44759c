"""A pre-trained network for images as a body: pixels to vectors, with a policy for its batch norms."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from ...core.errors import RecipeError
from . import _batch_norm as batch_norm
from ._encoder import Arrays
from ._vision import View, VisionEncoder, memory_format

MOST_ROWS = 4096  # that statistics are estimated from: by then a mean is known to a 64th of the deviation
BATCH = 64


class VisionBody(VisionEncoder):
    """A body with a policy. A subclass names the layers and runs them."""

    is_pretrained: ClassVar[bool] = True

    def __init__(self, body: nn.Module, view: View, policy: batch_norm.Policy, described: Mapping[str, Any]) -> None:
        """`described` is all that the architecture follows from, as JSON values.

        Raises RecipeError where batch norms are to move and there are none.
        """
        super().__init__(view)
        self.body: Any = body.to(memory_format=memory_format(body))  # type: ignore[call-overload]
        self.policy: batch_norm.Policy = policy
        self.described = dict(described)
        if not batch_norm.install(self.body, policy) and policy != "frozen":
            raise RecipeError(f"base.batch_norm: {policy}: this base has no batch norm; leave the line out")

    @property
    def moves_statistics(self) -> bool:
        """Whether passes in training mode move the statistics of batch norms."""
        return self.policy == "trained"

    def adapt(self, inputs: Arrays) -> None:
        """Take the statistics of these training rows, as the policy says; of 4,096 of them where there are more.

        Under `trained` only those that were folded into the weights are taken: without them a batch's own could not
        take their place.
        """
        found = batch_norm.norms(self.body)
        if self.policy == "frozen" or (self.policy == "trained" and not any(one.is_folded for one in found)):
            return
        was_training = self.training
        self.eval()
        chosen = [one for one in found if self.policy == "re_estimated" or one.is_folded]
        batch_norm.estimate(chosen, self._batches(inputs), self.vectors)
        self.train(was_training)

    def describe(self) -> str:
        """Return architecture and view."""
        return json.dumps([super().describe(), self.described], sort_keys=True)

    def assets(self) -> dict[str, bytes]:
        """Return architecture and view as JSON."""
        content = {"architecture": self.described, "view": dataclasses.asdict(self.view)}
        return {"base/vision.json": json.dumps(content, indent=1, sort_keys=True).encode()}

    def run_modules(self) -> None:
        """Let weights lie in the usual order again: whoever divides them among processes takes no other."""
        self.body.to(memory_format=torch.contiguous_format)

    def save_memory(self) -> None:
        """Keep only each layer's input for the backward pass. Raises RecipeError where that counts batches twice."""
        if self.moves_statistics:
            raise RecipeError(
                "train.gradient_checkpointing: runs each layer twice per step, and base.batch_norm: trained would "
                "count each batch twice; use one of the two"
            )
        self.checkpoint_layers()

    def checkpoint_layers(self) -> None:
        """Let the layers be run anew in the backward pass (Chen et al. 2016)."""
        raise NotImplementedError

    def _batches(self, inputs: Arrays) -> Iterator[torch.Tensor]:
        """Yield pixels, each batch from all over the rows, as a folder's rows are sorted by class."""
        device = next(self.parameters()).device
        rows = len(np.asarray(inputs["pixels"]))
        chosen = np.unique(np.linspace(0, rows - 1, min(rows, MOST_ROWS)).astype(np.int64))
        count = -(-len(chosen) // BATCH)
        for start in range(count):
            yield self.collate(inputs, chosen[start::count])["pixels"].to(device)


def stored(assets: Mapping[str, bytes]) -> tuple[dict[str, Any], View]:
    """Return what `assets` gave: the architecture's description and the view."""
    content = json.loads(assets["base/vision.json"])
    view = content["view"]
    return content["architecture"], View(**view | {"mean": tuple(view["mean"]), "deviation": tuple(view["deviation"])})
