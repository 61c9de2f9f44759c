"""Any encoder-decoder model that transformers can load: T5, BART, Marian, mBART, Pegasus and others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field

from ...core.need import lazy
from . import Base, Shape
from ._writing import Writing

if TYPE_CHECKING:
    from . import _seq2seq as seq2seq
    from . import _translators as translators
    from ._encoder import Encoder
else:
    seq2seq = lazy("tunesmith.parts.bases._seq2seq")
    translators = lazy("tunesmith.parts.bases._translators")


class HfSeq2seq(Base):
    """A model that reads a text and writes another: a translation, a summary, an answer."""

    takes: ClassVar[frozenset[str]] = frozenset({"chat", "text"})
    gives: ClassVar[frozenset[str]] = frozenset({"answer"})
    is_pretrained: ClassVar[bool] = True
    is_translator: ClassVar[bool] = True
    learning_rate: ClassVar[float] = 5e-5
    is_rate_known: ClassVar[bool] = False

    path: str
    """A local folder (config.json, weights, tokenizer.json) or a Hub id."""
    prefix: str = ""
    """What is written before each source, such as `"translate English to German: "` for T5."""
    template: str = "auto"
    """How a conversation of several messages becomes a source: `auto` is the tokenizer's own template, else `default`,
    which puts a heading over each turn; `plain` writes nothing but what was said; or a Jinja text over `messages`."""
    max_tokens: int = Field(512, ge=8)
    """Longer sources are cut at their end."""
    max_answer_tokens: int = Field(256, ge=2)
    """Longer answers are cut at their end in training."""
    source_language: str | None = None
    """The language of the sources, as a tokenizer of several languages writes it, such as `en_XX`."""
    target_language: str | None = None
    """The language of the answers, such as `de_DE`."""
    dropout: float | None = Field(None, ge=0.0, lt=1.0)
    """Share of the inner numbers switched off in training; the base's own where not given."""
    writing: Writing = Writing()
    """How answers are written, such as `{max_new_tokens: 64, beams: 4}`."""

    @classmethod
    def samples(cls) -> list[Self]:
        """Return one with a path that is only read when built."""
        return [cls(path="./my-translator")]

    def build(self, shape: Shape, seed: int) -> Encoder:
        """Return the pre-trained model."""
        languages = {"source_language": self.source_language, "target_language": self.target_language}
        return translators.from_folder(self.path, self.template, self._reading(), languages, self.dropout)

    def restore(self, shape: Shape, assets: Mapping[str, bytes]) -> Encoder:
        """Return the architecture."""
        return translators.from_assets(assets, self._reading())

    def _reading(self) -> seq2seq.SourceReading:
        most, prefix = self.max_answer_tokens, self.prefix
        return seq2seq.SourceReading(self.max_tokens, "last", self.writing, max_answer_tokens=most, prefix=prefix)
