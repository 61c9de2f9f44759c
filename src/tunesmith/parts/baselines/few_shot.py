"""The language model as it was, with a few training rows before each question."""

from __future__ import annotations

from typing import ClassVar

from ...data import Rows
from ...data.forms import Form
from . import Baseline, Question


class FewShot(Baseline):
    """The base itself, shown three answers of the training rows in its prompt (Brown et al., NeurIPS 2020)."""

    forms: ClassVar[frozenset[Form]] = frozenset({"text"})

    def applies(self, question: Question) -> bool:
        """Return whether the base writes by itself."""
        return "few_shot" in question.untouched

    def outputs(self, question: Question) -> Rows:
        """Return what it wrote for the test rows."""
        return question.untouched["few_shot"]
