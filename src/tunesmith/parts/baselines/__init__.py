"""What would have been good enough? One file per answer; every run trains them on the same rows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ...core.part import Part
from ...data import Encoded, Rows
from ...data.forms import PLAIN, Form


@dataclass(frozen=True, slots=True)
class Question:
    """The rows of the run, and what is asked. `features` gives the untouched pre-trained body's vectors, if any."""

    train: Encoded
    validation: Encoded
    test: Encoded
    form: Form
    width: int
    seed: int
    base: str
    features: Mapping[str, Any] | None = None
    texts: Mapping[str, Any] | None = None
    """That body's vectors of each row's two texts, float (rows, 2, size) by split, where each row has two."""


class Baseline(Part):
    """A simple answer to the same question, given the same training rows."""

    family: ClassVar[str] = "parts.baselines"
    forms: ClassVar[frozenset[Form]] = PLAIN
    """The target forms it can answer."""

    @abstractmethod
    def applies(self, question: Question) -> bool:
        """Return whether this baseline makes sense for the question."""

    @abstractmethod
    def outputs(self, question: Question) -> Rows:
        """Return for the test rows what `Task.scores` reads: log-probabilities, log-odds or values (rows, width)."""
