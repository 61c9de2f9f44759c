"""A pre-trained detector from transformers: its queries' states, its own logits and its own boxes as vectors."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import transformers
from torch import nn

from ...core.errors import DataError
from ._batch_norm import install
from ._objects import CORNERS, ObjectEncoder
from ._pretrained import depths, loading, processor, refuse_holes
from ._processor import whole_view
from ._vision import View
from ._vision_body import stored

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "detr": ("DetrEncoderLayer", "DetrDecoderLayer"),
    "yolos": ("YolosLayer",),
    "rt_detr": ("RTDetrEncoderLayer", "RTDetrDecoderLayer"),
    "rt_detr_v2": ("RTDetrV2EncoderLayer", "RTDetrV2DecoderLayer"),
}
"""Families of detectors, and the names of the classes that their layers have."""
FILES = "config.json, model.safetensors and preprocessor_config.json"
LEAST = 1e-4  # no share of a picture is told to be nearer to 0 or 1


class DetrEncoder(ObjectEncoder):
    """The whole detector with the heads it came with.

    Where it was trained for other classes, its head for them cannot be the new one. So the new head reads the states
    of the queries and, beside them, what the detector itself says of its own classes; the boxes are those of its own
    box head, which the new head begins by passing on.
    """

    is_pretrained: ClassVar[bool] = True

    def __init__(self, body: Any, view: View) -> None:
        was_training = body.training
        with torch.no_grad():
            found = body.eval()(pixel_values=torch.zeros(1, 3, view.height, view.width))
        super().__init__(view, found.logits.shape[1])
        self.body = body.train(was_training)
        install(body, "frozen")
        self.described = body.config.to_dict() | {"_name_or_path": ""}
        self.width = found.last_hidden_state.shape[2] + found.logits.shape[2] + CORNERS

    def vectors(self, pixels_NCHW: torch.Tensor) -> torch.Tensor:
        """Return states, logits of its own classes and logits of its own boxes, float (rows, queries, width)."""
        found = self.body(pixel_values=pixels_NCHW)
        states_NQD = found.last_hidden_state[:, -self.queries :].float()  # YOLOS has them behind its patches
        boxes = found.pred_boxes.float().clamp(LEAST, 1 - LEAST).logit()
        return torch.cat([states_NQD, found.logits.float(), boxes], dim=2)

    def layers(self) -> list[list[nn.Module]]:
        """Return what stands before the first layer, then each layer with what stands between it and the next."""
        return depths(self.body, FAMILIES[self.body.config.model_type])

    def describe(self) -> str:
        """Return architecture and view."""
        return json.dumps([super().describe(), self.described], sort_keys=True, default=str)

    def assets(self) -> dict[str, bytes]:
        """Return architecture and view as JSON."""
        content = {"architecture": self.described, "view": dataclasses.asdict(self.view)}
        return {"base/vision.json": json.dumps(content, indent=1, sort_keys=True, default=str).encode()}


def from_folder(where: str, usual: tuple[int, int], side: int | None) -> DetrEncoder:
    """Load a detector from a folder or the Hub's cache or the Hub; `usual` are height and width of the pictures.

    Raises DataError where nothing can be loaded from there, where the family is none of those known, and where a
    weight is missing: transformers would draw it at random.
    """
    remedy = f"give a folder with {FILES}, or use `kind: query_net`, which needs none"
    with loading(where, "detector", remedy):
        config = transformers.AutoConfig.from_pretrained(where)
        if config.model_type not in FAMILIES:
            raise DataError(
                f"base '{where}': no detector of a known family but a {config.model_type}; known are "
                f"{', '.join(FAMILIES)}; `kind: query_net` needs none"
            )
        wanted = processor(where)
        body, told = transformers.AutoModelForObjectDetection.from_pretrained(
            where, config=_without_download(config), dtype=torch.float32, output_loading_info=True
        )
    refuse_holes(where, told)
    return DetrEncoder(body, whole_view(wanted, where, usual, side))


def from_assets(assets: Mapping[str, bytes]) -> DetrEncoder:
    """Rebuild the architecture from what `assets` gave; weights are random until loaded."""
    described, view = stored(assets)
    config = transformers.AutoConfig.for_model(**described)
    with torch.random.fork_rng(devices=[]):
        body = transformers.AutoModelForObjectDetection.from_config(_without_download(config))
    return DetrEncoder(body, view)


def _without_download(config: Any) -> Any:
    """Return a configuration whose backbone starts from the weights beside it, never from a model of its own."""
    if getattr(config, "use_pretrained_backbone", False):
        config.use_pretrained_backbone = False
    return config
