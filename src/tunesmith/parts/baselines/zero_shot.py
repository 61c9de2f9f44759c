"""The language model as it was, asked as it is: what fine-tuning has to be better than."""

from __future__ import annotations

from typing import ClassVar

from ...data import Rows
from ...data.forms import Form
from . import Baseline, Question


class ZeroShot(Baseline):
    """The base itself, before any weight moved."""

    forms: ClassVar[frozenset[Form]] = frozenset({"text"})

    def applies(self, question: Question) -> bool:
        """Return whether the base writes by itself."""
        return "zero_shot" in question.untouched

    def outputs(self, question: Question) -> Rows:
        """Return what it wrote for the test rows."""
        return question.untouched["zero_shot"]
