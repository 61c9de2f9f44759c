"""Words as rows of their own, for linear models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...data import Encoded, Ragged
from . import Question
from ._linear import linear_outputs


def of_words(matrices: Sequence[Any], question: Question) -> Ragged:
    """Fit a linear model on a line of features per word and return log-probabilities of the test words' tags.

    `matrices` are those of train, validation and test, dense or sparse, (words, features) each.
    """
    train, validation = _apart(question.train), _apart(question.validation)
    outputs = linear_outputs(matrices, replace(question, train=train, validation=validation, form="class"))
    return Ragged(np.asarray(outputs), question.test.targets.offsets)


def _apart(rows: Encoded) -> Encoded:
    return Encoded(tuple(map(str, range(len(rows.targets.values)))), {}, rows.targets.values.astype(np.int64))
