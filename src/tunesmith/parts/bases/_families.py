"""Families of networks for images that transformers can load: what their vectors and their layers are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Family:
    """How a family's own classifier sees an image, and the names of the classes that its layers have."""

    pooling: Literal["pooler", "first", "first_and_mean"]
    """The model's own pooled output, the state of the first token, or that beside the mean of all others."""
    blocks: tuple[str, ...]
    interpolates: bool = False
    """Whether it has to be told that images have another size than its positions were made for."""


FAMILIES = {
    "resnet": Family("pooler", ("ResNetBasicLayer", "ResNetBottleNeckLayer")),
    "mobilenet_v2": Family("pooler", ("MobileNetV2InvertedResidual",)),
    "convnext": Family("pooler", ("ConvNextLayer",)),
    "convnextv2": Family("pooler", ("ConvNextV2Layer",)),
    "swin": Family("pooler", ("SwinLayer",), interpolates=True),
    "swinv2": Family("pooler", ("Swinv2Layer",), interpolates=True),
    "vit": Family("first", ("ViTLayer",), interpolates=True),
    "deit": Family("first", ("DeiTLayer",), interpolates=True),
    "dinov2": Family("first_and_mean", ("Dinov2Layer",)),
}


def is_for_images(folder: Path) -> bool:
    """Return whether a folder holds a model of one of these families, by its config.json."""
    try:
        content = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("model_type") in FAMILIES
