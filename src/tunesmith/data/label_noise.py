"""How sure it is that a label is wrong: a model of how labels go wrong, fitted to labels and opinions alone.

A row's true class is hidden; the opinion says how likely each class is, sharpened by a power, and a noise matrix says
how likely each label is for a true class (Dawid and Skene 1979, with an opinion in place of more annotators; the
matrix is the transition matrix of Patrini et al., CVPR 2017). Power and matrix are those of the greatest likelihood.
What tells noise from hard rows is how often labels disagree where the opinion is sure, so hard rows are not taken
for errors, as they are where a row counts as wrong once its label is not the most probable class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..core.need import lazy

optimize = lazy("scipy.optimize")

FLOOR = 1e-9  # no opinion is surer than this
MOST_POWER = 20.0
START = 0.1  # the share of wrong labels that fitting begins with
ROUNDS, STEPS = 8, 5  # of power and matrix, and of the matrix between two powers
STRENGTHS = (10.0, 30.0, 100.0, 300.0, np.inf)  # rows that the uniform matrix counts as, beside a class's own


@dataclass(frozen=True, slots=True)
class LabelNoise:
    """What is known of the labels' errors.

    `wrong` is the chance of each label to be wrong, float64 (rows,); `truth` that of each class to be the true one,
    given inputs and label, float64 (rows, classes); `matrix` that of each label (rows of the matrix) for a true class
    (columns); `rate` the share of wrong labels.
    """

    wrong: np.ndarray
    truth: np.ndarray
    matrix: np.ndarray
    rate: float


def fit_noise(labels: np.ndarray, probabilities: np.ndarray) -> LabelNoise:
    """Return the noise model of the greatest likelihood; labels int64 (rows,), probabilities float64 (rows, classes).

    The matrix is pulled towards one in which all errors are equally likely, as strongly as suits each half of the
    rows best when fitted on the other half.
    """
    if len(labels) < 2 or probabilities.shape[1] < 2:  # nothing to disagree with
        identity = np.eye(probabilities.shape[1])
        return LabelNoise(np.zeros(len(labels)), identity[labels], identity, 0.0)
    logs = np.log(np.maximum(probabilities, FLOOR))
    halves = (slice(0, None, 2), slice(1, None, 2))
    losses = np.zeros(len(STRENGTHS))
    for here, there in (halves, halves[::-1]):
        fits = [_fit(labels[here], logs[here], one) for one in STRENGTHS]
        losses += [_loss(labels[there], logs[there], *fit) for fit in fits]
    power, matrix = _fit(labels, logs, STRENGTHS[int(losses.argmin())])
    truth = _truth(labels, logs, power, matrix)
    wrong = 1 - truth[np.arange(len(labels)), labels]
    return LabelNoise(wrong, truth, matrix, float(wrong.mean()))


def most_f1(chances: np.ndarray, least: float = 0.0) -> tuple[np.ndarray, float]:
    """Return the rows to name, bool (rows,), such that the F1 to be expected is the greatest, and that F1.

    With calibrated chances these are the most probable ones, down to half of that F1 (Lipton, Elkan and Naryanaswamy,
    ECML 2014, theorem 1). No row with less than the `least` chance is named.
    """
    order = np.argsort(-chances, kind="stable")
    expected = 2 * np.cumsum(chances[order]) / (np.arange(1, len(order) + 1) + chances.sum() + FLOOR)
    best = int(expected.argmax()) if len(order) else 0
    named = np.zeros(len(chances), bool)
    named[order[: best + 1]] = True
    return named & (chances >= max(least, FLOOR)), float(expected[best]) if len(order) else 0.0


def strangeness(values: np.ndarray, expected: np.ndarray, limit: float = 6.0) -> np.ndarray:
    """Return how strange each value is, float64 (rows,) in 0..1, over 0.5 beyond `limit` standard deviations.

    The residual alone judges (Zhou et al., "Detecting Errors in a Numerical Response via any Regression Model", 2023,
    section 3), measured from the residuals' median in deviations that errors do not stretch: 1.4826 times the median
    absolute deviation. Six of them leave a right value of a heavy-tailed target alone; 3.5 is usual.
    """
    residuals = np.asarray(values, np.float64) - expected
    away = np.abs(residuals - np.median(residuals)) if len(residuals) else residuals
    deviation = 1.4826 * float(np.median(away)) if len(away) else 0.0
    deviation = deviation or float(away.mean() if len(away) else 0.0)
    return away / (away + limit * deviation) if deviation else np.zeros(len(away))


def pooled(opinions: Sequence[np.ndarray], labels: np.ndarray, taught: np.ndarray | None = None) -> np.ndarray:
    """Return several opinions (rows, classes) as one: their weighted geometric mean, float64, sums of 1.

    The weights, at least 0, are those of the least log-loss on the labels (logarithmic opinion pool: Genest and
    Zidek, Statistical Science 1986); they do not sum to 1, so the pool is calibrated as well. Where `taught`, bool
    (rows,), is given, only those rows decide on the weights.
    """
    logs = np.stack([np.log(np.maximum(one, FLOOR)) for one in opinions])
    own = np.arange(len(labels)) if taught is None else np.flatnonzero(taught)
    those, given, rows = logs[:, own], labels[own], np.arange(len(own))

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        pool = softmax(np.tensordot(weights, those, 1))
        slope = [float(((pool * one).sum(axis=1) - one[rows, given]).mean()) for one in those]
        return float(-np.log(np.maximum(pool[rows, given], FLOOR)).mean()), np.array(slope)

    start = np.full(len(logs), 1 / len(logs))
    found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, MOST_POWER)] * len(logs))
    return softmax(np.tensordot(found.x, logs, 1))


def _fit(labels: np.ndarray, logs: np.ndarray, strength: float) -> tuple[float, np.ndarray]:
    """Return power and noise matrix by expectation maximisation; the matrix's pull counts as so many rows a class."""
    classes = logs.shape[1]
    power, matrix = 1.0, _uniform(START, classes)
    order = np.argsort(labels, kind="stable")
    present, starts = np.unique(labels[order], return_index=True)
    for _ in range(ROUNDS):
        power = _power(labels, logs, power, matrix)
        beliefs = softmax(power * logs)
        for _ in range(STEPS):
            truth = beliefs * matrix[labels]
            truth /= truth.sum(axis=1, keepdims=True)
            counts = np.zeros((classes, classes))
            counts[present] = np.add.reduceat(truth[order], starts, axis=0)
            matrix = _pulled(counts, strength)
    return power, matrix


