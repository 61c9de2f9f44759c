"""A language model as a body: conversations to tokens, of which only the answers are learnt."""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from tokenizers import AddedToken
from torch import nn
from torch.utils.checkpoint import checkpoint

from ...core.errors import DataError, GuardError, RecipeError
from ...data import Ragged, Rows
from ...data.written import Written
from ._encoder import Advance, Arrays, Encoder
from ._generation import write
from ._pieces import Hear, Pieces
from ._template import Template
from ._writing import Writing

LINES = 1024  # tokens whose vocabulary is looked at in one go
TOLERANCE = 1e-3
PROBE_TOKENS = 7
ANSWER = "answer"  # the form in which labels stand beside the inputs while they are made into tokens


@dataclass(frozen=True, slots=True)
class Reading:
    """How conversations become tokens, and how answers are written."""

    max_tokens: int
    turns: Literal["all", "last"]
    writing: Writing
    is_packed: bool = False
    probe: str | None = None
    new_tokens: tuple[str, ...] = ()


class LanguageEncoder(Encoder):
    """A model with its own head over a vocabulary: its vectors are its outputs, one line for each token learnt.

    A line is (log-probability of the right token, 1 where none is likelier else 0); tokens that are not learnt are left
    out before the vocabulary is looked at, and that in parts, so that memory follows from what is learnt alone.
    Prepared rows have `asked`, the tokens of what stands before the answer, and where the answer is known `tokens` and
    `weights`, how much each of them counts, 0 for what is only read.
    """

    is_pretrained: ClassVar[bool] = True
    is_whole: ClassVar[bool] = True
    width = 2

    def __init__(self, body: Any, tokenizer: Any, template: str, reading: Reading) -> None:
        """`body` and `tokenizer` are transformers' own."""
        super().__init__()
        self.body: Any = body
        self.tokenizer = tokenizer
        tokenizer.chat_template = template
        self.template = Template(tokenizer, template)
        self.reading = reading
        longest = getattr(body.config, "max_position_embeddings", None)
        self.max_tokens = min(reading.max_tokens, longest or reading.max_tokens)
        self.longest = longest
        self.check_head()

    def prepare(self, inputs: Arrays) -> dict[str, np.ndarray | Ragged]:
        """Add `asked`, and `tokens` and `weights` where answers are given. Raises DataError as the template does."""
        raise NotImplementedError

    def states(self, tensors: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the state from which each line's token is told, float (lines, size)."""
        raise NotImplementedError

    def forward(self, tensors: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the lines, float32 (lines, 2)."""
        states_LD, right = self.states(tensors), tensors["right"]
        parts = zip(states_LD.split(LINES), right.split(LINES), strict=True)
        is_saving = torch.is_grad_enabled() and len(right) > LINES
        found = [
            checkpoint(self._told, *part, use_reentrant=False) if is_saving else self._told(*part) for part in parts
        ]
        return torch.cat(found) if found else states_LD.new_zeros((0, 2))

    def _told(self, states_LD: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        logits_LV = self.logits(states_LD).float()
        likely = -nn.functional.cross_entropy(logits_LV, right, reduction="none")
        is_best = (logits_LV.detach().argmax(dim=1) == right).float()
        return torch.stack([likely, is_best], dim=1)

    def logits(self, states: torch.Tensor) -> torch.Tensor:
        """Return what the model says of each word of its vocabulary, as its own forward pass does."""
        config = self.body.config
        found = self.body.get_output_embeddings()(states)
        found = found * getattr(config, "logit_scale", 1.0) / (getattr(config, "logits_scaling", None) or 1.0)
        cap = getattr(config, "final_logit_softcapping", None)
        return found if cap is None else cap * torch.tanh(found / cap)

    def check_head(self) -> None:
        """Raise GuardError where the lines are not those of the model's own forward pass."""
        raise NotImplementedError

    def compare(self, states: torch.Tensor, own: torch.Tensor) -> None:
        """Raise GuardError where our vocabulary of some states differs from the model's own logits."""
        difference = float((self.logits(states) - own).abs().max())
        if difference > TOLERANCE * max(1.0, float(own.abs().max())):
            kind = self.body.config.model_type
            raise GuardError(
                f"base: {kind} makes its logits otherwise than from its head alone (they differ by {difference:.2g}), "
                "so its loss would be wrong; this family cannot be trained here yet"
            )

    def units(self, inputs: Arrays) -> np.ndarray:
        """Return how many tokens of each row are learnt."""
        weights = inputs.get("weights")
        if not isinstance(weights, Ragged):
            return np.zeros(len(ragged(inputs, "asked")), np.int64)
        return np.bincount(weights.owners[weights.values > 0], minlength=len(weights)).astype(np.int64)

    def lengths(self, inputs: Arrays) -> np.ndarray:
        """Return the number of tokens of each row."""
        return ragged(inputs, "tokens" if "tokens" in inputs else "asked").lengths

    def labels(self, inputs: Arrays, targets: Any) -> Rows:
        """Return the weight of each token that is learnt, float32."""
        weights = ragged(inputs, "weights")
        return Ragged.cut(weights.values[weights.values > 0], self.units(inputs))

    def with_labels(self, inputs: Arrays, targets: Any) -> Arrays:
        """Return the inputs with the answers beside them: they are read as far as each next token."""
        return inputs if targets is None else dict(inputs) | {ANSWER: targets}

    def words(self, inputs: Arrays, position: int) -> list[str]:
        """Return the tokens of a row in letters."""
        row = ragged(inputs, "tokens" if "tokens" in inputs else "asked")[position]
        return [str(one) for one in self.tokenizer.convert_ids_to_tokens(row.tolist())]

    def finished(self, outputs: Rows, inputs: Arrays) -> Written:
        """Return the lines as `Written`, no text yet."""
        assert isinstance(outputs, Ragged)
        return Written(outputs.values, outputs.offsets, np.full(len(outputs), None, object))

    def writing(self, changes: Mapping[str, Any]) -> LanguageEncoder:
        """Return this body, the same weights, with other options of writing."""
        how = self.reading.writing.changed(changes)
        if self.longest is not None and "max_new_tokens" in changes and how.max_new_tokens >= self.longest:
            raise DataError(
                f"writing: max_new_tokens is {how.max_new_tokens}, and the model reads {self.longest} tokens, question "
                "and answer together; give fewer"
            )
        found = copy.copy(self)
        found.reading = replace(self.reading, writing=how)
        return found

    def written(self, outputs: Rows, inputs: Arrays, advance: Advance | None = None) -> Rows:
        """Return the lines with the text that the model writes for each row."""
        assert isinstance(outputs, Written)
        asked = ragged(inputs, "asked")
        texts = write(self.body, self.tokenizer, asked, self.reading.writing, advance)
        return Written(outputs.values, outputs.offsets, texts)

    def tell(self, inputs: Arrays, hear: Hear) -> str:
        """Return the text written for the only row; `hear` is given each piece as soon as it stands."""
        pieces = Pieces(self.tokenizer, self.reading.writing.stop, hear)
        (text,) = write(self.body, self.tokenizer, ragged(inputs, "asked"), self.reading.writing, pieces=pieces)
        pieces.finish(text)
        return str(text)

    def describe(self) -> str:
        """Return architecture and template."""
        return json.dumps([self.body.config.to_dict(), self.template.text], sort_keys=True, default=str)

    def save_memory(self) -> None:
        """Let transformers run each layer anew in the backward pass."""
        self.body.gradient_checkpointing_enable({"use_reentrant": False})

    def layers(self) -> list[list[nn.Module]]:
        """Return what stands before the first block, then each block; what follows the last one belongs to it.

        A head that shares the weights of the words' vectors is moved with these.
        """
        lists = [one for one in self.body.modules() if isinstance(one, nn.ModuleList)]
        blocks = max(lists, key=len)
        inside = {id(one) for block in blocks for one in block.modules()}
        own = [one for one in self.body.modules() if id(one) not in inside and list(one.parameters(recurse=False))]
        vectors = self.body.get_input_embeddings().weight
        after = [one for one in own if one.__class__.__name__.endswith("Norm")]
        head = self.body.get_output_embeddings()
        before = [one for one in own if one is not head and all(one is not other for other in after)]
        (before if head.weight is vectors else after).append(head)
        depths = [before, *([block] for block in blocks)]
        depths[-1] += after
        return depths

    def assets(self) -> dict[str, bytes]:
        """Return configuration and tokenizer as transformers writes them."""
        with tempfile.TemporaryDirectory() as name:
            self.body.config.save_pretrained(name)
            self.tokenizer.save_pretrained(name)
            if getattr(self.body, "generation_config", None) is not None:
                self.body.generation_config.save_pretrained(name)
            return {f"base/{path.name}": path.read_bytes() for path in sorted(Path(name).iterdir())}


def add_tokens(body: Any, tokenizer: Any, words: Sequence[str]) -> None:
    """Let a tokenizer read words as one token each, and give the model vectors for them: the mean of those it has.

    So the new ones are as likely as a usual token, and nothing is drawn (Hewitt 2021, Initializing new word embeddings
    for pretrained language models). Raises RecipeError for a word that is a token already.
    """
    known = [one for one in words if one in tokenizer.get_vocab()]
    if known:
        raise RecipeError(f"base.new_tokens: '{known[0]}' is a token of this base already; leave it out")
    if not words:
        return
    before = len(body.get_input_embeddings().weight)
    tokenizer.add_tokens([AddedToken(one, special=True, normalized=False) for one in words], special_tokens=True)
    if len(tokenizer) <= before:  # there is room: some models have more vectors than words
        return
    body.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    with torch.no_grad():
        for layer in (body.get_input_embeddings(), body.get_output_embeddings()):
            layer.weight[before:] = layer.weight[:before].mean(dim=0)


def ragged(inputs: Arrays, name: str) -> Ragged:
    """Return a form whose rows have different lengths."""
    found = inputs[name]
    assert isinstance(found, Ragged)
    return found
