"""A pre-trained network for images from transformers: pixels to the vector that its family's classifier would see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import transformers
from torch import nn

from ...core.errors import DataError, RecipeError
from ._batch_norm import Policy
from ._families import FAMILIES
from ._pretrained import depths, loading, processor, refuse_holes
from ._processor import view_of
from ._vision import View
from ._vision_body import VisionBody, stored

FILES = "config.json, model.safetensors and preprocessor_config.json"


class HfVisionEncoder(VisionBody):
    """The body of a known family."""

    def __init__(self, body: Any, view: View, policy: Policy) -> None:
        super().__init__(body, view, policy, body.config.to_dict() | {"_name_or_path": ""})
        self.family = FAMILIES[body.config.model_type]
        made_for = getattr(body.config, "image_size", None)
        is_other = made_for not in (None, view.height, [view.height, view.width], (view.height, view.width))
        self.told = {"interpolate_pos_encoding": True} if is_other and self.family.interpolates else {}
        for name, one in body.named_parameters():
            if name.endswith("mask_token"):  # takes part in pre-training alone
                one.requires_grad_(False)
        was_training = self.training
        with torch.no_grad():
            self.width = self.eval().vectors(torch.zeros(1, 3, view.height, view.width)).shape[1]
        self.train(was_training)

    def vectors(self, pixels_NCHW: torch.Tensor) -> torch.Tensor:
        """Return what the family's own classifier reads, float (rows, width)."""
        found = self.body(pixel_values=pixels_NCHW, **self.told)
        if self.family.pooling == "pooler":
            return found.pooler_output.flatten(1)
        states_BTD = found.last_hidden_state
        if self.family.pooling == "first":
            return states_BTD[:, 0]
        return torch.cat([states_BTD[:, 0], states_BTD[:, 1:].mean(dim=1)], dim=1)

    def layers(self) -> list[list[nn.Module]]:
        """Return what stands before the first block, then each block with what stands between it and the next."""
        return depths(self.body, self.family.blocks)

    def checkpoint_layers(self) -> None:
        """Let transformers run each layer anew. Raises RecipeError where the family cannot."""
        if not self.body.supports_gradient_checkpointing:
            kind = self.body.config.model_type
            raise RecipeError(f"train.gradient_checkpointing: transformers' {kind} cannot; use a lower base.size")
        self.body.gradient_checkpointing_enable({"use_reentrant": False})


def from_folder(where: str, size: int | None, policy: Policy) -> HfVisionEncoder:
    """Load configuration, weights and view from a folder or the Hub's cache or the Hub.

    Raises DataError where nothing can be loaded from there, where the family is none of those known, and where a
    weight is missing: transformers would draw it at random.
    """
    remedy = f"give a folder with {FILES}, or use `kind: local` for a file of plain weights"
    with loading(where, "network for images", remedy):
        config = transformers.AutoConfig.from_pretrained(where)
        if config.model_type not in FAMILIES:
            raise DataError(
                f"base '{where}': no network for images of a known family but a {config.model_type}; known "
                f"are {', '.join(FAMILIES)}; for texts use `kind: hf_encoder`"
            )
        wanted = processor(where)
        body, told = transformers.AutoModel.from_pretrained(
            where, config=config, dtype=torch.float32, output_loading_info=True, **_options(config)
        )
    refuse_holes(where, told)
    return HfVisionEncoder(body.eval(), view_of(wanted, config.model_type, where, size), policy)


def from_assets(assets: Mapping[str, bytes], policy: Policy) -> HfVisionEncoder:
    """Rebuild the architecture from what `assets` gave; weights are random until loaded."""
    described, view = stored(assets)
    config = transformers.AutoConfig.for_model(**described)
    with torch.random.fork_rng(devices=[]):
        body = transformers.AutoModel.from_config(config, **_options(config))
    return HfVisionEncoder(body, view, policy)


def _options(config: Any) -> dict[str, Any]:
    """Return how to build a body without a pooler that nothing reads."""
    has_idle_pooler = config.model_type in ("vit", "deit")
    return {"add_pooling_layer": False} if has_idle_pooler else {}
