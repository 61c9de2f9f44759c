"""The model of a version as transformers and llama.cpp read it, compared with the version before it counts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers

from ..core.errors import GuardError
from ..core.seed import stream
from ..data import Ragged
from ..data.chats import Message
from ..model.network import Network
from ..parts.bases._causal import CausalEncoder
from ..parts.bases._generation import settings
from ..version import Version

PROBES, PROBE_TOKENS = 4, 32  # sequences of random tokens on which logits are compared
TALKS = 64  # conversations on which tokens are compared
BEGUN = "{{ bos_token }}"
HELLO: list[list[Message]] = [[{"role": "user", "content": "Hello, who are you?"}]]


@dataclass(frozen=True, slots=True)
class Spoken:
    """The template that was written, and what a person should know of it."""

    template: str
    remarks: list[str] = field(default_factory=list)


def encoder_of(version: Version) -> CausalEncoder:
    """Return the language model of a version with all that stands around it."""
    assert isinstance(version.model, Network)
    found = version.model.net.encoders[version.model.body]
    assert isinstance(found, CausalEncoder)
    return found


def save_model(version: Version, folder: Path, asked: Sequence[list[Message]] | None = None) -> Spoken:
    """Write the folder; `asked` are conversations on which its template is tried.

    Raises GuardError where a model loaded from the folder does not give the version's logits, to the last bit.
    """
    encoder = encoder_of(version)
    spoken = _spoken(encoder, list(asked or HELLO)[:TALKS])
    tokenizer, template = encoder.tokenizer, encoder.tokenizer.chat_template
    generation = encoder.body.generation_config
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    try:
        tokenizer.chat_template = spoken.template
        encoder.body.generation_config = settings(encoder.body, tokenizer, encoder.reading.writing)
        encoder.body.save_pretrained(folder)
        tokenizer.save_pretrained(folder, save_jinja_files=False)
    finally:
        tokenizer.chat_template, encoder.body.generation_config = template, generation
    config = folder / "config.json"
    _name_type(config)
    for one in folder.iterdir():  # weights are written for their owner alone
        one.chmod(config.stat().st_mode)
    _compare(encoder, folder)
    return spoken


def _name_type(path: Path) -> None:
    """Add the older name of the weights' type, by which converters and earlier readers know it."""
    config = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**config, "torch_dtype": config["dtype"]}, indent=2, sort_keys=True) + "\n", "utf-8")


def _compare(encoder: CausalEncoder, folder: Path) -> None:
    """Raise GuardError where the folder's model is not the version's."""
    loaded = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
    words = transformers.AutoTokenizer.from_pretrained(folder)
    for one in loaded.parameters():
        one.data = one.data.clone()  # a file's place in memory is not aligned as the version's is, nor its sums then
    size = min(PROBE_TOKENS, encoder.longest or PROBE_TOKENS)
    drawn = stream(0, "eject").integers(0, encoder.body.config.vocab_size, (PROBES, size))
    tokens = torch.from_numpy(drawn)
    with torch.no_grad():
        encoder.body.eval()
        expected, found = (one(input_ids=tokens, use_cache=False).logits for one in (encoder.body, loaded))
    if expected.dtype != found.dtype or not torch.equal(expected, found):
        gap = float((expected - found).abs().max())
        raise GuardError(
            f"eject: the model written gives other logits than the version (they differ by {gap:.2g}); nothing was "
            "kept; use the libraries' versions that tunesmith inspect names"
        )
    if words.get_vocab() != encoder.tokenizer.get_vocab():
        raise GuardError("eject: the tokenizer written has other words than the version's; nothing was kept")


def _spoken(encoder: CausalEncoder, talks: Sequence[list[Message]]) -> Spoken:
    """Return the template by which transformers makes the tokens that the version read in training.

    Where the tokenizer begins texts with a token that the template does not write, it is put into the template.
    """
    chats = np.empty((len(talks), 1), object)
    chats[:, 0] = talks
    ours = encoder.prepare({"chat": chats})["asked"]
    assert isinstance(ours, Ragged)
    whole = [at for at in range(len(talks)) if len(ours[at]) < encoder.room]
    text = encoder.template.text
    for template in (text, BEGUN + text):
        if all(_tokens(encoder.tokenizer, template, talks[at]) == ours[at].tolist() for at in whole):
            return Spoken(template)
    remark = (
        "model/: transformers' apply_chat_template makes other tokens of a conversation than the version read in "
        "training; render the text with tokenize=False, and make its tokens with add_special_tokens=False"
    )
    return Spoken(text, [remark])


def _tokens(tokenizer: Any, template: str, talk: list[Message]) -> list[int]:
    if not talk:
        return [tokenizer.bos_token_id] if template.startswith(BEGUN) else []
    found: list[int] = tokenizer.apply_chat_template(
        talk, chat_template=template, add_generation_prompt=True, tokenize=True, return_dict=False
    )
    return found
