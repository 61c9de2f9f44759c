"""What the figures of a training show, as yes or no, and where each line is drawn.

Losses are compared with the loss that training began with, `start`: the same rise is much for one task and noise for
another. All functions are pure.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

WINDOW = 50  # steps that are looked back on: enough for a median, few enough that the loss has hardly moved in them
LEAST_STEPS = 20  # steps before a spike or a gradient is judged: a median of fewer is chance
NORMAL_MAD = 1.4826  # standard deviations per median absolute deviation of normal noise (Rousseeuw & Croux 1993)
SPIKE_SCORE = 8.0  # deviations above the median: batch losses are skewed, 4 or 5 come by chance in every run
SPIKE_HEIGHT = 0.25  # and this share of the start: late in training one hard row is many deviations but not a spike
RISE = 0.05  # share of the start by which validation must have risen: less is noise of a small validation split
RISES = 2  # validations in a row above the best: one alone may be chance
IDLE = 5  # validations without a gain: one fewer than the default patience, so that the word comes before the stop
GAIN = 0.002  # share of the start that counts as a gain in loss; the metric moves in whole rows, any gain counts
SOLVED = 0.02  # share of the start below which there is nothing left to gain
STILL_FALLING = 0.1  # share of the start that the last quarter took off: as much again would have been worth having
LEAST_VALIDATIONS = 4  # to tell the last quarter from the rest
TRIVIAL = 0.95  # share of the loss of answering without looking at the row, above which little was learnt
CLIPPED = 10.0  # times the clip: every fine-tuning is clipped somewhat, but a tenth of the gradient is another rule
VANISHED = 1e-7  # a norm below float32's resolution beside weights of size 1: no step can be seen
MOST_STEPS, FEW_STEPS = 0.9, 0.5  # share of the window that begins the state of a bad gradient, and that ends it
FAVOURED = 0.99  # share of rows given one and the same class: a constant answer, but for a row or so
HONEST_MAJORITY = 0.95  # where so many rows truly are of one class, answering it nearly always is no collapse
LEAST_ROWS = 20  # fewer rows may be alike by chance
FLAT = 1e-3  # standard deviation over rows of log-odds, or of a value in standard deviations: no answer depends on it
REPEATED = 2  # validations in a row: before the first gains, a sound net answers one class, too


@dataclass(frozen=True, slots=True)
class Measured:
    """One validation; `quality` is the metric and its merit (higher is better), None where undefined."""

    step: int
    epoch: float
    train_loss: float
    validation_loss: float
    quality: tuple[float, float] | None


def is_spike(loss: float, recent: Sequence[float], start: float) -> bool:
    """Return whether a step's loss stands out from the recent ones, by robust z-score and by plain height."""
    if len(recent) < LEAST_STEPS:
        return False
    middle = statistics.median(recent)
    if loss - middle <= SPIKE_HEIGHT * start:
        return False
    deviation = NORMAL_MAD * statistics.median([abs(one - middle) for one in recent])
    return loss - middle > SPIKE_SCORE * deviation


def lowest(seen: Sequence[Measured]) -> Measured:
    """Return the first validation with the lowest loss."""
    return min(seen, key=lambda one: one.validation_loss)


def is_overfitting(seen: Sequence[Measured], start: float) -> bool:
    """Return whether validation loss has risen since its lowest, for two validations, while the training loss fell.

    Validation may be in another unit than training (class weights, smoothing), so each is compared with itself.
    """
    best = lowest(seen)
    later = [one for one in seen if one.step > best.step]
    if len(later) < RISES:
        return False
    line = best.validation_loss + RISE * max(start, seen[0].validation_loss)
    has_risen = all(one.validation_loss > line for one in later[-RISES:])
    return has_risen and later[-1].train_loss < best.train_loss


def idle(seen: Sequence[Measured], start: float) -> int:
    """Return how many validations in a row have gained neither in loss nor in the metric."""
    loss, merit, waited = math.inf, -math.inf, 0
    for one in seen:
        gained = one.quality[1] if one.quality else -math.inf
        has_gained = one.validation_loss < loss - GAIN * start or gained > merit
        waited = 0 if has_gained else waited + 1
        if has_gained:
            loss, merit = min(loss, one.validation_loss), max(merit, gained)
    return waited


def is_solved(seen: Sequence[Measured], start: float) -> bool:
    """Return whether the validation loss is so low that standing still is no fault."""
    return lowest(seen).validation_loss <= SOLVED * start


def last_quarter(seen: Sequence[Measured]) -> float:
    """Return how far the training loss fell in the last quarter of the steps, 0 where validations are too few."""
    earlier = [one for one in seen if one.step <= 0.75 * seen[-1].step]
    if len(seen) < LEAST_VALIDATIONS or not earlier:
        return 0.0
    return earlier[-1].train_loss - seen[-1].train_loss


def is_still_falling(seen: Sequence[Measured], start: float) -> bool:
    """Return whether training stopped on the way down, with validation still following it."""
    is_following = lowest(seen).step > 0.75 * seen[-1].step
    return is_following and last_quarter(seen) >= STILL_FALLING * start


def gradient_sign(norm: float, clip: float | None) -> int:
    """Return 1 where a gradient's norm is far above the clip, -1 where it is nothing, else 0."""
    if norm < VANISHED:
        return -1
    return int(not math.isfinite(norm) or (clip is not None and norm > CLIPPED * clip))


def favourite(outputs: np.ndarray) -> tuple[int, float]:
    """Return the class answered most often and its share of the rows, from outputs (rows, classes)."""
    counts = np.bincount(outputs.argmax(axis=1), minlength=outputs.shape[1])
    return int(counts.argmax()), float(counts.max() / len(outputs))


def flat_columns(outputs: np.ndarray) -> list[int]:
    """Return the columns of outputs (rows, width) that are the same for all rows."""
    return np.flatnonzero(outputs.std(axis=0) < FLAT).tolist()
