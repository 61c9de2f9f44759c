"""A transformer body that gives one vector per word: the state of the word's first token."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import accumulate

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn

from ...data import Ragged
from ._encoder import Arrays
from ._transformer import TransformerEncoder


class WordEncoder(TransformerEncoder):
    """Rows of words. A row longer than `max_tokens` is read in pieces of whole words, so that no word is left out.

    The first token stands for its word (Devlin et al., NAACL 2019, section 5.3); prepared rows have `tokens` of all
    pieces one after another, `pieces` their lengths in tokens, `heads` the place of each word's first token among
    the row's tokens.
    """

    def __init__(self, body: nn.Module, tokenizer: Tokenizer, pooling: str, max_tokens: int) -> None:
        super().__init__(body, tokenizer, pooling, max_tokens)
        written = json.loads(tokenizer.to_str())
        self._unknown = str(written["model"].get("unk_token") or ".")
        # within a text a word of byte-level BPE begins with a sign for the blank before it
        self._blank = " " if '"ByteLevel"' in json.dumps(written.get("pre_tokenizer")) else ""
        self._known: dict[str, bool] = {}
        """Whether a word has a token at all, by word."""

    def prepare(self, inputs: Arrays) -> dict[str, np.ndarray | Ragged]:
        """Add `tokens`, `pieces` and `heads`."""
        rows = [row[0] for row in np.asarray(inputs["words"])]
        cuts = self._cuts(rows)
        pieces = [row[start:end] for row, ends in zip(rows, cuts, strict=True) for start, end in ends]
        coded = iter(self.tokenizer.encode_batch([self._written(one) for one in pieces], is_pretokenized=True))
        tokens, lengths, heads = [], [], []
        for ends in cuts:
            some = [next(coded) for _ in ends]
            before = [0, *accumulate(len(one.ids) for one in some)]
            tokens.append([number for one in some for number in one.ids])
            lengths.append([len(one.ids) for one in some])
            heads.append([at + shift for one, shift in zip(some, before, strict=False) for at in _firsts(one.word_ids)])
        return dict(inputs) | {"tokens": Ragged.of(tokens), "pieces": Ragged.of(lengths), "heads": Ragged.of(heads)}

    def preparation(self) -> str:
        """Return the tokenizer, its cut, and that words stay apart."""
        return f"words {super().preparation()}"

    def units(self, inputs: Arrays) -> np.ndarray:
        """Return the number of words of each row."""
        return _ragged(inputs, "heads").lengths

    def collate(self, inputs: Arrays, positions: np.ndarray) -> dict[str, torch.Tensor]:
        """Return `tokens` int64 and `mask` bool, (pieces, longest), and `heads` int64 (words,), places in both."""
        pieces, heads = (_ragged(inputs, name).take(positions) for name in ("pieces", "heads"))
        some = _ragged(inputs, "tokens").take(positions)
        cut = Ragged.cut(some.values, pieces.values)
        tokens, mask = cut.padded(np.arange(len(cut)), self.pad)
        if self._places is not None:
            tokens = self._places[tokens]
        flat = heads.values + some.offsets[heads.owners]  # among the tokens of all pieces
        piece = np.searchsorted(cut.offsets, flat, side="right") - 1
        places = piece * tokens.shape[1] + flat - cut.offsets[piece]
        return {
            "tokens": torch.from_numpy(tokens),
            "mask": torch.from_numpy(mask),
            "heads": torch.from_numpy(places.astype(np.int64)),
        }

    def forward(self, tensors: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the last layer's state of each word's first token, float (words, width)."""
        states_BTD = self._states(tensors).float()
        return states_BTD.flatten(0, 1)[tensors["heads"]]

    @property
    def can_split(self) -> bool:
        """Whether kept states of lower layers can stand for them: not yet, as they know no words."""
        return False

    def _cuts(self, rows: Sequence[Sequence[str]]) -> list[list[tuple[int, int]]]:
        """Return the pieces of each row, as places of words: as many whole words as fit; an empty row has one."""
        room = self.max_tokens - self.tokenizer.num_special_tokens_to_add(False)
        self.tokenizer.no_truncation()
        written = [self._written(one) for one in rows]
        coded = self.tokenizer.encode_batch(written, is_pretokenized=True, add_special_tokens=False)
        self.tokenizer.enable_truncation(self.max_tokens)
        found = []
        for row, one in zip(rows, coded, strict=True):
            sizes = np.bincount([at for at in one.word_ids if at is not None], minlength=len(row))
            ends, start, filled = [], 0, 0
            for at, size in enumerate(sizes.tolist() if len(one.ids) > room else []):
                if filled + size > room and at > start:
                    ends.append((start, at))
                    start, filled = at, 0
                filled += size
            found.append([*ends, (start, len(row))])
        return found

    def _written(self, words: Sequence[str]) -> list[str]:
        """Return words as the tokenizer takes them: none without a token, and apart where it reads blanks as signs."""
        return [f"{self._blank}{word if self._has_token(word) else self._unknown}" for word in words]

    def _has_token(self, word: str) -> bool:
        known = self._known.get(word)
        if known is None:
            known = self._known[word] = bool(self.tokenizer.encode(word, add_special_tokens=False).ids)
        return known


def _firsts(words: Sequence[int | None]) -> list[int]:
    """Return where each word's first token stands, in the order of the words."""
    found: dict[int, int] = {}
    for at, word in enumerate(words):
        if word is not None:
            found.setdefault(word, at)
    return [found[word] for word in sorted(found)]


def _ragged(inputs: Arrays, name: str) -> Ragged:
    found = inputs[name]
    assert isinstance(found, Ragged)
    return found
