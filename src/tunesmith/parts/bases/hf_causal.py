"""Any causal language model that transformers can load: Llama, Qwen, Gemma, SmolLM and others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field

from ...core.need import lazy
from . import Base, Shape
from ._writing import Writing

if TYPE_CHECKING:
    from . import _causal as causal
    from . import _language as language
    from ._encoder import Encoder
else:
    causal = lazy("tunesmith.parts.bases._causal")
    language = lazy("tunesmith.parts.bases._language")


class HfCausal(Base):
    """A language model with its own tokenizer, head and template for conversations."""

    takes: ClassVar[frozenset[str]] = frozenset({"chat", "text"})
    gives: ClassVar[frozenset[str]] = frozenset({"answer"})
    is_pretrained: ClassVar[bool] = True
    learning_rate: ClassVar[float] = 2e-5
    is_rate_known: ClassVar[bool] = False

    path: str
    """A local folder (config.json, weights, tokenizer.json) or a Hub id."""
    template: str = "auto"
    """How a conversation becomes a text: `auto` is the tokenizer's own template, else `default`; `default` puts a
    heading over each turn, `plain` writes nothing but what was said; or a Jinja text over `messages`."""
    max_tokens: int = Field(1024, ge=8)
    """Longer rows are cut: what is asked at its beginning; an answer only where it is longer than this alone."""
    turns: Literal["all", "last"] = "all"
    """Which answers of a conversation are learnt: all of them, or the last alone."""
    new_tokens: list[str] = []
    """Words to be read as one token each, such as `["<|order|>"]`; their vectors start as the mean of all others."""
    packing: bool = False
    """Put short rows of a batch behind each other, `max_tokens` long at most, none of which sees another: it fills an
    accelerator; rows of like length side by side, as without it, are faster on a processor."""
    probe: str | None = None
    """A text file, paragraphs apart by empty lines, on which the loss is measured before and after training: what it
    rises by is what was forgotten. A plain English text that comes along where not given."""
    writing: Writing = Writing()
    """How answers are written, such as `{max_new_tokens: 64, beams: 4}`."""

    @classmethod
    def samples(cls) -> list[Self]:
        """Return one with a path that is only read when built."""
        return [cls(path="./my-language-model")]

    def build(self, shape: Shape, seed: int) -> Encoder:
        """Return the pre-trained model."""
        return causal.from_folder(self.path, self.template, self._reading())

    def restore(self, shape: Shape, assets: Mapping[str, bytes]) -> Encoder:
        """Return the architecture."""
        return causal.from_assets(assets, self._reading())

    def _reading(self) -> language.Reading:
        told = (self.max_tokens, self.turns, self.writing, self.packing, self.probe)
        return language.Reading(*told, new_tokens=tuple(self.new_tokens))
