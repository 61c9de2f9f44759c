"""What a good engineer tries first: a linear model of words or of images' gradients, gradient boosting for tables."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.need import lazy
from ...core.seed import derive
from ...core.threads import spread_workers
from . import Baseline, Question
from ._linear import linear_outputs, spread
from ._matrices import bag_of_words, pictures_and_columns

ensemble = lazy("sklearn.ensemble")


class Classical(Baseline):
    """Words and word pairs, or colours and oriented gradients, into a linear model; scikit-learn's boosting for tables.

    Of texts beside images the words are read and the images are not.
    """

    def applies(self, question: Question) -> bool:
        """Return True."""
        return True

    def outputs(self, question: Question) -> np.ndarray:
        """Return test outputs (rows, width)."""
        if "text" in question.train.inputs:
            return linear_outputs(bag_of_words(question), question)
        if "pixels" in question.train.inputs:
            return linear_outputs(pictures_and_columns(question), question)
        return self._boosted(question)

    def _boosted(self, question: Question) -> np.ndarray:
        targets = question.train.targets
        assert targets is not None
        train, coded = _table(question.train)
        few = train[:64]
        spread_workers(lambda: ensemble.HistGradientBoostingRegressor(max_iter=1).fit(few, np.arange(len(few))))
        test, _ = _table(question.test)
        settings: dict[str, Any] = {
            "categorical_features": coded if any(coded) else None,
            "random_state": derive(question.seed, "classical") % 2**32,
        }
        if question.form == "value":
            return ensemble.HistGradientBoostingRegressor(**settings).fit(train, targets).predict(test)[:, None]
        if question.form == "class":
            model = ensemble.HistGradientBoostingClassifier(**settings).fit(train, targets)
            return np.log(spread(model.predict_proba(test), model.classes_, question.width))
        return np.stack([_label(settings, train, targets[:, at], test) for at in range(question.width)], axis=1)


def _label(settings: dict[str, Any], train: np.ndarray, targets: np.ndarray, test: np.ndarray) -> np.ndarray:
    if len(np.unique(targets)) < 2:
        return np.full(len(test), 20.0 if targets[0] else -20.0)
    return ensemble.HistGradientBoostingClassifier(**settings).fit(train, targets).decision_function(test)


def _table(encoded: Any) -> tuple[np.ndarray, list[bool]]:
    pieces = []
    if "categories" in encoded.inputs:
        codes = np.asarray(encoded.inputs["categories"]).astype(np.float64)
        pieces.append(np.where(codes == 0, np.nan, codes))
    categories = pieces[0].shape[1] if pieces else 0
    if "numbers" in encoded.inputs:
        pieces.append(np.asarray(encoded.inputs["numbers"]).astype(np.float64))
    table = np.concatenate(pieces, axis=1)
    return table, [at < categories for at in range(table.shape[1])]
