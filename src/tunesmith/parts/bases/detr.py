"""Any detector of the DETR, YOLOS or RT-DETR families that transformers can load, from a folder or the Hub."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field

from ...core.need import lazy
from . import Base, Shape

if TYPE_CHECKING:
    from . import _detr as detectors
    from ._encoder import Encoder
else:
    detectors = lazy("tunesmith.parts.bases._detr")


class Detr(Base):
    """A pre-trained detector: its boxes are used from the first step on, its classes help to tell the new ones."""

    takes: ClassVar[frozenset[str]] = frozenset({"image"})
    gives: ClassVar[frozenset[str]] = frozenset({"object"})
    is_pretrained: ClassVar[bool] = True
    learning_rate: ClassVar[float] = 1e-4
    is_rate_known: ClassVar[bool] = False

    path: str
    """A local folder (config.json, weights, preprocessor_config.json) or a Hub id."""
    side: int | None = Field(None, ge=32, le=2048)
    """The pixels to which an image's longer side is resized; what the base was made for where not given."""

    @classmethod
    def samples(cls) -> list[Self]:
        """Return one with a path that is only read when built."""
        return [cls(path="./my-detector")]

    def build(self, shape: Shape, seed: int) -> Encoder:
        """Return the pre-trained encoder. Raises DataError where it cannot be loaded whole."""
        return detectors.from_folder(self.path, shape.images[0], self.side)

    def restore(self, shape: Shape, assets: Mapping[str, bytes]) -> Encoder:
        """Return the architecture."""
        return detectors.from_assets(assets)
