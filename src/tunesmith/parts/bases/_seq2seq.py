"""An encoder-decoder model from transformers: an answer is told from a text that is read before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from ...core.errors import DataError
from ...data import Ragged
from ...data.chats import Message
from ...data.prompts import Marks, conversations
from ._encoder import Arrays
from ._generation import end_tokens, pad_token, right_padded
from ._language import ANSWER, PROBE_TOKENS, LanguageEncoder, Reading, ragged

SCALED = ("umt5", "switch_transformers")  # families that scale states where head and words share their weights
OWN_HEAD = "base/own_head"  # stands among the files where the head has weights that the configuration calls shared
WORD = "a"


@dataclass(frozen=True, slots=True)
class SourceReading(Reading):
    """How sources and answers become tokens."""

    max_answer_tokens: int = 256
    prefix: str = ""


class Seq2seqEncoder(LanguageEncoder):
    """Sources are read by an encoder, answers told by a decoder; both are cut at their end where they are too long.

    `asked` are the tokens of the source, `tokens` those of the answer, all of which are learnt, its end among them.
    An answer that was cut has no end, so that nobody learns to stop there.
    """

    reading: SourceReading

    def __init__(self, body: Any, tokenizer: Any, template: str, reading: SourceReading) -> None:
        """`body` and `tokenizer` are transformers' own. Raises DataError where nothing begins the answers."""
        super().__init__(body, tokenizer, template, reading)
        most = self.longest or reading.max_answer_tokens
        writing = reading.writing
        writing = writing.model_copy(update={"max_new_tokens": min(writing.max_new_tokens, most - 1)})
        answered = min(reading.max_answer_tokens, most)
        self.reading: SourceReading = replace(reading, writing=writing, max_answer_tokens=answered)
        closed, ends = self._answers([WORD])[0], end_tokens(body, tokenizer)
        self.is_closed = not set(closed).isdisjoint(ends)
        self.ends = frozenset([*ends, *closed[-1:]] if self.is_closed else ends)
        self.start = _start(body, closed)
        body.generation_config.decoder_start_token_id = self.start

    def marks(self) -> Marks:
        """Return the tokens that end answers, and where answers are cut; sources are the tokenizer's own matter."""
        return Marks(None, self.ends, self.reading.max_answer_tokens, is_apart=True)

    def speak(self, language: str | None) -> None:
        """Let every answer that is written begin with the token of its language, where right answers do."""
        begun = self._answers([WORD])[0][:1]
        if language is not None and begun == [self.tokenizer.convert_tokens_to_ids(language)]:
            self.body.generation_config.forced_bos_token_id = begun[0]

    def prepare(self, inputs: Arrays) -> dict[str, np.ndarray | Ragged]:
        """Add `asked`, and `tokens` and `weights` where answers are given."""
        answers = inputs.get(ANSWER)
        kept = {name: one for name, one in inputs.items() if name != ANSWER}
        found = kept | {"asked": Ragged.of(self._sources([self._source(one) for one in conversations(inputs)]))}
        if answers is None:
            return found
        coded = self._answers([str(one) for one in np.asarray(answers)])
        end = self.tokenizer.eos_token_id
        closed = coded if self.is_closed or end is None else [[*one, end] for one in coded]
        tokens = Ragged.of([one[: self.reading.max_answer_tokens] for one in closed])
        return found | {
            "tokens": tokens,
            "weights": Ragged.cut(np.ones(len(tokens.values), np.float32), tokens.lengths),
        }

    def _source(self, row: Sequence[Message]) -> str:
        """Return what the encoder reads: a lone message of the user as it is, else the conversation by the template."""
        is_alone = len(row) == 1 and row[0]["role"] == "user"
        return self.reading.prefix + (row[0]["content"] if is_alone else self.template.asked(row))

    def _sources(self, texts: list[str]) -> list[list[int]]:
        """Return the tokens of sources; what the tokenizer puts behind each of them stays behind one that is cut."""
        if not texts:
            return []
        word, *rows = self.tokenizer([WORD, *texts], verbose=False).input_ids
        special = set(self.tokenizer.all_special_ids)
        tail = next((at for at, one in enumerate(reversed(word)) if one not in special), 0)
        room = max(1, self.max_tokens - tail)
        cut = [one if len(one) <= self.max_tokens else [*one[:room], *one[len(one) - tail :]] for one in rows]
        return [one or [pad_token(self.tokenizer)] for one in cut]

    def _answers(self, texts: list[str]) -> list[list[int]]:
        found: list[list[int]] = self.tokenizer(text_target=texts, verbose=False).input_ids if texts else []
        return found

    def lengths(self, inputs: Arrays) -> np.ndarray:
        """Return the number of tokens of each row's source and answer together."""
        asked = ragged(inputs, "asked").lengths
        return asked + ragged(inputs, "tokens").lengths if "tokens" in inputs else asked

    def collate(self, inputs: Arrays, positions: np.ndarray) -> dict[str, torch.Tensor]:
        """Return sources with their `mask`, and the answers `begun`, moved by one, int64 (rows, longest); for each line
        its `places` in these and the `right` token.
        """
        asked, answers = ragged(inputs, "asked"), ragged(inputs, "tokens").take(positions)
        pad = pad_token(self.tokenizer)
        tokens, mask = right_padded([asked[at] for at in positions], pad)
        begun, _ = right_padded([np.concatenate([[self.start], row[:-1]]) for row in _rows(answers)], pad)
        rows = answers.owners
        columns = np.arange(len(rows)) - answers.offsets[rows]
        return {
            "tokens": tokens,
            "mask": mask,
            "begun": begun,
            "places": torch.from_numpy(np.stack([rows, columns])),
            "right": torch.from_numpy(answers.values.astype(np.int64)),
        }

    def states(self, tensors: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the state from which each token of an answer is told."""
        rows, columns = tensors["places"]
        picked: torch.Tensor = self._decoded(tensors["tokens"], tensors["mask"], tensors["begun"])[rows, columns]
        return picked

    def _decoded(self, tokens: torch.Tensor, mask: torch.Tensor, begun: torch.Tensor) -> torch.Tensor:
        """Return the decoder's states. Answers are filled up behind their end, where no token sees anything."""
        read = self.body.get_encoder()(input_ids=tokens, attention_mask=mask).last_hidden_state
        found: torch.Tensor = self.body.get_decoder()(
            input_ids=begun, encoder_hidden_states=read, encoder_attention_mask=mask, use_cache=False
        ).last_hidden_state
        return found

    def logits(self, states: torch.Tensor) -> torch.Tensor:
        """Return what the model says of each word of its vocabulary, as its own forward pass does.

        T5 scales its states, BART and Marian add a bias.
        """
        config, bias = self.body.config, getattr(self.body, "final_logits_bias", None)
        is_scaled = getattr(config, "scale_decoder_outputs", None)
        if is_scaled is None:
            is_scaled = config.model_type in SCALED and config.tie_word_embeddings
        found = super().logits(states * config.d_model**-0.5 if is_scaled else states)
        return found if bias is None else found + bias

    def check_head(self) -> None:
        """Raise GuardError where the lines are not those of the model's own forward pass."""
        was_training = self.body.training
        tokens = torch.arange(PROBE_TOKENS)[None] % self.body.config.vocab_size
        mask, begun = torch.ones_like(tokens), tokens.flip(1)
        with torch.no_grad():
            self.body.eval()
            own = self.body(input_ids=tokens, attention_mask=mask, decoder_input_ids=begun, use_cache=False).logits
            self.compare(self._decoded(tokens, mask, begun), own)
        self.body.train(was_training)

    def layers(self) -> list[list[nn.Module]]:
        """Return the vectors of words and places, then each block of the encoder, then each of the decoder.

        What follows the last block of either belongs to it, and a head to the decoder's; one whose weights are those of
        words belongs to these.
        """
        head = self.body.get_output_embeddings()
        before: list[nn.Module] = []
        blocks: list[list[nn.Module]] = []
        held: set[int] = set()
        for stack in (self.body.get_encoder(), self.body.get_decoder()):
            depths = max((one for one in stack.children() if isinstance(one, nn.ModuleList)), key=len)
            inside = {id(one) for one in depths.modules()}
            own = [(name, one) for name, one in stack.named_modules() if id(one) not in inside and _has_weights(one)]
            before += [one for name, one in own if "emb" in name]
            blocks += [[one] for one in depths]
            blocks[-1] += [one for name, one in own if "emb" not in name]
        first = []
        for one in (self.body.get_input_embeddings(), *before):
            if not held.issuperset(_ids(one)):
                first.append(one)
                held |= _ids(one)
        (blocks[-1] if held.isdisjoint(_ids(head)) else first).append(head)
        return [first, *blocks]

    def assets(self) -> dict[str, bytes]:
        """Return configuration and tokenizer as transformers writes them."""
        shared = _ids(self.body.get_input_embeddings()) | _ids(self.body.get_decoder())
        is_own = self.body.config.tie_word_embeddings and shared.isdisjoint(_ids(self.body.get_output_embeddings()))
        return super().assets() | ({OWN_HEAD: b"\n"} if is_own else {})


def _start(body: Any, answer: list[int]) -> int:
    """Return the token that the decoder begins an answer with: some families take it from the answer's language."""
    shift = getattr(body, "prepare_decoder_input_ids_from_labels", None)
    known: int | None = getattr(body.config, "decoder_start_token_id", None)
    if known is None:
        known = body.generation_config.decoder_start_token_id
    if known is None or body.config.pad_token_id is None:
        raise DataError(
            "base: the model's config.json names no `decoder_start_token_id` or no `pad_token_id`, so nobody knows how "
            "its answers begin; add both as the model was trained"
        )
    if shift is None or not answer:
        return known
    return int(shift(labels=torch.tensor([answer]))[0, 0])


def _rows(ragged: Ragged) -> list[np.ndarray]:
    return [ragged[at] for at in range(len(ragged))]


def _has_weights(module: nn.Module) -> bool:
    return next(module.parameters(recurse=False), None) is not None


def _ids(module: nn.Module) -> set[int]:
    return {id(one) for one in module.parameters()}
