"""A transformer body that reads two texts apart: their vectors u and v, and how these differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn

from ...data import Ragged
from ._encoder import Arrays, Encoder
from ._transformer import TransformerEncoder


class PairEncoder(TransformerEncoder):
    """Gives u, v, |u - v| and u * v side by side, u and v the vectors of a row's two texts (a bi-encoder).

    The first three are those of Reimers & Gurevych, EMNLP-IJCNLP 2019, section 3; the product is what a cosine is the
    sum of. Prepared rows have `tokens` of both texts one after another and `pieces`, the lengths of the two.
    """

    reads: ClassVar[frozenset[str]] = frozenset({"tokens", "pieces"})

    def __init__(self, body: nn.Module, tokenizer: Tokenizer, pooling: str, max_tokens: int) -> None:
        super().__init__(body, tokenizer, pooling, max_tokens)
        self.width *= 4

    def prepare(self, inputs: Arrays) -> dict[str, np.ndarray | Ragged]:
        """Add `tokens` and `pieces`; each text is cut at `max_tokens` for itself."""
        one, other = (self._coded(column, True) for column in self._columns(inputs))
        rows = len(one)
        both = Ragged.cut(np.concatenate([one.values, other.values]), np.concatenate([one.lengths, other.lengths]))
        turned = both.take(np.arange(2 * rows).reshape(2, rows).T.ravel())  # the two texts of a row side by side
        pieces = Ragged.cut(turned.lengths.astype(np.int32), np.full(rows, 2))
        tokens = Ragged.cut(turned.values, pieces.values.reshape(rows, 2).sum(axis=1))
        return dict(inputs) | {"tokens": tokens, "pieces": pieces}

    def preparation(self) -> str:
        """Return the tokenizer, its cut, and that texts stay apart."""
        return f"apart {super().preparation()}"

    def collate(self, inputs: Arrays, positions: np.ndarray) -> dict[str, torch.Tensor]:
        """Return `tokens` int64 and `mask` bool, (2 x rows, longest): each row's two texts one after the other."""
        pieces, some = inputs["pieces"], inputs["tokens"]
        assert isinstance(pieces, Ragged)
        assert isinstance(some, Ragged)
        cut = Ragged.cut(some.take(positions).values, pieces.take(positions).values)
        return super().collate({"tokens": cut}, np.arange(len(cut)))

    def forward(self, tensors: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return u, v, |u - v|, u * v, float (rows, 4 x body width)."""
        one, other = super().forward(tensors).unflatten(0, (-1, 2)).unbind(1)
        return torch.cat([one, other, (one - other).abs(), one * other], dim=1)

    @property
    def can_split(self) -> bool:
        """Whether kept states of lower layers can stand for them: no, as they know of one text a row."""
        return False


def apart(encoder: Encoder, inputs: Arrays) -> PairEncoder | None:
    """Return a body as one that reads a row's two texts apart, None where it reads none, or there are not two.

    The first half of its vectors is that of the one text and of the other. The weights are the same ones.
    """
    texts = sum(np.asarray(inputs[form]).shape[1] for form in ("text", "words") if form in inputs)
    if texts != 2 or type(encoder) not in (TransformerEncoder, PairEncoder):
        return None
    assert isinstance(encoder, TransformerEncoder)
    return PairEncoder(encoder.body, encoder.tokenizer, encoder.pooling, encoder.max_tokens)
