"""Linear models over feature matrices, their one setting chosen on validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.need import lazy
from . import Question

linear_model = lazy("sklearn.linear_model")

STRENGTHS = (0.1, 1.0, 10.0, 100.0)  # inverse regularisation tried, the best on validation is taken
FLOOR = 1e-12  # no probability is taken for zero


def linear_outputs(matrices: Sequence[Any], question: Question) -> np.ndarray:
    """Fit logistic regression (classes) or ridge (values) and return test outputs (rows, width).

    `matrices` are those of train, validation and test, dense or sparse, (rows, features) each.
    """
    train, validation, test = matrices
    targets = question.train.targets
    assert targets is not None
    if question.form == "value":
        models = [linear_model.Ridge(alpha=1.0 / one).fit(train, targets) for one in STRENGTHS]
        errors = [float(np.mean((one.predict(validation) - question.validation.targets) ** 2)) for one in models]
        return models[int(np.argmin(errors))].predict(test)[:, None]
    if question.form == "class":
        return _classes(train, validation, test, targets, question)
    columns = [_one_label(train, test, targets[:, at]) for at in range(question.width)]
    return np.stack(columns, axis=1)


def _classes(train: Any, validation: Any, test: Any, targets: np.ndarray, question: Question) -> np.ndarray:
    truth = np.asarray(question.validation.targets)
    best, least = None, np.inf
    for strength in STRENGTHS:
        model = linear_model.LogisticRegression(C=strength, max_iter=300, tol=1e-3).fit(train, targets)
        loss = _log_loss(spread(model.predict_proba(validation), model.classes_, question.width), truth)
        if loss < least:
            best, least = model, loss
    assert best is not None
    return np.log(spread(best.predict_proba(test), best.classes_, question.width))


def _one_label(train: Any, test: Any, targets: np.ndarray) -> np.ndarray:
    """Return log-odds (rows,) of one label."""
    if len(np.unique(targets)) < 2:
        return np.full(test.shape[0], 20.0 if targets[0] else -20.0)
    return linear_model.LogisticRegression(C=10.0, max_iter=300).fit(train, targets).decision_function(test)


def spread(probabilities: np.ndarray, known: np.ndarray, width: int) -> np.ndarray:
    """Return probabilities (rows, width) with a floor for classes the model has not seen."""
    full = np.full((len(probabilities), width), FLOOR)
    full[:, known.astype(int)] = np.maximum(probabilities, FLOOR)
    return full


def _log_loss(probabilities: np.ndarray, truth: np.ndarray) -> float:
    return float(-np.log(probabilities[np.arange(len(truth)), truth]).mean())
