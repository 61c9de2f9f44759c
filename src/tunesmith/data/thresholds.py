"""From which score on to answer yes: every threshold that makes a difference, and what each would be worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from .metrics_ranks import ratio

EVEN = 0.5  # answers alike the likelier of yes and no
ALIKE = 1e-12  # values closer than this are the same: they differ by rounding


@dataclass(frozen=True, slots=True)
class Sweep:
    """What each threshold would answer for some rows, thresholds rising; a row is answered yes from the threshold up.

    The thresholds are the midpoints between neighbouring scores, one below and one above all of them, and 0.5: so
    every way to divide the rows is there. `answered` rows get a yes, `right` ones of them rightly, all int64 (n,).
    """

    thresholds: np.ndarray
    answered: np.ndarray
    right: np.ndarray
    positives: int
    rows: int

    @classmethod
    def of(cls, positive: np.ndarray, scores: np.ndarray) -> Sweep:
        """Sweep over rows with a truth, bool (rows,), and a score in 0..1, float64 (rows,)."""
        thresholds = np.unique(np.append(_between(scores), EVEN))
        every, yes = np.sort(scores), np.sort(scores[positive])
        answered = len(every) - np.searchsorted(every, thresholds, "left")
        right = len(yes) - np.searchsorted(yes, thresholds, "left")
        return cls(thresholds, answered, right, len(yes), len(every))

    @property
    def is_undecided(self) -> bool:
        """Whether the rows are all of one side, so that no threshold is better than another for a reason."""
        return self.positives in (0, self.rows)

    def best(self, values: np.ndarray) -> float:
        """Return the threshold of the highest value; among like ones that nearest to 0.5, the higher of two."""
        ties = self.thresholds[values >= values.max() - ALIKE]
        return float(min(ties.tolist(), key=lambda one: (abs(one - EVEN), -one)))

    def at(self, values: np.ndarray, threshold: float) -> float:
        """Return the value of a threshold, whether or not it is among those swept."""
        above = int(np.searchsorted(self.thresholds, threshold, "left"))
        return float(values[min(above, len(values) - 1)])


def _between(scores: np.ndarray) -> np.ndarray:
    """Return midpoints of neighbouring scores, each above the lower one, with one below and one above all of them."""
    known = np.unique(scores)
    low, high = np.append(0.0, known), np.append(known, 1.0)
    middle = (low + high) / 2
    above = np.where(middle > low, middle, high)
    above[-1] = above[-1] if above[-1] > known[-1] else np.nextafter(known[-1], 2.0)
    return above


def f1(sweep: Sweep) -> np.ndarray:
    """Return the F1 of yes, 0 where there is neither a yes nor a truth."""
    return ratio(2.0 * sweep.right, sweep.answered + sweep.positives, 0.0)


def f1_macro(sweep: Sweep) -> np.ndarray:
    """Return the mean of the F1 of yes and of no."""
    wrong = sweep.answered - sweep.right
    negatives = sweep.rows - sweep.positives
    no = ratio(2.0 * (negatives - wrong), (sweep.rows - sweep.answered) + negatives, 0.0)
    return (f1(sweep) + no) / 2


def balanced_accuracy(sweep: Sweep) -> np.ndarray:
    """Return the mean of the recall of yes and of no; of the one that occurs where only one does."""
    negatives = sweep.rows - sweep.positives
    yes, no = sweep.right / max(1, sweep.positives), (negatives - sweep.answered + sweep.right) / max(1, negatives)
    return np.asarray((yes + no) / ((sweep.positives > 0) + (negatives > 0)))


def saved(sweep: Sweep, miss: float, false_alarm: float) -> np.ndarray:
    """Return minus the mean cost of a row, where a yes that was missed and a yes that was wrong cost so much."""
    cost = miss * (sweep.positives - sweep.right) + false_alarm * (sweep.answered - sweep.right)
    return -cost / max(1, sweep.rows)


MERITS: Mapping[str, Callable[[Sweep], np.ndarray]] = {
    "f1": f1,
    "f1_macro": f1_macro,
    "balanced_accuracy": balanced_accuracy,
}
