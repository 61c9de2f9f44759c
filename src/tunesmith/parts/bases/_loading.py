"""Where a transformer's weights and tokenizer are loaded, and which encoder is put around them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer
from torch import nn

from ...core.errors import RecipeError
from . import Shape
from ._pairs import PairEncoder
from ._pretrained import loading, refuse_holes, set_dropout
from ._transformer import TEXTS, TransformerEncoder
from ._windows import WindowEncoder
from ._words import WordEncoder

FILES = "config.json, model.safetensors and tokenizer.json"
POOLER = "pooler"  # what is not used, and is missing from many a file
ENCODERS: Mapping[str, type[TransformerEncoder]] = {
    "row": TransformerEncoder,
    "pair": PairEncoder,
    "word": WordEncoder,
    "window": WindowEncoder,
}


@dataclass(frozen=True, slots=True)
class Reader:
    """What there shall be a vector for, how states become one of a row, where texts are cut, how far cuts overlap."""

    reads: str
    pooling: str
    max_tokens: int
    stride: int = 0

    def around(self, body: Any, tokenizer: Tokenizer) -> TransformerEncoder:
        """Return the encoder that reads so."""
        found = ENCODERS[self.reads](_without_pooler(body), tokenizer, self.pooling, self.max_tokens)
        if isinstance(found, WindowEncoder):
            found.stride = self.stride
        return found


def read_as(shape: Shape, pairs: str) -> str:
    """Return what there shall be a vector for: a `pair` whose texts are read `apart`, else what the task reads.

    Raises RecipeError where there are no two texts to be read apart.
    """
    if pairs == "joint":
        return shape.reads
    texts = shape.texts + shape.words
    if shape.reads != "row" or texts != 2:
        raise RecipeError(
            f"base.pairs: apart compares two texts of a row, and the inputs have {texts}; name the two in "
            "`data: {inputs: [...]}`, or remove `pairs`"
        )
    return "pair"


def from_folder(where: str, reader: Reader, dropout: float | None) -> TransformerEncoder:
    """Load configuration, weights and tokenizer from a folder or the Hub's cache or the Hub.

    Raises DataError where nothing can be loaded from there, naming what was tried, and where a weight is missing.
    """
    with loading(where, "encoder", f"give a folder with {FILES}, or use `base: minilm`, which needs no network"):
        config = transformers.AutoConfig.from_pretrained(where)
        set_dropout(config, dropout)
        body, told = transformers.AutoModel.from_pretrained(
            where, config=config, dtype=torch.float32, output_loading_info=True
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(where).backend_tokenizer
    refuse_holes(where, told, POOLER)
    return reader.around(body, Tokenizer.from_str(tokenizer.to_str()))


def from_assets(assets: Mapping[str, bytes], reader: Reader) -> TransformerEncoder:
    """Rebuild the architecture from what `assets` gave; weights are random until loaded."""
    fields = json.loads(assets["base/config.json"])
    config = transformers.AutoConfig.for_model(**fields)
    body = transformers.AutoModel.from_config(config)
    encoder = reader.around(body, Tokenizer.from_str(assets["base/tokenizer.json"].decode()))
    encoder.is_joining = TEXTS not in assets
    return encoder


def _without_pooler(body: Any) -> nn.Module:
    if getattr(body, "pooler", None) is not None:
        body.pooler = None  # its output is not used, and weights without a gradient confuse strategies
    return body
