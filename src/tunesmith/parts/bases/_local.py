"""A network for images whose weights come from a plain file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from ._architectures import ARCHITECTURES, load
from ._batch_norm import Policy
from ._stack import Stack
from ._vision import View
from ._vision_body import VisionBody, stored


class LocalEncoder(VisionBody):
    """The body of a known architecture."""

    def __init__(self, body: Stack, view: View, policy: Policy, name: str) -> None:
        super().__init__(body, view, policy, {"name": name})
        self.width = body.width

    def vectors(self, pixels_NCHW: torch.Tensor) -> torch.Tensor:
        """Return the pooled values, float (rows, width)."""
        return self.body(pixels_NCHW)

    def layers(self) -> list[list[nn.Module]]:
        """Return the stem, then each block."""
        return self.body.depths()

    def checkpoint_layers(self) -> None:
        """Run each block anew in the backward pass."""
        self.body.is_checkpointing = True


def from_file(path: Path, name: str | None, size: int | None, policy: Policy) -> LocalEncoder:
    """Return the body with the weights of a file. Raises DataError where they are not those of a known network."""
    found, body, _ = load(path, name)
    assert isinstance(body, Stack)
    return LocalEncoder(body, ARCHITECTURES[found].sized(size), policy, found)


def from_assets(assets: Mapping[str, bytes], policy: Policy) -> LocalEncoder:
    """Return the architecture that `assets` describes; its weights have no values until they are loaded."""
    described, view = stored(assets)
    name = described["name"]
    return LocalEncoder(ARCHITECTURES[name].blank().to_empty(device="cpu"), view, policy, name)
