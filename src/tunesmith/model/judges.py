"""Simple models that say what they think of the labels of rows they have not seen: out of fold, one kind a function.

Every one takes `Folds` and gives probabilities, float64 (rows, width): of classes, sums of 1; of each label where a
row may have several; or values (rows, 1). A row's opinion never comes from a model that saw it, or any row of its fold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.need import lazy
from ..core.threads import fitting_threads
from ..data.forms import Form

linear_model = lazy("sklearn.linear_model")
feature_text = lazy("sklearn.feature_extraction.text")
sparse = lazy("scipy.sparse")

STRENGTHS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)  # inverse regularisation tried, the best on the first fold is taken
FLOOR = 1e-6  # no probability is taken for zero
NEIGHBOURS, NEARNESS = 20, 4.0  # rows that vote, by their cosine to this power
BLOCK = 1024  # rows whose cosines with all others are in memory at a time

Advance = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Folds:
    """Rows with their labels, and which of them a model may see.

    `fold` is int64 (rows,): rows of one fold are judged by what was trained on all others; those of fold -1, which are
    no training rows, by what was trained on all training rows, and they train nothing.
    """

    fold: np.ndarray
    targets: np.ndarray
    form: Form
    width: int
    advance: Advance = lambda: None

    @property
    def rounds(self) -> int:
        """How many models each judge fits, the choice of its strength aside."""
        return len(np.unique(self.fold))

    def pairs(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield positions to train on and positions to judge, int64."""
        for one in np.unique(self.fold):
            seen = (self.fold != one) & (self.fold >= 0)
            yield np.flatnonzero(seen), np.flatnonzero(self.fold == one)


def linear(matrix: Any, folds: Folds) -> np.ndarray:
    """Return what logistic (classes) or ridge regression (values) says; matrix (rows, features), dense or sparse."""
    strength = _strength(matrix, folds)
    found = np.zeros((matrix.shape[0], folds.width))
    for seen, judged in folds.pairs():
        with fitting_threads(matrix[:1].size * len(seen)):
            found[judged] = _fitted(matrix[seen], folds, seen, strength)(matrix[judged])
        folds.advance()
    return found


def neighbours(vectors: np.ndarray, folds: Folds) -> np.ndarray:
    """Return how the labels of the nearest rows of other folds are spread (Zhu, Dong and Liu, ICML 2022, section 3).

    `vectors` is (rows, size); a row votes by its cosine, and the classes' shares, or the mean value, count as one more.
    """
    unit = (vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), FLOOR)).astype(np.float32)
    votes, found = _votes(folds), np.zeros((len(vectors), folds.width))
    for seen, judged in folds.pairs():
        most, usual = min(NEIGHBOURS, len(seen)), votes[seen].mean(axis=0)
        for start in range(0, len(judged), BLOCK):
            rows = judged[start : start + BLOCK]
            cosines = unit[rows] @ unit[seen].T
            nearest = np.argpartition(-cosines, most - 1, axis=1)[:, :most]
            nearness = np.maximum(np.take_along_axis(cosines, nearest, axis=1), 0.0).astype(np.float64)
            weights = nearness**NEARNESS + FLOOR
            shares = (weights[:, :, None] * votes[seen][nearest]).sum(axis=1) / weights.sum(axis=1, keepdims=True)
            found[rows] = (most * shares + usual) / (most + 1)
        folds.advance()
    return found


def words_matrix(texts: np.ndarray) -> Any:
    """Return TF-IDF of words and word pairs, those of two rows or more, sparse (rows, words); texts (rows, columns)."""
    blocks = []
    for column in texts.T:
        words = feature_text.TfidfVectorizer(
            ngram_range=(1, 2), sublinear_tf=True, min_df=2, token_pattern=r"(?u)\b\w+\b|\S", dtype=np.float32
        )
        try:
            blocks.append(words.fit_transform(column))
        except ValueError:  # no word of this column comes twice
            continue
    return sparse.hstack(blocks).tocsr() if blocks else sparse.csr_matrix((len(texts), 1), dtype=np.float32)


def _strength(matrix: Any, folds: Folds) -> float:
    """Return the inverse regularisation of the least loss on the first fold, judged by its labels as they are."""
    seen, judged = next(pair for pair in folds.pairs() if folds.fold[pair[1][0]] >= 0)
    losses = []
    for one in STRENGTHS:
        with fitting_threads(matrix[:1].size * len(seen)):
            said = _fitted(matrix[seen], folds, seen, one)(matrix[judged])
        losses.append(_loss(said, folds, judged))
        folds.advance()
    return STRENGTHS[int(np.argmin(losses))]


def _fitted(matrix: Any, folds: Folds, seen: np.ndarray, strength: float) -> Callable[[Any], np.ndarray]:
    """Fit one head and return what it says of other rows, (rows, width)."""
    targets = folds.targets[seen]
    if folds.form == "value":
        ridge = linear_model.Ridge(alpha=1.0 / strength).fit(matrix, targets)
        return lambda rows: ridge.predict(rows)[:, None]
    if folds.form == "class":
        return _classifier(matrix, targets.astype(np.int64), strength, folds.width)
    heads = [_classifier(matrix, targets[:, at].astype(np.int64), strength, 2) for at in range(folds.width)]
    return lambda rows: np.stack([head(rows)[:, 1] for head in heads], axis=1)


def _classifier(matrix: Any, targets: np.ndarray, strength: float, width: int) -> Callable[[Any], np.ndarray]:
    known = np.unique(targets)
    if len(known) < 2:
        return lambda rows: spread(np.ones((rows.shape[0], 1)), known, width)
    model = linear_model.LogisticRegression(C=strength, max_iter=300, tol=1e-3).fit(matrix, targets)
    return lambda rows: spread(model.predict_proba(rows), model.classes_, width)


def spread(probabilities: np.ndarray, known: np.ndarray, width: int) -> np.ndarray:
    """Return probabilities of all classes, sums of 1, with a floor for those that are not known.

    `known` are the class numbers of the columns given, int64.
    """
    full = np.full((len(probabilities), width), FLOOR)
    full[:, known] = np.maximum(probabilities, FLOOR)
    return full / full.sum(axis=1, keepdims=True)


def _loss(said: np.ndarray, folds: Folds, judged: np.ndarray) -> float:
    targets = folds.targets[judged]
    if folds.form == "value":
        return float(((said[:, 0] - targets) ** 2).mean())
    if folds.form == "class":
        return float(-np.log(np.maximum(said[np.arange(len(judged)), targets.astype(np.int64)], FLOOR)).mean())
    return float(-np.log(np.maximum(np.where(targets > 0.5, said, 1 - said), FLOOR)).mean())


def _votes(folds: Folds) -> np.ndarray:
    """Return each row's vote, float64 (rows, width)."""
    if folds.form == "class":
        return np.eye(folds.width)[folds.targets.astype(np.int64)]
    return np.asarray(folds.targets, np.float64).reshape(len(folds.targets), -1)
