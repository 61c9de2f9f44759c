"""TF-IDF overlap: the answer is looked for in the sentence that shares the rarest words with the question."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...data import words
from ...data.forms import Form
from ...data.spans import Spans, Windows, told
from . import Baseline, Question
from ._answers import usual_words

SENTENCE = re.compile(r"\S.*?(?:[.!?](?=\s)|$)", re.DOTALL)
CUTS = 20  # shares of overlap that are tried as the least for an answer


@dataclass(frozen=True, slots=True)
class _Rarity:
    """How much each word says: log(n / texts that hold it), with n the training texts, each counted once."""

    holding: Counter[str]
    texts: int

    def of(self, word: str) -> float:
        return math.log((1 + self.texts) / (1 + self.holding[word.lower()]))


class Overlap(Baseline):
    """Picks the sentence, then in it as many words in a row as answers usually have: those that say most.

    A word of the question says nothing there, nor does a sign. Where some training rows have no answer, there is none
    below the share of the question's words, by what they say, that tells most training rows rightly.
    """

    forms: ClassVar[frozenset[Form]] = frozenset({"spans"})

    def applies(self, question: Question) -> bool:
        """Return True."""
        return True

    def outputs(self, question: Question) -> Windows:
        """Return test outputs that are sure of the chosen spans."""
        right = question.train.targets
        assert isinstance(right, Spans)
        train, test = (np.asarray(one.inputs["text"]) for one in (question.train, question.test))
        distinct = sorted(set(train[:, -1]))
        holding = Counter(word for text in distinct for word in {one.lower() for one in words.words(text)})
        rarity, most = _Rarity(holding, len(distinct)), usual_words(right)
        found = [_span(" ".join(row[:-1]), row[-1], rarity, most) for row in test]
        least = 0.0
        if (right.lengths == 0).any():
            shares = np.array([_span(" ".join(row[:-1]), row[-1], rarity, most)[2] for row in train])
            least = _least(shares, right.lengths > 0)
        spans = np.array([one[:2] if one[2] >= least else (-1, -1) for one in found], np.int64).reshape(-1, 2)
        return told(spans, test[:, -1])


def _span(asked: str, text: str, rarity: _Rarity, most: int) -> tuple[int, int, float]:
    """Return a span in characters, and the share of the question that its sentence holds; negative in an empty text."""
    question = {one.lower() for one in words.words(asked)}
    whole = sum(rarity.of(one) for one in question) or 1.0
    best = (-1, -1, -1.0)
    for sentence in SENTENCE.finditer(text):
        held = {one.lower() for one in words.words(sentence.group())}
        share = sum(rarity.of(one) for one in question & held) / whole
        if share > best[2]:
            best = (*sentence.span(), share)
    if best[0] < 0:
        return best
    start = best[0]
    where = words.places(text[start : best[1]])
    says = [_says(text[start + one : start + end], question, rarity) for one, end in where]
    sums = np.convolve(says, np.ones(min(most, len(says))), "valid")
    at = int(sums.argmax())
    return start + where[at][0], start + where[min(at + most, len(where)) - 1][1], best[2]


def _says(word: str, question: set[str], rarity: _Rarity) -> float:
    is_new = word.lower() not in question and word[0].isalnum()
    return rarity.of(word) if is_new else 0.0


def _least(shares: np.ndarray, has_answer: np.ndarray) -> float:
    """Return the share from which on an answer is likelier than none, by the training rows."""
    tried = np.concatenate([[0.0], np.quantile(shares, np.linspace(0, 1, CUTS)), [np.inf]])
    return float(max(tried, key=lambda one: float(np.mean((shares >= one) == has_answer))))
