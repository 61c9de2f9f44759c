"""Where do the weights come from? One file per origin; two shapes only: differentiable and fitted."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from ...core.part import Part
from ...data import Encoded
from ...data.forms import Form
from ._families import is_for_images

if TYPE_CHECKING:
    from ._encoder import Encoder

WEIGHTS = frozenset({".pt", ".pth", ".th", ".bin", ".safetensors"})  # endings of files of plain weights


@dataclass(frozen=True, slots=True)
class Shape:
    """How large the inputs are, and what a body has to give a vector for.

    Counted are text columns, columns of words, of conversations, number columns, and the codes of each category column;
    of each column of images it is the usual height and width in pixels.
    """

    texts: int = 0
    numbers: int = 0
    categories: tuple[int, ...] = ()
    words: int = 0
    reads: str = "row"
    """What there is a vector for, as the task asks: each `row`, each `word`, each token of a `window` of its text,
    each `object` that may be in its picture, or each token of its `answer`."""
    images: tuple[tuple[int, int], ...] = ()
    chats: int = 0

    @property
    def forms(self) -> frozenset[str]:
        """The input forms that occur."""
        sizes = {
            "text": self.texts,
            "words": self.words,
            "chat": self.chats,
            "numbers": self.numbers,
            "categories": len(self.categories),
            "image": len(self.images),
        }
        return frozenset(form for form, size in sizes.items() if size)


@dataclass(frozen=True, slots=True)
class Ask:
    """What a fitted base is asked to learn: the target's form, the width of the outputs, and a seed."""

    form: Form
    width: int
    seed: int


class Base(Part):
    """A model body. Differentiable ones `build` an encoder that training moves; fitted ones `fit` in one go."""

    family: ClassVar[str] = "parts.bases"
    form: ClassVar[Literal["differentiable", "fitted"]] = "differentiable"
    takes: ClassVar[frozenset[str]]
    """The input forms it reads: `text`, `chat`, `words`, `numbers`, `categories`, `image`."""
    gives: ClassVar[frozenset[str]] = frozenset({"row"})
    """What it can give a vector for: each `row`, each `word` of it, each `object` in it, ..."""
    is_pretrained: ClassVar[bool] = False
    is_translator: ClassVar[bool] = False
    """Whether what it loads has an encoder and a decoder, to write a text for a text."""
    learning_rate: ClassVar[float] = 1e-3
    """The peak rate that suits full training with AdamW."""
    is_rate_known: ClassVar[bool] = True
    """Whether that rate was measured; where it is only usual, `learning_rate: auto` tries others."""

    @classmethod
    def shorthand(cls, value: dict[str, Any]) -> dict[str, Any] | None:
        """Read a name that is no kind: a path or a Hub id.

        A file of weights stands for `local`, a folder with a model for images for `hf_vision`, all else for
        `hf_encoder`, with that path.
        """
        name = value.get("kind")
        if not isinstance(name, str):
            return None
        if Path(name).suffix in WEIGHTS and Path(name).is_file():
            return value | {"kind": "local", "path": name}
        if not ("/" in name or name.startswith(".") or Path(name).is_dir()):
            return None
        return value | {"kind": "hf_vision" if is_for_images(Path(name)) else "hf_encoder", "path": name}

    @abstractmethod
    def build(self, shape: Shape, seed: int) -> Encoder:
        """Return the encoder with its starting weights. Fitted bases raise NotImplementedError."""

    @abstractmethod
    def restore(self, shape: Shape, assets: Mapping[str, bytes]) -> Encoder:
        """Return the encoder's architecture from a version's assets; the weights are loaded afterwards."""


class FittedBase(Base):
    """A base that learns by `fit` and keeps what it learnt as arrays (no pickle)."""

    form: ClassVar[Literal["differentiable", "fitted"]] = "fitted"
    takes_weights: ClassVar[bool] = False
    """Whether `fit` heeds the rows' `weights`, float64 (rows,), or (rows, labels) where a row may have several."""

    @abstractmethod
    def fit(self, train: Encoded, validation: Encoded, ask: Ask) -> dict[str, np.ndarray]:
        """Return the learnt state; `validation` says when to stop."""

    @abstractmethod
    def outputs(self, state: Mapping[str, np.ndarray], encoded: Encoded) -> np.ndarray:
        """Return the raw outputs, float64 (rows, width), from the state alone."""

    def build(self, shape: Shape, seed: int) -> Encoder:
        """Refuse: nothing here is differentiable."""
        raise NotImplementedError(f"{self.kind} is fitted, not built")

    def restore(self, shape: Shape, assets: Mapping[str, bytes]) -> Encoder:
        """Refuse: nothing here is differentiable."""
        raise NotImplementedError(f"{self.kind} is fitted, not built")
