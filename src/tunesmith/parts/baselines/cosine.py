"""How near the frozen body's vectors of two texts are: what the pre-trained model knew of their likeness."""

from __future__ import annotations

import numpy as np

from . import Baseline, Question
from ._linear import linear_outputs
from ._pairs import are_pairs, cosines


class Cosine(Baseline):
    """Logistic or ridge regression on one number, the cosine of the two texts' vectors; for pairs of texts alone."""

    def applies(self, question: Question) -> bool:
        """Return whether each row has exactly two texts and a pre-trained body gives each a vector."""
        return question.texts is not None and are_pairs(question.train)

    def outputs(self, question: Question) -> np.ndarray:
        """Return test outputs (rows, width)."""
        assert question.texts is not None
        found = [cosines(np.asarray(question.texts[name])) for name in ("train", "validation", "test")]
        scale = float(found[0].std()) or 1.0
        return linear_outputs([(one[:, None] - found[0].mean()) / scale for one in found], question)
