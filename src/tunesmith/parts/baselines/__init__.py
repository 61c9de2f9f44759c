"""What would have been good enough? One file per answer; every run trains them on the same rows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from ...core.part import Part
from ...data import Encoded, Rows
from ...data.forms import PLAIN, Form
from ...data.stretches import Stretch


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
    untouched: Mapping[str, Rows] = field(default_factory=dict)
    """What the untouched model writes for the test rows, where it is one that writes: `zero_shot`, `few_shot`."""
    several: tuple[Stretch, ...] = ()
    """The targets, where there are several side by side."""

    def apart(self) -> list[Question]:
        """Return the question of each target, about the rows that have it; the question itself where there is one."""
        return [self._of(one) for one in self.several] or [self]

    def _of(self, one: Stretch) -> Question:
        chosen, known = {}, {}
        for name, rows in (("train", self.train), ("validation", self.validation)):
            chosen[name], labels = one.of(np.asarray(rows.targets))
            known[name] = replace(rows.take(chosen[name]), targets=labels)
        features, texts = (
            vectors and dict(vectors) | {name: vectors[name][rows] for name, rows in chosen.items()}
            for vectors in (self.features, self.texts)
        )
        asked = replace(self, form=one.form, width=one.width, features=features, texts=texts, several=())
        return replace(asked, train=known["train"], validation=known["validation"])


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
