"""Text to text: a translation, a summary, another wording."""

from __future__ import annotations

from typing import ClassVar, Literal

import polars as pl

from ._writing import WritingTask


class Seq2seq(WritingTask):
    """A text is to be written for a text; judged by how much both share, as translations are."""

    texts: ClassVar[tuple[str, ...]] = ("chrf", "bleu", "rouge_l", "exact_match")

    metric: Literal["chrf", "bleu", "rouge_l", "exact_match", "token_loss"] = "chrf"
    """What the verdict goes by; training always stops early by the loss of the validation tokens."""

    @classmethod
    def suits(cls, target: pl.Series) -> float:
        """Return 0.05 for texts: it can be asked for and is never guessed, as a text beside a text may be anything."""
        return 0.05 if target.dtype == pl.String else 0.0

    @property
    def primary(self) -> str:
        """The metric chosen."""
        return self.metric

    @property
    def watched(self) -> str:
        """The loss: nothing is written for validation rows while a model trains."""
        return "token_loss"
