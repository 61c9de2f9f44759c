"""Texts out of a language model: greedy, sampled or by beams, rows of like length side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import transformers

from ...data import Ragged
from ...data.batching import answer_batches
from ._pieces import Pieces
from ._writing import Writing

Advance = Callable[[int], None]


def write(
    model: Any,
    tokenizer: Any,
    asked: Ragged,
    how: Writing,
    advance: Advance | None = None,
    pieces: Pieces | None = None,
) -> np.ndarray:
    """Return a text for each row of tokens, object (rows,).

    Rows are padded and the padding is hidden: on the left where an answer follows its row; on the right, as in
    training, where an encoder reads rows by themselves, as many count places from the first token. `pieces` is told the
    text while it is written; there must be one row then, and beams are told at their end.
    """
    is_apart = bool(model.config.is_encoder_decoder)
    padded = right_padded if is_apart else left_padded
    texts = np.full(len(asked), "", object)
    config = settings(model, tokenizer, how)
    device, done = next(model.parameters()).device, 0
    longest = getattr(model.config, "max_position_embeddings", None)
    if not is_apart and longest is not None:  # the same for all rows, whatever is beside them
        config.max_new_tokens = max(1, min(how.max_new_tokens, longest // 2))
    model.eval()
    with torch.random.fork_rng(devices=[] if device.type == "cpu" else [device]), torch.inference_mode():
        torch.manual_seed(how.seed)
        for rows in answer_batches(len(asked), asked.lengths):
            tokens, mask = padded([asked[row] for row in rows], config.pad_token_id)
            begin = 1 if is_apart else tokens.shape[1]
            ends = [Stops(tokenizer, how.stop, begin)] if how.stop else []
            found = model.generate(
                input_ids=tokens.to(device),
                attention_mask=mask.to(device),
                generation_config=config,
                stopping_criteria=transformers.StoppingCriteriaList(ends),
                streamer=pieces if how.beams == 1 else None,
            )
            for row, ids in zip(rows, found[:, begin:].tolist(), strict=True):
                texts[row] = cut(tokenizer.decode(ids, skip_special_tokens=True), how.stop)
            done += len(rows)
            if advance is not None:
                advance(done)
    return texts


class Stops(transformers.StoppingCriteria):
    """Ends a row once one of some texts stands in what was written behind its first `start` tokens."""

    def __init__(self, tokenizer: Any, stops: list[str], start: int) -> None:
        self.tokenizer, self.stops, self.start = tokenizer, stops, start

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **more: Any) -> torch.Tensor:
        """Return which rows have ended, bool (rows,)."""
        texts = self.tokenizer.batch_decode(input_ids[:, self.start :], skip_special_tokens=True)
        ended = [any(stop in text for stop in self.stops) for text in texts]
        return torch.tensor(ended, device=input_ids.device)


def settings(model: Any, tokenizer: Any, how: Writing) -> transformers.GenerationConfig:
    """Return transformers' own settings; an answer ends with any token that the model or its template ends with."""
    ends = end_tokens(model, tokenizer)
    drawn = {"do_sample": True, "temperature": how.temperature, "top_p": how.top_p, "top_k": 0}
    return transformers.GenerationConfig(
        max_new_tokens=how.max_new_tokens,
        num_beams=how.beams,
        pad_token_id=pad_token(tokenizer),
        eos_token_id=ends or None,
        bos_token_id=tokenizer.bos_token_id,
        decoder_start_token_id=getattr(model.generation_config, "decoder_start_token_id", None),
        **(drawn if how.temperature else {"do_sample": False}),
    )


def end_tokens(model: Any, tokenizer: Any) -> list[int]:
    """Return the tokens that end an answer: the tokenizer's, and those of the model's own settings."""
    named = getattr(model.generation_config, "eos_token_id", None)
    several = named if isinstance(named, list) else [named]
    return sorted({one for one in (tokenizer.eos_token_id, *several) if one is not None})


def pad_token(tokenizer: Any) -> int:
    """Return a number to fill up rows with; it is masked wherever it stands."""
    known = (tokenizer.pad_token_id, tokenizer.eos_token_id, 0)
    return int(next(one for one in known if one is not None))


def left_padded(rows: list[np.ndarray], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return tokens and mask, int64 (rows, longest), with what is missing on the left.

    A row without a token shows one of the padding, as something has to be seen.
    """
    longest = max(1, *(len(one) for one in rows))
    tokens = torch.full((len(rows), longest), pad, dtype=torch.int64)
    mask = torch.zeros_like(tokens)
    mask[:, -1] = 1
    for at, one in enumerate(rows):
        if len(one):
            tokens[at, -len(one) :] = torch.from_numpy(one.astype(np.int64))
            mask[at, -len(one) :] = 1
    return tokens, mask


def right_padded(rows: list[np.ndarray], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return tokens and mask, int64 (rows, longest), with what is missing on the right."""
    longest = max(1, *(len(one) for one in rows))
    tokens = torch.full((len(rows), longest), pad, dtype=torch.int64)
    mask = torch.zeros_like(tokens)
    for at, one in enumerate(rows):
        tokens[at, : len(one)] = torch.from_numpy(one.astype(np.int64))
        mask[at, : len(one)] = 1
    return tokens, mask


def cut(text: str, stops: list[str]) -> str:
    """Return a text as far as the first of some stops."""
    for stop in stops:
        text = text.partition(stop)[0]
    return text
