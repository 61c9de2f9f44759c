"""The frozen base with a linear head: what the pre-trained model knew before it was fine-tuned."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...core.need import lazy
from ...data import Rows
from ...data.encoded import flat
from ...data.forms import PLAIN, Form
from . import Baseline, Question
from ._linear import linear_outputs
from ._matrices import category_sizes, columns_matrix
from ._word_lines import of_words

preprocessing = lazy("sklearn.preprocessing")


class LinearProbe(Baseline):
    """Logistic or ridge regression on the frozen body's vectors and the columns; on the columns alone for tables."""

    forms: ClassVar[frozenset[Form]] = PLAIN | {"tags"}

    def applies(self, question: Question) -> bool:
        """Return whether there are vectors, or columns, to be linear in."""
        return question.features is not None or bool({"numbers", "categories"} & question.train.inputs.keys())

    def outputs(self, question: Question) -> Rows:
        """Return test outputs (rows, width), or of each word."""
        if question.form == "tags":
            return _of_words(question)
        sizes = category_sizes(question.train)
        matrices = []
        for name, encoded in (("train", question.train), ("validation", question.validation), ("test", question.test)):
            columns = columns_matrix(encoded, sizes)
            frozen = [] if question.features is None else [question.features[name]]
            matrices.append(np.concatenate([*frozen, columns], axis=1))
        scaler = preprocessing.StandardScaler().fit(matrices[0])
        return linear_outputs([scaler.transform(one) for one in matrices], question)


def _of_words(question: Question) -> Rows:
    assert question.features is not None
    matrices = [flat(question.features[name]) for name in ("train", "validation", "test")]
    scaler = preprocessing.StandardScaler().fit(matrices[0])
    return of_words([scaler.transform(one) for one in matrices], question)