def _pulled(counts: np.ndarray, strength: float) -> np.ndarray:
    """Return the matrix of such counts (label, true class), pulled towards one of equal errors."""
    rate = 1 - counts.trace() / max(counts.sum(), FLOOR)
    uniform = _uniform(float(np.clip(rate, FLOOR, 1 - FLOOR)), len(counts))
    if np.isinf(strength):
        return uniform
    return (counts + strength * uniform) / (counts.sum(axis=0) + strength)


def _uniform(rate: float, classes: int) -> np.ndarray:
    matrix = np.full((classes, classes), rate / max(classes - 1, 1))
    np.fill_diagonal(matrix, 1 - rate)
    return matrix


def _power(labels: np.ndarray, logs: np.ndarray, start: float, matrix: np.ndarray) -> float:
    """Return the power with which the opinion explains the labels best through this matrix."""
    chances = matrix[labels]

    def loss(power: np.ndarray) -> tuple[float, np.ndarray]:
        beliefs = softmax(power[0] * logs)
        joint = beliefs * chances
        total = joint.sum(axis=1, keepdims=True)
        slope = -((joint / total - beliefs) * logs).sum(axis=1).mean()
        return float(-np.log(total).mean()), np.array([slope])

    found = optimize.minimize(loss, [start], jac=True, method="L-BFGS-B", bounds=[(0, MOST_POWER)])
    return float(found.x[0])


def _truth(labels: np.ndarray, logs: np.ndarray, power: float, matrix: np.ndarray) -> np.ndarray:
    joint = softmax(power * logs) * matrix[labels]
    return joint / joint.sum(axis=1, keepdims=True)


def _loss(labels: np.ndarray, logs: np.ndarray, power: float, matrix: np.ndarray) -> float:
    chances = (softmax(power * logs) * matrix[labels]).sum(axis=1)
    return float(-np.log(np.maximum(chances, FLOOR)).sum())


def softmax(logs: np.ndarray) -> np.ndarray:
    """Return probabilities (rows, classes) of their logarithms up to a row's constant."""
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
