"""Chat: the next answer in a conversation is to be written."""

from __future__ import annotations

from typing import ClassVar, Literal

import polars as pl

from ._writing import DISTINCT, LONG, WritingTask

NAMES = ("answer", "completion", "response")


class Chat(WritingTask):
    """Supervised fine-tuning of a language model on prompts and answers; the target is the last answer."""

    texts: ClassVar[tuple[str, ...]] = ("exact_match", "token_f1", "rouge_l")

    metric: Literal["token_loss", "exact_match", "token_f1", "rouge_l"] = "token_loss"
    """What the verdict goes by; training always stops early by the loss of the validation tokens."""

    @classmethod
    def suits(cls, target: pl.Series) -> float:
        """Return 0.95 for texts of a usual name that mostly differ and have some words, else 0."""
        if target.dtype != pl.String or target.name.lower() not in NAMES:
            return 0.0
        known = target.drop_nulls()
        if not len(known) or known.n_unique() < DISTINCT * len(known):
            return 0.0
        return 0.95 if (known.str.len_chars().mean() or 0) >= LONG else 0.0  # type: ignore[operator]

    @property
    def primary(self) -> str:
        """The metric chosen."""
        return self.metric

    @property
    def watched(self) -> str:
        """The loss: nothing is written for validation rows while a model trains."""
        return "token_loss"
