"""What tasks have in common whose answers are written: how texts and the tokens of the right ones are measured."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import polars as pl
from pydantic import Field, field_validator

from ...data.forms import Form
from ...data.metrics_texts import Statistics, row_statistics, text_metrics
from ...data.written import Written
from . import Answered, Figures, Task

TOKEN_METRICS = ("token_loss", "perplexity", "token_accuracy")
SHELL = frozenset({"|", "||", "&", "&&", ";", "<", ">", ">>"})  # words that only a shell understands
DISTINCT, LONG = (
    0.5,
    12,
)  # from this share of different texts, this many letters long on the average, answers are written


class Compared:
    """What was written beside what is right. Each row is counted once, however often it is drawn and measured."""

    def __init__(self, said: Sequence[str | None], true: Sequence[str]) -> None:
        self.said, self.true = said, true
        self.is_whole = None not in said
        """Whether something was written for every row."""
        self._counted: dict[str | None, Statistics] = {}

    def statistics(self, only: str | None) -> Statistics:
        """Return what every figure, or `only` one, is made of, row by row."""
        if only not in self._counted:
            self._counted[only] = row_statistics([one or "" for one in self.said], self.true, only)
        return self._counted[only]


class WritingTask(Task):
    """The target is a text that is to be written. Outputs are those of `Written`.

    Tokens are measured where the right answer is known: their mean loss, its exponential (perplexity), and the share of
    those that were the likeliest. Texts are measured where they were written.
    """

    form: ClassVar[Form] = "text"
    default_loss: ClassVar[str] = "token_cross_entropy"
    reads: ClassVar[str] = "answer"
    texts: ClassVar[tuple[str, ...]]
    """The metrics of texts that are told."""

    judge: str | None = None
    """A command that says which text is better, this version's or the base's: `python judge.py` (docs/reports.md)."""
    judge_rows: int = Field(200, ge=1)
    """How many test rows it is asked about at most, evenly spread."""

    @field_validator("judge")
    @classmethod
    def _judge_is_a_command(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            words = shlex.split(value)
        except ValueError as error:
            raise ValueError(f"'{value}' is no command ({error}); quote it as in a shell") from error
        if not words:
            raise ValueError("the command is empty; write one such as `python judge.py`, or leave `judge` out")
        sign = next((one for one in words if one in SHELL), None)
        if sign is not None:
            raise ValueError(f"'{sign}' is for a shell, and there is none; write `sh -c '...'` around the command")
        return value

    @classmethod
    def written(cls) -> list[pl.Series]:
        """Return answers of several words, one of them short, as they stand in tables."""
        some = ["the red box is here", "no", "it came late on Monday", "please ask the shop in Leeds"]
        return [pl.Series("answer", [*some, *(f"order {at} is on its way to you" for at in range(4))])]

    def certain(self, encoded: np.ndarray, state: Mapping[str, Any]) -> Written:
        """Return the outputs of a model that knows these answers."""
        lengths = np.array([len(one.split()) + 1 for one in encoded], np.int64)
        values = np.tile([0.0, 1.0], (int(lengths.sum()), 1))
        return Written(values, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), encoded)

    def refuse(self, target: pl.Series) -> tuple[int, str] | None:
        """Refuse what is no text."""
        if target.dtype == pl.String:
            return None
        return 0, f"{target[0]!r:.40} is no text to be written"

    def fit(self, target: pl.Series) -> dict[str, Any]:
        """Return nothing: what is written is learnt by the model alone."""
        return {}

    def width(self, state: Mapping[str, Any]) -> int:
        """Return two, the numbers of a line of `Written`."""
        return 2

    def encode(self, target: pl.Series, state: Mapping[str, Any]) -> np.ndarray:
        """Return the texts, object (rows,)."""
        bad = self.refuse(target)
        if bad is not None:
            raise ValueError(bad[1])
        texts = np.empty(len(target), object)
        texts[:] = target.to_list()
        return texts

    def scores(self, outputs: Written, state: Mapping[str, Any]) -> Written:
        """Return the outputs."""
        return outputs

    def decided(self, scores: Written, state: Mapping[str, Any]) -> np.ndarray:
        """Return the texts, object (rows,)."""
        return scores.texts

    def answers(self, scores: Written, state: Mapping[str, Any]) -> list[tuple[Any, float | None, dict[str, float]]]:
        """Return the texts; nobody knows how sure they are."""
        return [(text, None, {}) for text in scores.texts]

    def is_right(self, answer: Any, label: Any) -> bool:
        """Return whether a text is the right one but for white space."""
        return str(answer).split() == str(label).split()

    def truth(self, encoded: np.ndarray, state: Mapping[str, Any]) -> np.ndarray:
        """Return the right texts."""
        return encoded

    def classes(self, state: Mapping[str, Any]) -> list[Any] | None:
        """Return None: there are no classes."""
        return None

    def answered(self, targets: np.ndarray, scores: Written, state: Mapping[str, Any]) -> Answered:
        """Return right texts beside what was written, and as answers how both compare."""
        truth, said = self.truth(targets, state), self.decided(scores, state)
        return Answered(truth, scores, Compared(said.tolist(), truth.tolist()), state)

    def measured(self, given: Answered, weights: np.ndarray, only: str | None = None) -> Figures:
        """Return the metrics of tokens, and of texts where every row has one."""
        found = _token_metrics(given.scores, weights)
        if only in found or not given.answers.is_whole:
            return found
        measured = text_metrics(given.answers.statistics(only), weights, only)
        return found | {name: measured[name] for name in self.texts if name in measured}

    def losses(self, given: Answered) -> np.ndarray:
        """Return the mean loss of each row's tokens; where there are none, what its text lacks in shared words."""
        scores: Written = given.scores
        sums = np.bincount(scores.owners, -scores.values[:, 0], len(scores))
        if scores.lengths.all() or not given.answers.is_whole:
            return sums / np.maximum(scores.lengths, 1)
        shared = text_metrics(given.answers.statistics("token_f1"), np.eye(len(scores)), "token_f1")["token_f1"]
        return np.where(scores.lengths > 0, sums / np.maximum(scores.lengths, 1), 1 - shared)

    def pictures(self, given: Answered) -> dict[str, Any]:
        """Return nothing: the worst rows show what was written beside what is right."""
        return {}


def _token_metrics(scores: Written, weights: np.ndarray) -> Figures:
    """Return loss, perplexity and accuracy per token, NaN where there are no tokens."""
    owners, rows = scores.owners, len(scores)
    sums = [np.bincount(owners, one, rows) for one in (-scores.values[:, 0], scores.values[:, 1])]
    total = weights @ scores.lengths
    with np.errstate(invalid="ignore", divide="ignore"):
        loss, accuracy = (np.where(total > 0, weights @ one / total, np.nan) for one in sums)
    with np.errstate(over="ignore"):
        return {"token_loss": loss, "perplexity": np.exp(loss), "token_accuracy": accuracy}
