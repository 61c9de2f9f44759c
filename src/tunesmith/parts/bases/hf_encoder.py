"""Any encoder that transformers can load: BERT, RoBERTa, DeBERTa, ModernBERT and others, from a folder or the Hub."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field

from ...core.need import lazy
from . import Base, Shape

if TYPE_CHECKING:
    from . import _loading as loading
    from ._encoder import Encoder
else:
    loading = lazy("tunesmith.parts.bases._loading")


class HfEncoder(Base):
    """A transformer encoder with its own tokenizer."""

    takes: ClassVar[frozenset[str]] = frozenset({"text", "words"})
    gives: ClassVar[frozenset[str]] = frozenset({"row", "word", "window"})
    is_pretrained: ClassVar[bool] = True
    learning_rate: ClassVar[float] = 5e-5
    is_rate_known: ClassVar[bool] = False

    path: str
    """A local folder (config.json, weights, tokenizer.json) or a Hub id."""
    pooling: Literal["mean", "first"] = "mean"
    """How the states of the tokens become one vector: their mean, or the first token's."""
    max_tokens: int = Field(256, ge=4)
    """Longer texts are cut here, of several in a row the longest first; where spans are looked for, they are read in
    windows of so many tokens."""
    stride: int = Field(64, ge=0)
    """How many tokens two windows of a text share, at most a third of them."""
    pairs: Literal["joint", "apart"] = "joint"
    """How two texts of a row are read: as one sequence, or each for itself, with both vectors and their difference."""
    dropout: float | None = Field(None, ge=0.0, lt=1.0)
    """Share of the inner numbers switched off in training; the base's own where not given."""

    @classmethod
    def samples(cls) -> list[Self]:
        """Return one with a path that is only read when built."""
        return [cls(path="./my-encoder")]

    def build(self, shape: Shape, seed: int) -> Encoder:
        """Return the pre-trained encoder."""
        return loading.from_folder(self.path, self._reader(shape), self.dropout)

    def restore(self, shape: Shape, assets: Mapping[str, bytes]) -> Encoder:
        """Return the architecture."""
        return loading.from_assets(assets, self._reader(shape))

    def _reader(self, shape: Shape) -> loading.Reader:
        return loading.Reader(loading.read_as(shape, self.pairs), self.pooling, self.max_tokens, self.stride)
