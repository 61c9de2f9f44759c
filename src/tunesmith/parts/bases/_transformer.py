"""A pre-trained transformer body: texts to tokens to one pooled vector per row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn

from ...data import Ragged
from ._bert import checked, positions
from ._encoder import Arrays, Encoder
from ._texts import Frame, separator

TEXTS = "base/texts.json"  # says how several texts are read; versions from before it hold them joined


class TransformerEncoder(Encoder):
    """A body from transformers. Several texts of a row are one sequence, as its tokenizer writes a pair.

    Token types tell the first from the others where tokenizer and body know them. Rows longer than `max_tokens` are
    cut, the longest text first.
    """

    is_pretrained: ClassVar[bool] = True
    reads: ClassVar[frozenset[str]] = frozenset({"tokens", "types"})

    def __init__(self, body: nn.Module, tokenizer: Tokenizer, pooling: str, max_tokens: int) -> None:
        super().__init__()
        self.body: Any = body
        self.tokenizer = tokenizer
        self.pooling = pooling
        config: Any = body.config
        self.width = int(config.hidden_size)
        self.max_tokens = min(max_tokens, positions(body) or max_tokens)
        self.pad = int(getattr(config, "pad_token_id", None) or 0)
        tokenizer.no_padding()
        tokenizer.enable_truncation(self.max_tokens)
        self.kernel = checked(body)
        self.is_joining = False
        """Whether texts are one text with a separator in it, cut at its end, as versions of long ago were trained."""
        self._places: np.ndarray | None = None
        self._original: tuple[nn.Embedding, ...] = ()

    def prepare(self, inputs: Arrays) -> dict[str, np.ndarray | Ragged]:
        """Add `tokens`, and `types` where there are several texts and the body tells them apart."""
        columns = self._columns(inputs)
        if len(columns) > 1 and not self.is_joining:
            frame = Frame.of(self.tokenizer)
            cut = self.tokenizer.truncation or {"max_length": self.max_tokens}
            tokens, types = frame.around([self._coded(one, False) for one in columns], int(cut["max_length"]))
            added = {"tokens": tokens}
            if frame.is_typed and int(getattr(self.body.config, "type_vocab_size", 0) or 0) > 1:
                added["types"] = types
            return dict(inputs) | added
        joiner = f" {separator(self.tokenizer)} "
        joined = columns[0] if len(columns) == 1 else [joiner.join(row) for row in zip(*columns, strict=True)]
        return dict(inputs) | {"tokens": self._coded(joined, True)}

    def _columns(self, inputs: Arrays) -> list[list[str]]:
        """Return the texts by column, in the recipe's order, columns of words behind them as texts."""
        columns = [list(one) for one in np.asarray(inputs["text"]).T] if "text" in inputs else []
        words = list(np.asarray(inputs["words"]).T) if "words" in inputs else []
        return [*columns, *([" ".join(one) for one in column] for column in words)]

    def _coded(self, texts: Sequence[str], is_framed: bool) -> Ragged:
        coded = self.tokenizer.encode_batch_fast(texts, add_special_tokens=is_framed)
        return Ragged.of([one.ids for one in coded])

    def preparation(self) -> str:
        """Return the tokenizer with its cut, and how several texts are read."""
        return f"{'joined' if self.is_joining else 'texts'} {self.tokenizer.to_str()}"

    def describe(self) -> str:
        """Return architecture, pooling, and whose arithmetic runs it."""
        arithmetic = "own" if self.kernel is not None else "original"
        return json.dumps([self.body.config.to_dict(), self.pooling, arithmetic], sort_keys=True, default=str)

    def narrow(self, inputs: Iterable[Arrays]) -> None:
        """Train only the vectors of words that occur in these rows; the others would never see a gradient.

        Weight decay reaches those, too: one more row, of ones, shows what they have to be multiplied with at the end.
        """
        module = self.body.get_input_embeddings()
        if not module.weight.requires_grad or self.kernel is None or self._original:
            return
        used = np.unique(np.concatenate([[self.pad], *(_tokens(one).values for one in inputs)]))
        whole = module.weight.detach()
        self._places = np.full(len(whole), -1, np.int64)
        self._places[used] = np.arange(len(used))
        kept = torch.cat([whole[torch.from_numpy(used)], torch.ones_like(whole[:1])])
        padding = None if module.padding_idx is None else int(self._places[module.padding_idx])
        self._original = (module,)  # a tuple: torch would count a module that stands alone among the encoder's own
        self.body.set_input_embeddings(nn.Embedding.from_pretrained(kept, freeze=False, padding_idx=padding))

    def widen(self) -> None:
        """Give every word its vector again."""
        if self._places is None:
            return
        trained = self.body.get_input_embeddings().weight.detach()
        (module,) = self._original
        with torch.no_grad():
            module.weight.mul_(trained[-1])
            module.weight[torch.from_numpy(np.flatnonzero(self._places >= 0))] = trained[:-1]
        self.body.set_input_embeddings(module)
        self._places, self._original = None, ()

    def lengths(self, inputs: Arrays) -> np.ndarray | None:
        """Return the number of tokens of each row."""
        return _tokens(inputs).lengths

    def words(self, inputs: Arrays, position: int) -> list[str] | None:
        """Return the tokens of a row as the tokenizer writes them."""
        return [str(self.tokenizer.id_to_token(int(one))) for one in _tokens(inputs)[position]]

    def collate(self, inputs: Arrays, positions: np.ndarray) -> dict[str, torch.Tensor]:
        """Return `tokens` int64, `mask` bool and, where texts are told apart, `types` int64, all (rows, longest)."""
        tokens, mask = _tokens(inputs).padded(positions, self.pad)
        if self._places is not None:
            tokens = self._places[tokens]
        found = {"tokens": torch.from_numpy(tokens), "mask": torch.from_numpy(mask)}
        types = inputs.get("types")
        if isinstance(types, Ragged):
            found["types"] = torch.from_numpy(types.padded(positions, 0)[0])
        return found

    def forward(self, tensors: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the pooled states of the last layer, float (rows, width)."""
        mask = tensors["mask"]
        states_BTD = self._states(tensors).float()
        if self.pooling == "first":
            return states_BTD[:, 0]
        weights_BT1 = mask[:, :, None].to(states_BTD.dtype)
        return (states_BTD * weights_BT1).sum(dim=1) / weights_BT1.sum(dim=1).clamp(min=1.0)

    def _states(self, tensors: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the last layer's states (rows, tokens, width), from tokens or from stored states of a lower layer."""
        mask, types = tensors["mask"], tensors.get("types")
        if "states" in tensors:
            assert self.kernel is not None
            return self.kernel.run(tensors["states"], mask, start=int(tensors["depth"]) - 1)
        if self.kernel is not None and mask.device.type == "cpu":
            return self.kernel.run(self.kernel.embed(tensors["tokens"], types), mask)
        typed = {} if types is None else {"token_type_ids": types}
        return self.body(input_ids=tensors["tokens"], attention_mask=mask.long(), **typed).last_hidden_state

    @property
    def can_split(self) -> bool:
        """Whether lower layers can be run apart from the upper ones."""
        return self.kernel is not None

    def lower(self, tensors: Mapping[str, torch.Tensor], depth: int) -> torch.Tensor:
        """Return the states above the first `depth` entries of `layers()`, (rows, tokens, width)."""
        assert self.kernel is not None
        mask = tensors["mask"]
        return self.kernel.run(self.kernel.embed(tensors["tokens"], tensors.get("types")), mask, stop=depth - 1)

    def save_memory(self) -> None:
        """Keep only each layer's input for the backward pass and compute the rest again (Chen et al. 2016)."""
        if self.kernel is not None:
            self.kernel.is_checkpointing = True
        self.body.gradient_checkpointing_enable({"use_reentrant": False})

    def run_modules(self) -> None:
        """Leave the own arithmetic, which reads the layers' weights without calling them."""
        self.kernel = None

    def layers(self) -> list[list[nn.Module]]:
        """Return embeddings, then each transformer layer; what stands outside joins the embeddings."""
        stack = _layer_list(self.body)
        inside = {id(module) for layer in stack for module in layer.modules()}
        holders = [one for one in self.body.modules() if list(one.parameters(recurse=False)) and id(one) not in inside]
        return [holders, *([layer] for layer in stack)]

    def assets(self) -> dict[str, bytes]:
        """Return the configuration and the tokenizer, and that several texts are read as a pair is."""
        config: Any = self.body.config
        kept = config.to_dict() | {"_name_or_path": ""}
        text = json.dumps(kept, indent=1, sort_keys=True)
        texts = {} if self.is_joining else {TEXTS: json.dumps({"several": "framed"}).encode()}
        return {"base/config.json": text.encode(), "base/tokenizer.json": self.tokenizer.to_str().encode()} | texts


def _tokens(inputs: Arrays) -> Ragged:
    tokens = inputs["tokens"]
    assert isinstance(tokens, Ragged)
    return tokens


def _layer_list(body: nn.Module) -> list[nn.Module]:
    lists = [module for module in body.modules() if isinstance(module, nn.ModuleList)]
    return list(max(lists, key=lambda one: sum(p.numel() for p in one.parameters()), default=[]))
