"""The same answer for every row: the most frequent class or text, or the mean."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...data import Ragged, Rows
from ...data.forms import PLAIN, Form
from ...data.written import Written
from . import Baseline, Question
from ._answers import usual_text


class Majority(Baseline):
    """Knows how often each class or text occurs in training and nothing else; for values, the mean."""

    forms: ClassVar[frozenset[Form]] = PLAIN | {"tags", "text"}

    def applies(self, question: Question) -> bool:
        """Return True."""
        return True

    def outputs(self, question: Question) -> Rows:
        """Return the log of the class shares, the log-odds of each label, the mean, or the usual text."""
        targets = question.train.targets
        assert targets is not None
        rows = len(question.test)
        if isinstance(targets, Ragged):
            shares = (np.bincount(targets.values, minlength=question.width) + 1e-9) / len(targets.values)
            lengths = question.test.targets.lengths
            return Ragged.cut(np.tile(np.log(shares), (int(lengths.sum()), 1)), lengths)
        if question.form == "text":
            return Written.of([usual_text(targets)] * rows)
        if question.form == "value":
            return np.full((rows, 1), float(targets.mean()))
        if question.form == "class":
            shares = (np.bincount(targets, minlength=question.width) + 1e-9) / len(targets)
            return np.tile(np.log(shares), (rows, 1))
        shares = np.clip(targets.mean(axis=0).astype(np.float64), 1e-6, 1 - 1e-6)
        return np.tile(np.log(shares / (1 - shares)), (rows, 1))
