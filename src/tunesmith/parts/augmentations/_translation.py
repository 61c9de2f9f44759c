"""Sequence-to-sequence models from folders, at work on batches of texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers

from ...core.errors import DataError, first_line


@dataclass(frozen=True, slots=True)
class Decoding:
    """How far a text is read and a translation goes, in tokens, how many are followed at a time, and where."""

    max_tokens: int
    beams: int
    device: str

    def versions(self) -> list[str | int]:
        """Return all that a translation follows from beside model and texts."""
        return [torch.__version__, transformers.__version__, self.max_tokens, self.beams, self.device]


def translate(
    folder: Path, batches: Sequence[Sequence[str]], how: Decoding, advance: Callable[[int], None]
) -> list[list[str]]:
    """Return the likeliest translation of each text, batch by batch; `advance` hears how many batches are done.

    Torch's random numbers are left where they are. Raises DataError where the folder's model cannot be loaded.
    """
    done = []
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        tokenizer, model = _loaded(folder)
        model = model.to(how.device).eval()
        for number, batch in enumerate(batches, start=1):
            inputs = tokenizer(
                list(batch), return_tensors="pt", padding=True, truncation=True, max_length=how.max_tokens
            ).to(how.device)
            fields = {name: inputs[name] for name in ("input_ids", "attention_mask")}
            tokens = model.generate(**fields, num_beams=how.beams, do_sample=False, max_new_tokens=how.max_tokens)
            done.append([one.strip() for one in tokenizer.batch_decode(tokens, skip_special_tokens=True)])
            advance(number)
    return done


def _loaded(folder: Path) -> tuple[Any, Any]:
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
    except (OSError, ValueError, KeyError, AttributeError, ImportError) as error:
        reason = first_line(error)
        raise DataError(
            f"{folder}: no sequence-to-sequence model could be loaded from this folder: {reason}; give one with "
            "config.json, model.safetensors and the tokenizer's files, such as a MarianMT model saved by transformers"
        ) from error
    return tokenizer, model
