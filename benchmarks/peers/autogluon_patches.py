"""What is patched in AutoGluon-MultiModal, so that it trains on text without picture packages and without a network."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

# datasets, lightning and torchmetrics look for torchvision once and remember: the stand-ins must come after them, or
# they would be taken for the real packages.
import datasets  # noqa: F401
import lightning.pytorch
import torchmetrics  # noqa: F401
from transformers.utils import is_timm_available, is_torchvision_available

# Module by module, the names that AutoGluon 1.6 takes from them while it is imported.
IMPORTED = {
    "torchvision": ["transforms"],
    "torchvision.transforms": ["InterpolationMode"],
    "timm": ["create_model"],
    "timm.data": [],
    "timm.data.constants": [
        f"IMAGENET_{which}_{value}" for which in ("DEFAULT", "INCEPTION") for value in ("MEAN", "STD")
    ],
    "timm.data.mixup": ["Mixup", "cutmix_bbox_and_lam", "mixup_target"],
    "timm.layers": [],
    "timm.layers.linear": ["Linear"],
    "timm.models": [],
    "timm.models.vision_transformer": ["Block"],
}


class Picture:
    """Stands for every name above; whoever makes or calls one works on pictures, and is told that there are none."""

    BICUBIC = NEAREST = Compose = None

    def __init__(self, *_: Any, **__: Any) -> None:
        raise NotImplementedError("torchvision and timm are stand-ins here: this run reads text only")


def stand_in_for_pictures() -> None:
    """Put stand-ins in place of torchvision and timm where missing: AutoGluon imports them even to read text only."""
    # Asked before either is in place: transformers, too, remembers the answer.
    present = {"torchvision": is_torchvision_available(), "timm": is_timm_available()}
    for name, attributes in IMPORTED.items():
        if not present[name.partition(".")[0]]:
            module = ModuleType(name)
            module.__dict__.update(dict.fromkeys(attributes, Picture), __path__=[])
            sys.modules[name] = module


def skip_word_lists() -> None:
    """Fetch no word lists: each loader process would try, on the clock, and no augmentation of the run uses them."""
    from autogluon.multimodal.data import trivial_augmenter

    trivial_augmenter._nltk_downloaded = True


def watch_trainers() -> list[lightning.pytorch.Trainer]:
    """The trainers that AutoGluon will have used to fit, in their order; it keeps none itself."""
    seen, fit = [], lightning.pytorch.Trainer.fit

    def watched(trainer: lightning.pytorch.Trainer, *arguments: Any, **named: Any) -> None:
        seen.append(trainer)
        fit(trainer, *arguments, **named)

    lightning.pytorch.Trainer.fit = watched
    return seen
