"""A file of plain weights: MobileNetV2, ResNets for ImageNet and for CIFAR-10, as torch saves them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field

from ...core.need import lazy
from . import Base, Shape

if TYPE_CHECKING:
    from . import _local as local
    from ._encoder import Encoder
else:
    local = lazy("tunesmith.parts.bases._local")

Name = Literal[
    "mobilenet_v2",
    "resnet18",
    "resnet34",
    "resnet50",
    "cifar_resnet20",
    "cifar_resnet32",
    "cifar_resnet44",
    "cifar_resnet56",
]


class Local(Base):
    """A network for images from a state dict on disk; the classifier in the file is left behind."""

    takes: ClassVar[frozenset[str]] = frozenset({"image"})
    is_pretrained: ClassVar[bool] = True
    learning_rate: ClassVar[float] = 1e-4

    path: str
    """A file of weights: safetensors, or what `torch.save(model.state_dict(), path)` wrote. No code in it is run."""
    architecture: Name | None = None
    """What the weights belong to, under torchvision's names or those of the usual CIFAR-10 weights; told by the file
    where not given."""
    size: int | None = Field(None, ge=16, le=1024)
    """Height and width in pixels that images are brought to; 224, or 32 for CIFAR-10 networks, where not given."""
    batch_norm: Literal["frozen", "re_estimated", "trained"] = "frozen"
    """What becomes of the batch norms' statistics: frozen keeps those of the file; re_estimated takes those of the
    training images, once, before training; trained normalises by the batch in training and updates them."""

    @classmethod
    def samples(cls) -> list[Self]:
        """Return some with a path that is only read when built."""
        return [cls(path="weights.pt"), cls(path="weights.pt", size=40, batch_norm="trained")]

    def build(self, shape: Shape, seed: int) -> Encoder:
        """Return the network with the file's weights. Raises DataError where they are not whole."""
        return local.from_file(Path(self.path), self.architecture, self.size, self.batch_norm)

    def restore(self, shape: Shape, assets: Mapping[str, bytes]) -> Encoder:
        """Return the architecture."""
        return local.from_assets(assets, self.batch_norm)
