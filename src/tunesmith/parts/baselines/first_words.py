"""The beginning of the text: as many words as answers have in the middle, or no answer where most rows have none."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...data import words
from ...data.forms import Form
from ...data.spans import Spans, Windows, told
from . import Baseline, Question
from ._answers import usual_words


class FirstWords(Baseline):
    """Knows how long answers are and nothing else."""

    forms: ClassVar[frozenset[Form]] = frozenset({"spans"})

    def applies(self, question: Question) -> bool:
        """Return True."""
        return True

    def outputs(self, question: Question) -> Windows:
        """Return test outputs that are sure of the first words, or of no answer."""
        right, texts = question.train.targets, np.asarray(question.test.inputs["text"])[:, -1]
        assert isinstance(right, Spans)
        spans = np.full((len(texts), 2), -1, np.int64)
        if np.mean(right.lengths > 0) > 0.5:
            most = usual_words(right)
            for row, text in enumerate(texts):
                where = words.places(text)[:most]
                if where:
                    spans[row] = where[0][0], where[-1][1]
        return told(spans, texts)
