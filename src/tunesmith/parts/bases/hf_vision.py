"""Any network for images of a known family that transformers can load, from a folder or the Hub."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field

from ...core.need import lazy
from . import Base, Shape

if TYPE_CHECKING:
    from . import _hf_vision as vision
    from ._encoder import Encoder
else:
    vision = lazy("tunesmith.parts.bases._hf_vision")


class HfVision(Base):
    """A ResNet, MobileNetV2, ConvNeXt, Swin, ViT, DeiT or DINOv2 with the view of its own image processor."""

    takes: ClassVar[frozenset[str]] = frozenset({"image"})
    is_pretrained: ClassVar[bool] = True
    learning_rate: ClassVar[float] = 1e-4
    is_rate_known: ClassVar[bool] = False

    path: str
    """A local folder (config.json, weights, preprocessor_config.json) or a Hub id."""
    size: int | None = Field(None, ge=16, le=1024)
    """Height and width in pixels that images are brought to; the base's own where not given."""
    batch_norm: Literal["frozen", "re_estimated", "trained"] = "frozen"
    """What becomes of the batch norms' statistics, where there are any: frozen keeps those of the base; re_estimated
    takes those of the training images, once, before training; trained normalises by the batch and updates them."""

    @classmethod
    def samples(cls) -> list[Self]:
        """Return one with a path that is only read when built."""
        return [cls(path="./my-vision-model")]

    def build(self, shape: Shape, seed: int) -> Encoder:
        """Return the pre-trained encoder. Raises DataError where it cannot be loaded whole."""
        return vision.from_folder(self.path, self.size, self.batch_norm)

    def restore(self, shape: Shape, assets: Mapping[str, bytes]) -> Encoder:
        """Return the architecture."""
        return vision.from_assets(assets, self.batch_norm)
