"""A causal language model from transformers: each token is told from those before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import transformers
from tokenizers import Encoding

from ...core.errors import DataError, RecipeError
from ...data import Ragged
from ...data.chats import answer_of
from ...data.prompts import Marks, conversations, paragraphs
from ._encoder import Arrays
from ._generation import end_tokens, pad_token
from ._language import ANSWER, PROBE_TOKENS, LanguageEncoder, Reading, add_tokens, ragged
from ._packing import pack
from ._pretrained import loading, refuse_holes
from ._stored import rebuilt
from ._template import Rendered, chosen

FILES = "config.json, model.safetensors and tokenizer.json"


class CausalEncoder(LanguageEncoder):
    """Question and answer are one sequence. What is too long is cut: the question at its beginning, never the answer
    as long as it fits alone."""

    def __init__(self, body: Any, tokenizer: Any, template: str, reading: Reading) -> None:
        """`body` and `tokenizer` are transformers' own."""
        super().__init__(body, tokenizer, template, reading)
        begin: int | None = tokenizer.bos_token_id
        self.begin_token = begin if begin is not None and tokenizer("a").input_ids[:1] == [begin] else None
        """The token that the tokenizer itself begins texts with, None where it begins them with nothing."""
        self.ends = frozenset(end_tokens(body, tokenizer))
        """The tokens that end an answer."""

    def prepare(self, inputs: Arrays) -> dict[str, np.ndarray | Ragged]:
        """Add `asked` and `left_out`, tokens without room, and where answers are given `tokens` and `weights`."""
        rows = conversations(inputs)
        answers = inputs.get(ANSWER)
        kept = {name: one for name, one in inputs.items() if name != ANSWER}
        if answers is None:
            whole = [self._begun(one.ids) for one in self._coded([self.template.asked(one) for one in rows])]
            fits = Ragged.of([self._shortened(one, self.room) for one in whole])
            return kept | {"asked": fits, "left_out": np.array([len(one) for one in whole], np.int64) - fits.lengths}
        answered = [[*row, answer_of(str(answer))] for row, answer in zip(rows, np.asarray(answers), strict=True)]
        rendered = [self.template.rendered(one) for one in answered]
        before = self._coded([one.asked for one in rendered])
        both = self._coded([one.asked + one.answer for one in rendered])
        alone = self._coded([one.answer for one in rendered])
        tokens, weights, asked, sizes = [], [], [], []
        for parts in zip(rendered, before, both, alone, strict=True):
            found, counts, cut, size = self._row(*parts)
            tokens.append(found)
            weights.append(counts)
            asked.append(self._shortened(cut, self.room))
            sizes.append(size)
        flat = np.concatenate([np.asarray(one, np.float32) for one in weights])
        lengths = np.array([len(one) for one in weights], np.int64)
        return kept | {
            "asked": Ragged.of(asked),
            "tokens": Ragged.of(tokens),
            "weights": Ragged.cut(flat, lengths),
            "left_out": np.array(sizes, np.int64) - lengths,
        }

    def _row(
        self, rendered: Rendered, before: Encoding, both: Encoding, alone: Encoding
    ) -> tuple[list[int], list[float], list[int], int]:
        """Return the tokens of a row, how much each counts, those of what is asked, and how many there were uncut."""
        asked, size = self._begun(before.ids), len(before.ids)
        # the question's tokens are those that stand there when an answer is written: what would join both is cut
        answer = both.ids[size:] if both.ids[:size] == before.ids else alone.ids
        answer = self._ended(answer)
        counts = [0.0] * len(asked)
        if self.reading.turns == "all":
            shift = len(asked) - size
            for at, (start, end) in enumerate(before.offsets):
                for first, last, weight in rendered.earlier:
                    if first <= start and end <= last and end > start:
                        counts[at + shift] = weight
        uncut = len(asked) + len(answer)
        answer = answer[: max(1, self.max_tokens - 1)]
        room = self.max_tokens - len(answer)
        head = self._shortened(asked, room)
        tail = counts[len(counts) - len(head) :]
        if head and tail:
            tail[0] = 0.0  # nothing tells the first token
        learnt = [rendered.weight] * len(answer)
        if not head:
            learnt[0] = 0.0
        return [*head, *answer], [*tail, *learnt], asked, uncut

    def _shortened(self, asked: Sequence[int], room: int) -> list[int]:
        """Return what is asked in so many tokens: its end, behind the token that begins it."""
        asked = self._begun(asked)
        if len(asked) <= room:
            return list(asked)
        kept = int(asked[0] == self.begin_token)
        return [*asked[:kept], *asked[len(asked) - room + kept :]]

    def _begun(self, tokens: Sequence[int]) -> list[int]:
        """Return tokens with the one that begins a text before them, once."""
        if self.begin_token is None or (tokens and tokens[0] == self.begin_token):
            return list(tokens)
        return [self.begin_token, *tokens]

    def _ended(self, answer: Sequence[int]) -> list[int]:
        """Return an answer as far as the token that ends it, which is added where the template has none."""
        ends = self.ends
        at = next((at for at in range(len(answer) - 1, -1, -1) if answer[at] in ends), None)
        if at is not None:
            return list(answer[: at + 1])
        return [*answer, self.tokenizer.eos_token_id] if self.tokenizer.eos_token_id is not None else list(answer)

    @property
    def room(self) -> int:
        """How many tokens may be asked, so that an answer still has its place: half of what the model sees at least."""
        if self.longest is None:
            return 1 << 30
        return self.longest - min(self.reading.writing.max_new_tokens, self.longest // 2)

    def probe(self) -> Arrays:
        """Return the paragraphs of the probe text, each by itself, every token of which is learnt but the first."""
        coded = self._coded(paragraphs(self.reading.probe))
        rows = [self._begun(one.ids)[: self.max_tokens] for one in coded]
        weights = [np.arange(len(row)) > 0 for row in rows]
        flat = np.concatenate(weights).astype(np.float32)
        tokens = Ragged.of(rows)
        return {
            "asked": Ragged.of([row[:1] for row in rows]),
            "tokens": tokens,
            "weights": Ragged.cut(flat, tokens.lengths),
        }

    def marks(self) -> Marks:
        """Return begin and end tokens, and where rows are cut."""
        return Marks(self.begin_token, self.ends, self.max_tokens)

    def _coded(self, texts: Sequence[str]) -> list[Encoding]:
        found: list[Encoding] = self.tokenizer.backend_tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return found

    def collate(self, inputs: Arrays, positions: np.ndarray) -> dict[str, torch.Tensor]:
        """Return `tokens` int64 (rows, longest), and for each line its row and place in them and the `right` token.

        Where rows are packed, several stand in one behind each other, with `positions` of their own and a `mask`.
        """
        tokens, weights = (ragged(inputs, name).take(positions) for name in ("tokens", "weights"))
        at = np.flatnonzero(weights.values > 0)
        owners = weights.owners[at]
        columns = at - weights.offsets[owners]
        if not self.reading.is_packed:
            padded, _ = tokens.padded(np.arange(len(tokens)), pad_token(self.tokenizer))
            told = {"tokens": torch.from_numpy(padded[:, : max(1, int(columns.max(initial=1)))])}
            rows, starts = owners, np.zeros_like(owners)
        else:
            packed = pack(tokens.lengths, self.max_tokens)
            told = packed.tensors(tokens, pad_token(self.tokenizer))
            rows, starts = packed.rows[owners], packed.starts[owners]
        places = np.stack([rows, starts + columns - 1])
        return told | {
            "places": torch.from_numpy(places),
            "right": torch.from_numpy(tokens.values[at].astype(np.int64)),
        }

    def states(self, tensors: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the state before each token that is learnt.

        Rows are filled up behind their end, where no token before sees anything, so they need no mask.
        """
        told = {}
        if "mask" in tensors:
            mask = tensors["mask"]
            if self.body.config._attn_implementation == "eager":  # which adds it to its scores
                mask = torch.zeros(mask.shape, device=mask.device).masked_fill(~mask, torch.finfo(torch.float32).min)
            told = {"position_ids": tensors["positions"], "attention_mask": mask}
        found = self.body.base_model(input_ids=tensors["tokens"], use_cache=False, **told).last_hidden_state
        rows, columns = tensors["places"]
        picked: torch.Tensor = found[rows, columns]
        return picked

    def check_head(self) -> None:
        """Raise GuardError where the lines are not those of the model's own forward pass."""
        was_training = self.body.training
        tokens = torch.arange(PROBE_TOKENS)[None] % self.body.config.vocab_size
        with torch.no_grad():
            self.body.eval()
            self.compare(
                self.body.base_model(input_ids=tokens, use_cache=False).last_hidden_state,
                self.body(input_ids=tokens, use_cache=False).logits,
            )
        self.body.train(was_training)


def from_folder(where: str, template: str, reading: Reading) -> CausalEncoder:
    """Load configuration, weights and tokenizer from a folder or the Hub's cache or the Hub.

    Raises DataError where nothing can be loaded from there, or a weight is missing, and where the tokenizer cannot
    tell where its tokens stand.
    """
    with loading(where, "language model", f"give a folder with {FILES}"):
        config = transformers.AutoConfig.from_pretrained(where)
        load: Any = transformers.AutoModelForCausalLM.from_pretrained
        body, told = load(where, config=config, dtype=torch.float32, output_loading_info=True)
        tokenizer = transformers.AutoTokenizer.from_pretrained(where)
    refuse_holes(where, told)
    _refuse_windows(config, reading)
    add_tokens(body, tokenizer, reading.new_tokens)
    return CausalEncoder(body, _fast(tokenizer, where), chosen(template, tokenizer.chat_template), reading)


def from_assets(assets: Mapping[str, bytes], reading: Reading) -> CausalEncoder:
    """Rebuild the architecture from what `assets` gave; weights are random until loaded."""
    body, tokenizer = rebuilt(assets, transformers.AutoModelForCausalLM)
    return CausalEncoder(body, tokenizer, tokenizer.chat_template, reading)


def _refuse_windows(config: Any, reading: Reading) -> None:
    """Refuse to pack what sees no further than a window: the mask of packed rows would let it see further."""
    window = getattr(config, "sliding_window", None)
    is_used = "sliding_attention" in (getattr(config, "layer_types", None) or [])
    if reading.is_packed and is_used and window is not None and window < reading.max_tokens:
        raise RecipeError(
            f"base.packing: {config.model_type} sees {window} tokens back, and rows have up to {reading.max_tokens}; "
            "leave out `packing`, or lower base.max_tokens"
        )


def _fast(tokenizer: Any, where: str) -> Any:
    if not tokenizer.is_fast:
        raise DataError(
            f"base '{where}': its tokenizer is one of the slow kind, which cannot say where tokens stand in a text; "
            "save it once as tokenizer.json by AutoTokenizer.from_pretrained(..., use_fast=True).save_pretrained(...)"
        )
    return tokenizer
