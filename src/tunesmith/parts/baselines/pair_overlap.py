"""How far two texts overlap in words and letters, beside the words themselves: no meaning, no order."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.need import lazy
from . import Baseline, Question
from ._linear import linear_outputs
from ._matrices import bag_of_words
from ._pairs import are_pairs, overlaps

preprocessing = lazy("sklearn.preprocessing")
sparse = lazy("scipy.sparse")


class PairOverlap(Baseline):
    """Logistic or ridge regression on TF-IDF of both texts and on how far these overlap; for pairs of texts alone."""

    def applies(self, question: Question) -> bool:
        """Return whether each row has exactly two texts."""
        return are_pairs(question.train)

    def outputs(self, question: Question) -> np.ndarray:
        """Return test outputs (rows, width)."""
        alike = overlaps(question)
        scaler = preprocessing.StandardScaler().fit(alike[0])
        matrices: list[Any] = [
            sparse.hstack([words, sparse.csr_matrix(scaler.transform(one))]).tocsr()
            for words, one in zip(bag_of_words(question), alike, strict=True)
        ]
        return linear_outputs(matrices, question)
