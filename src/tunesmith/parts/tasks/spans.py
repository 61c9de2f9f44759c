"""Spans: the answer to a question is a piece of a text, or is not in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from ...data.forms import Form
from ...data.metrics_spans import exact, overlap, plain_words, span_metrics
from ...data.span_search import Best, best_spans, normalised
from ...data.spans import Spans as Answers
from ...data.spans import Windows, right_lines, told
from . import LEAST, Answered, Figures, Task
from ._answers import Unfolded, is_list_of_answers, standing, unfolded

STANDING = 0.5  # share of the answers that stand in a column where they say, from which it is the text
QUESTIONS = ("question", "query")


class Spans(Task):
    """Extractive question answering: a list of `{text, start}` for each row, empty where the text holds no answer.

    The inputs are the question and, last, the text in which the answers stand, `start` characters from its beginning.
    Outputs are those of `Windows`; answers come in the form of the target.
    """

    form: ClassVar[Form] = "spans"
    default_loss: ClassVar[str] = "span_cross_entropy"
    reads: ClassVar[str] = "window"
    is_within: ClassVar[bool] = True

    metric: Literal["span_f1", "exact_match"] = "span_f1"
    """What early stopping and the verdict go by, as SQuAD's own script has it."""
    max_answer_tokens: int = Field(30, ge=1)
    """Longer spans are not answered."""
    threshold: float = 0.0
    """By how much the log-probability of the best span must exceed that of no answer, where training rows lack some."""

    @classmethod
    def suits(cls, target: pl.Series) -> float:
        """Return 1 for lists of texts with their starts."""
        return 1.0 if is_list_of_answers(target.dtype) else 0.0

    @classmethod
    def written(cls) -> list[pl.Series]:
        """Return answers and none, as SQuAD's sources give them."""
        some = [("Denver", 4), None, ("gold", 30), ("24-10", 7), None, ("a red cap", 0)]
        lists = [[] if one is None else [{"text": one[0], "start": one[1]}] for one in some] * 2
        kind = pl.List(pl.Struct({"text": pl.String, "start": pl.Int64}))
        return [pl.Series("answers", lists, kind), pl.Series("all answered", [one for one in lists if one], kind)]

    def certain(self, encoded: Answers, state: Mapping[str, Any]) -> Windows:
        """Return the outputs of a model that knows the first answers, in texts that hold nothing else."""
        spans = encoded.first()
        texts = np.full(len(encoded), "", object)
        for row in np.flatnonzero(spans[:, 0] >= 0):
            texts[row] = " " * int(spans[row, 0]) + encoded.texts[encoded.offsets[row]]
        return told(spans, texts)

    @property
    def primary(self) -> str:
        """The metric chosen."""
        return self.metric

    def inputs(self, columns: pl.DataFrame, target: pl.Series, is_chosen: bool) -> dict[str, str]:
        """Return the question's columns and then the text's, all as text.

        Raises ValueError where no column holds the answers, or none is left to ask.
        """
        answers = unfolded(target)
        shares = {one.name: float(standing(one, answers).mean()) for one in columns if one.dtype == pl.String}
        context = max(shares, key=lambda name: shares[name], default="")
        if not shares or (len(answers.texts) and shares[context] < STANDING):
            raise ValueError("no input column holds the answers at their `start`; name the text's column in `inputs`")
        asking = [name for name in (columns.columns if is_chosen else shares) if name != context]
        named = [name for name in asking if name.lower() in QUESTIONS]
        asking = asking if is_chosen else named or asking
        if not asking:
            raise ValueError(f"there is no question beside the text '{context}'; add its column")
        return dict.fromkeys([*asking, context], "text")

    def refuse_row(self, columns: pl.DataFrame, target: pl.Series) -> tuple[int, str] | None:
        """Name the first answer that does not stand where it says in the text, the last of the columns."""
        answers, context = unfolded(target), columns[columns.columns[-1]]
        stands = standing(context, answers)
        if stands.all():
            return None
        at = int(np.argmin(stands))
        row, text, start = int(answers.owners[at]), answers.texts[at], int(answers.starts[at])
        there = (context[row] or "")[max(start, 0) : max(start, 0) + len(text)]
        return row, f"the answer '{text:.40}' does not stand at {start} of '{context.name}', '{there:.40}' does"

    def refuse(self, target: pl.Series) -> tuple[int, str] | None:
        """Refuse answers that are empty or stand nowhere."""
        answers = unfolded(target)
        odd = np.array([not (text or "").strip() for text in answers.texts], bool) | (answers.starts < 0)
        if not odd.any():
            return None
        at = int(odd.argmax())
        fact = "an answer has no text" if not (answers.texts[at] or "").strip() else "an answer has no start"
        return int(answers.owners[at]), f"{fact}; an empty list says that there is no answer"

    def fit(self, target: pl.Series) -> dict[str, Any]:
        """Return whether some rows have no answer, without which every row is answered."""
        return {"has_unanswerable": bool((unfolded(target).lengths == 0).any())}

    def width(self, state: Mapping[str, Any]) -> int:
        """Return two: for where an answer begins and where it ends."""
        return 2

    def encode(self, target: pl.Series, state: Mapping[str, Any]) -> Answers:
        """Return the answers, without space around them. Raises ValueError naming one that cannot be read."""
        bad = self.refuse(target)
        if bad is not None:
            raise ValueError(bad[1])
        found: Unfolded = unfolded(target)
        texts = np.array([str(one).strip() for one in found.texts], object)
        skipped = np.array([len(one) - len(str(one).lstrip()) for one in found.texts], np.int64)
        starts = found.starts + skipped
        ends = starts + np.array([len(one) for one in texts], np.int64)
        offsets = np.concatenate([[0], np.cumsum(found.lengths)]).astype(np.int64)
        return Answers(np.stack([starts, ends], axis=1), offsets, texts)

    def scores(self, outputs: Windows, state: Mapping[str, Any]) -> Windows:
        """Return log-probabilities over the lines of each window."""
        return normalised(outputs)

    def decided(self, scores: Windows, state: Mapping[str, Any]) -> np.ndarray:
        """Return the span of each answer in characters of the text, int64 (rows, 2), negative for no answer."""
        return self._chosen(best_spans(scores, self.max_answer_tokens), state)

    def answers(self, scores: Windows, state: Mapping[str, Any]) -> list[tuple[Any, float | None, dict[str, float]]]:
        """Return a list of `{text, start}`, empty for no answer, and its probability."""
        best = best_spans(scores, self.max_answer_tokens)
        decided = self._chosen(best, state)
        texts = _cut(decided, scores)
        found: list[tuple[Any, float | None, dict[str, float]]] = []
        for row, (start, text) in enumerate(zip(decided[:, 0].tolist(), texts, strict=True)):
            empty = min(float(best.empty[row]), 1.0)
            sure = empty if start < 0 else min(float(best.likely[row]), 1.0)
            by_class = {"no_answer": empty} if state["has_unanswerable"] else {}
            found.append(([] if start < 0 else [{"text": text, "start": start}], sure, by_class))
        return found

    def is_right(self, answer: Any, label: Any) -> bool:
        """Return whether an answer is one of the right ones but for case, punctuation and articles."""
        right = unfolded(pl.Series([label])).texts.tolist() if label else []
        return exact(answer[0]["text"] if answer else "", right) == 1.0

    def truth(self, encoded: Answers, state: Mapping[str, Any]) -> Answers:
        """Return the answers as they are."""
        return encoded

    def classes(self, state: Mapping[str, Any]) -> list[Any] | None:
        """Return None: there are no classes."""
        return None

    def measured(self, given: Answered, weights: np.ndarray, only: str | None = None) -> Figures:
        """Return exact match and F1, of all rows and of those with and without an answer."""
        truth, said = given.truth, _cut(given.answers, given.scores)
        right = [truth.texts[start:end] for start, end in zip(truth.offsets, truth.offsets[1:], strict=False)]
        pairs = list(zip(said, right, strict=True))
        same = np.array([exact(one, known) for one, known in pairs], np.float64)
        shared = np.array([overlap(one, known) for one, known in pairs], np.float64)
        has_answer = np.array([any(plain_words(one) for one in known) for known in right], bool)
        return span_metrics(same, shared, has_answer, weights)

    def losses(self, given: Answered) -> np.ndarray:
        """Return minus the log-probability of the right lines, the mean over a row's windows and both ends."""
        truth, scores, places = given.truth, given.scores, given.scores.places
        labels, firsts = right_lines(places, truth), places.firsts
        likely = np.where(labels[:, 1:] > 0, np.exp(scores.values), 0.0)
        lost = -np.log(np.maximum(np.add.reduceat(likely, firsts, axis=0), LEAST)).mean(axis=1)
        owners = places.owners[firsts]
        return np.bincount(owners, lost, len(truth)) / np.maximum(np.bincount(owners, minlength=len(truth)), 1)

    def pictures(self, given: Answered) -> dict[str, Any]:
        """Return nothing: the worst rows show their answers in their text."""
        return {}

    def _chosen(self, best: Best, state: Mapping[str, Any]) -> np.ndarray:
        threshold = self.threshold if state["has_unanswerable"] else -np.inf
        return np.where((best.margin > threshold)[:, None], best.spans, -1)


def _cut(spans: np.ndarray, scores: Windows) -> list[str]:
    """Return the text of each row's span, empty where there is none."""
    texts = scores.places.texts
    return [texts[row][start:end] if start >= 0 else "" for row, (start, end) in enumerate(spans.tolist())]
