"""Where an encoder-decoder model and its tokenizer are loaded, and the languages between which it translates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import transformers
from torch import nn

from ...core.errors import RecipeError
from ._pretrained import loading, refuse_holes, set_dropout
from ._seq2seq import OWN_HEAD, Seq2seqEncoder, SourceReading
from ._stored import rebuilt
from ._template import chosen

FILES = "config.json, model.safetensors and tokenizer.json"
KEPT = ("decoder_start_token_id", "forced_bos_token_id", "bad_words_ids", "suppress_tokens", "eos_token_id")
"""What of a model's own settings an answer must keep to; all else is said by `writing`."""

Languages = Mapping[str, str | None]
"""`source_language` and `target_language`, as the tokenizer writes them."""


def from_folder(
    where: str, template: str, reading: SourceReading, languages: Languages, dropout: float | None
) -> Seq2seqEncoder:
    """Load configuration, weights and tokenizer from a folder or the Hub's cache or the Hub.

    Raises DataError where nothing can be loaded from there, or a weight is missing; RecipeError where languages are
    named amiss.
    """
    with loading(where, "encoder-decoder model", f"give a folder with {FILES} of a model such as T5, BART or Marian"):
        config = transformers.AutoConfig.from_pretrained(where)
        set_dropout(config, dropout)
        load: Any = transformers.AutoModelForSeq2SeqLM.from_pretrained
        body, told = load(where, config=config, dtype=torch.float32, output_loading_info=True)
        names = {"src_lang": languages["source_language"], "tgt_lang": languages["target_language"]}
        spoken = {name: one for name, one in names.items() if one is not None}
        tokenizer = transformers.AutoTokenizer.from_pretrained(where, **spoken)
    refuse_holes(where, told)
    _check_languages(where, tokenizer, languages)
    own = body.generation_config.to_dict()
    body.generation_config = transformers.GenerationConfig(**{name: own[name] for name in KEPT if name in own})
    encoder = Seq2seqEncoder(body, tokenizer, chosen(template, tokenizer.chat_template), reading)
    encoder.speak(languages["target_language"])
    return encoder


def from_assets(assets: Mapping[str, bytes], reading: SourceReading) -> Seq2seqEncoder:
    """Rebuild the architecture from what `assets` gave; weights are random until loaded."""
    body, tokenizer = rebuilt(assets, transformers.AutoModelForSeq2SeqLM)
    if OWN_HEAD in assets:
        head = body.get_output_embeddings()
        head.weight = nn.Parameter(head.weight.detach().clone())
    return Seq2seqEncoder(body, tokenizer, tokenizer.chat_template, reading)


def _check_languages(where: str, tokenizer: Any, languages: Languages) -> None:
    """Raise RecipeError where a language is named that the tokenizer does not know, or none where it needs one."""
    knows = hasattr(tokenizer, "set_tgt_lang_special_tokens")
    for name, code in languages.items():
        if code is None:
            if knows:
                raise RecipeError(
                    f"base.{name}: '{where}' translates between languages; name them as its tokenizer does, such as "
                    "`source_language: en_XX` and `target_language: de_DE`"
                )
        elif not knows:
            raise RecipeError(f"base.{name}: the tokenizer of '{where}' tells no languages apart; remove '{code}'")
        elif tokenizer.convert_tokens_to_ids(code) in (None, tokenizer.unk_token_id):
            raise RecipeError(f"base.{name}: the tokenizer of '{where}' knows no '{code}'; see its special tokens")
