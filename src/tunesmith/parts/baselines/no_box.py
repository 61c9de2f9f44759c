"""Nothing is ever found: what a detector has to be better than at the least."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...data import Ragged
from ...data.forms import Form
from . import Baseline, Question


class NoBox(Baseline):
    """No box in any picture; right where the pictures are empty."""

    forms: ClassVar[frozenset[Form]] = frozenset({"boxes"})

    def applies(self, question: Question) -> bool:
        """Return True."""
        return True

    def outputs(self, question: Question) -> Ragged:
        """Return no line of outputs for any row, Ragged of float64 (0, width)."""
        rows = len(question.test)
        return Ragged.cut(np.zeros((0, question.width)), np.zeros(rows, np.int64))
