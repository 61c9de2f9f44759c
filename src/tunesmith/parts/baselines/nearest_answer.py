"""The answer of the training row whose prompt is most alike: what looking it up would have given."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...data import Encoded
from ...data.forms import Form
from ...data.written import Written
from . import Baseline, Question
from ._answers import usual_text
from ._matrices import word_counter

CELLS = 1 << 23  # likenesses that are computed at once


class NearestAnswer(Baseline):
    """Copies the training answer of the nearest prompt, by the cosine of TF-IDF of words and word pairs.

    Of prompts equally near the first counts; one without a known word is given the most frequent answer.
    """

    forms: ClassVar[frozenset[Form]] = frozenset({"text"})

    def applies(self, question: Question) -> bool:
        """Return whether the prompts are texts or conversations."""
        return bool({"text", "chat"} & question.train.inputs.keys())

    def outputs(self, question: Question) -> Written:
        """Return a training answer for each test row, without probabilities."""
        answers = np.asarray(question.train.targets, object)
        known, asked = _prompts(question.train), _prompts(question.test)
        found = np.full(len(asked), usual_text(answers), object)
        if asked and any(one.strip() for one in known):
            counter = word_counter()
            train = counter.fit_transform(known).T.tocsr()
            test, step = counter.transform(asked), max(1, CELLS // len(known))
            for start in range(0, len(asked), step):
                likeness = (test[start : start + step] @ train).toarray()
                best, is_alike = likeness.argmax(axis=1), likeness.max(axis=1) > 0
                found[start : start + step][is_alike] = answers[best[is_alike]]
        return Written.of(found.tolist())


def _prompts(rows: Encoded) -> list[str]:
    """Return all that is asked in each row as one text: its columns, or its conversation."""
    if "text" in rows.inputs:
        return ["\n".join(row) for row in np.asarray(rows.inputs["text"], object)]
    talks = np.asarray(rows.inputs["chat"], object)[:, 0]
    return ["\n".join(message.get("content") or "" for message in talk) for talk in talks]
