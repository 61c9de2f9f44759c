"""The architectures whose plain weights can be read: how each is built, and what it wants to see of an image."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...core.errors import DataError
from ._mobilenet import MobileNetV2
from ._resnet import CifarResNet, ResNet
from ._vision import View
from ._weights import COUNTER, Tensors, differences, read

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet; the CIFAR-10 weights were made with them
LARGE = View(height=224, width=224, short_side=256, mean=MEAN, deviation=DEVIATION)
SMALL = View(height=32, width=32, short_side=32, mean=MEAN, deviation=DEVIATION)


@dataclass(frozen=True, slots=True)
class Architecture:
    """A kind of network: `make` gives its body, `head` is the name of the classifier in its files."""

    make: Callable[[], Any]
    head: str
    view: View

    def blank(self) -> Any:
        """Return the body without memory for its weights: names and shapes alone."""
        with torch.device("meta"):
            return self.make()

    def expected(self, found: Tensors) -> Tensors:
        """Return names and shapes of a whole file, for the number of classes that is found."""
        body = self.blank()
        weight = found.get(f"{self.head}.weight")
        classes = len(weight) if weight is not None and weight.ndim else 1
        with torch.device("meta"):
            head = {"weight": torch.empty(classes, body.width), "bias": torch.empty(classes)}
        return body.state_dict() | {f"{self.head}.{name}": one for name, one in head.items()}

    def sized(self, size: int | None) -> View:
        """Return the view for images of another size, the share that is cut off at the borders being the same."""
        if size is None:
            return self.view
        short_side = round((self.view.short_side or self.view.height) * size / self.view.height)
        return dataclasses.replace(self.view, height=size, width=size, short_side=short_side)


ARCHITECTURES = {
    "mobilenet_v2": Architecture(MobileNetV2, "classifier.1", LARGE),
    "resnet18": Architecture(partial(ResNet, (2, 2, 2, 2), is_bottleneck=False), "fc", LARGE),
    "resnet34": Architecture(partial(ResNet, (3, 4, 6, 3), is_bottleneck=False), "fc", LARGE),
    "resnet50": Architecture(partial(ResNet, (3, 4, 6, 3), is_bottleneck=True), "fc", LARGE),
    "cifar_resnet20": Architecture(partial(CifarResNet, 3), "linear", SMALL),
    "cifar_resnet32": Architecture(partial(CifarResNet, 5), "linear", SMALL),
    "cifar_resnet44": Architecture(partial(CifarResNet, 7), "linear", SMALL),
    "cifar_resnet56": Architecture(partial(CifarResNet, 9), "linear", SMALL),
}


def load(path: Path, name: str | None) -> tuple[str, nn.Module, nn.Linear]:
    """Return the architecture's name, the body with the file's weights, and the classifier that stood on it.

    Every weight must be there in its shape, and no other. Raises DataError naming what is missing or too much.
    """
    found = read(path)
    likely = [one for one, kind in ARCHITECTURES.items() if f"{kind.head}.weight" in found] or list(ARCHITECTURES)
    told = {one: differences(found, ARCHITECTURES[one].expected(found)) for one in ([name] if name else likely)}
    fitting = next((one for one, faults in told.items() if not faults), None)
    if fitting is None:
        raise _refusal(path, name, found, told)
    body = ARCHITECTURES[fitting].blank()
    head = ARCHITECTURES[fitting].head
    counters = {one: torch.zeros((), dtype=torch.long) for one in body.state_dict() if one.endswith(COUNTER)}
    inside = {one: tensor for one, tensor in found.items() if not one.startswith(f"{head}.")}
    body.load_state_dict(inside | counters, strict=True, assign=True)
    weight = found[f"{head}.weight"]
    with torch.device("meta"):
        classifier = nn.Linear(weight.shape[1], len(weight))
    classifier.load_state_dict({"weight": weight, "bias": found[f"{head}.bias"]}, assign=True)
    return fitting, body.eval(), classifier.eval()


def _refusal(path: Path, name: str | None, found: Tensors, told: dict[str, list[str]]) -> DataError:
    """Say how the file differs from the architecture that was asked for, or from the one it is nearest to."""
    nearest = max(told, key=lambda one: len(found.keys() & ARCHITECTURES[one].expected(found).keys()))
    is_near = bool(found.keys() & ARCHITECTURES[nearest].expected(found).keys())
    facts = "; ".join(told[nearest]) if name or is_near else f"it has {', '.join(list(found)[:3])}"
    what = f"are not those of {name}" if name else f"are of no architecture known here, {nearest} being nearest"
    return DataError(
        f"base.path {path}: its {len(found)} weights {what}: {facts}; "
        f"known are {', '.join(ARCHITECTURES)}; models of transformers are read by `kind: hf_vision`"
    )
