"""What a good engineer tries first for tags: signs of the word and its neighbours, what it was tagged with before."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ...core.need import lazy
from ...data import Encoded, Ragged
from ...data.forms import Form
from . import Baseline, Question
from ._word_lines import of_words

feature_extraction = lazy("sklearn.feature_extraction")
feature_selection = lazy("sklearn.feature_selection")

LEAST_SEEN = 2  # words of training that have a feature, for it to count
NEIGHBOURS = (-2, -1, 1, 2)


class WordFeatures(Baseline):
    """Logistic regression on a gazetteer of the training words, shapes, endings and neighbours; each word alone."""

    forms: ClassVar[frozenset[Form]] = frozenset({"tags"})

    def applies(self, question: Question) -> bool:
        """Return whether the rows are words."""
        return "words" in question.train.inputs

    def outputs(self, question: Question) -> Ragged:
        """Return log-probabilities of the test words' tags."""
        train, validation, test = (_rows(one) for one in (question.train, question.validation, question.test))
        tagged = _gazetteer(train, question.train.targets)
        vectors = feature_extraction.DictVectorizer()
        first = vectors.fit_transform(_features(train, tagged, is_train=True))
        kept = np.flatnonzero(np.asarray((first != 0).sum(axis=0)).ravel() >= LEAST_SEEN)
        others = [vectors.transform(_features(rows, tagged, is_train=False)) for rows in (validation, test)]
        return of_words([one[:, kept].tocsr() for one in (first, *others)], question)


def _rows(encoded: Encoded) -> list[list[str]]:
    return [row[0] for row in np.asarray(encoded.inputs["words"])]


def _gazetteer(rows: Sequence[Sequence[str]], tags: Ragged) -> Mapping[str, Counter[int]]:
    """Return how often each word, in small letters, has each tag in training."""
    found: dict[str, Counter[int]] = defaultdict(Counter)
    for at, row in enumerate(rows):
        for word, tag in zip(row, tags[at].tolist(), strict=True):
            found[word.lower()][tag] += 1
    return found


def _features(
    rows: Sequence[Sequence[str]], tagged: Mapping[str, Counter[int]], is_train: bool
) -> Iterator[dict[str, Any]]:
    """Yield the features of each word. In training a word tells nothing of itself where it occurs there alone."""
    for row in rows:
        lowered = [word.lower() for word in row]
        for at, word in enumerate(row):
            low = lowered[at]
            seen = tagged.get(low, Counter())
            is_known = seen.total() > (1 if is_train else 0)
            one: dict[str, Any] = {
                "shape": _shape(word),
                "start": low[:3],
                "end": low[-3:],
                "first": at == 0,
                "word": low if is_known else "?",
            }
            if is_known:
                one |= {f"tagged {tag}": count / seen.total() for tag, count in seen.items()}
            for shift in NEIGHBOURS:
                near = at + shift
                one[f"near {shift}"] = lowered[near] if 0 <= near < len(row) else "(none)"
            if at + 1 < len(row):
                one["next shape"] = _shape(row[at + 1])
            if at:
                one["last shape"] = _shape(row[at - 1])
            yield one


def _shape(word: str) -> str:
    """Return a word with its letters told apart by size alone, repeats left out: `McDonald's` is `XxXx'x`."""
    plain = re.sub(r"[0-9]", "d", re.sub(r"[^\W\d_]", lambda found: "X" if found[0].isupper() else "x", word))
    return re.sub(r"(.)\1+", r"\1", plain)[:10]
