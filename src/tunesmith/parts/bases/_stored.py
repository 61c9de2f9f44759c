"""A version's files of its base, put together again by transformers."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
import transformers

PREFIX = "base/"
GENERATION = "generation_config.json"


def rebuilt(assets: Mapping[str, bytes], family: Any) -> tuple[Any, Any]:
    """Return a language model, its weights random until loaded, and its tokenizer; `family` is transformers' own class.

    Random streams are left where they were.
    """
    with _folder(assets) as folder:
        config = transformers.AutoConfig.from_pretrained(folder)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        with torch.random.fork_rng(devices=[]):
            body = family.from_config(config)
        if (folder / GENERATION).exists():
            body.generation_config = transformers.GenerationConfig.from_pretrained(folder)
    return body, tokenizer


@contextlib.contextmanager
def _folder(assets: Mapping[str, bytes]) -> Iterator[Path]:
    """Give the files below `base/` as a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as name:
        for path, content in assets.items():
            if path.startswith(PREFIX):
                (Path(name) / path.removeprefix(PREFIX)).write_bytes(content)
        yield Path(name)
