"""How far a value may lie from the others, by how their own tails fall off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...core.need import lazy

if TYPE_CHECKING:
    import scipy.special as special
else:
    special = lazy("scipy.special")

MODE = 0.3  # share of the rows from which one value (nought, say) is a thing of its own beside the others
SHOULDERS = (0.75, 0.9)  # where the middle of a distribution ends; the second where the first lies on the median
MARGIN = 1.1  # five quantiles only estimate a tail
TAIL = 0.975  # up to 2.5 % of far values on either side do not move the fence


@dataclass(frozen=True, slots=True)
class Fence:
    """What is below `low` or above `high` is too far from `middle`."""

    low: float
    middle: float
    high: float

    def scores(self, values: np.ndarray) -> np.ndarray:
        """Return 0 within, and beyond 0.5 at the fence, rising to 1: 1 - fence distance / (2 x distance); NaN is 0."""
        reach = np.where(values > self.middle, self.high - self.middle, self.middle - self.low)
        distance = np.abs(values - self.middle)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(distance > reach, 1 - reach / (2 * distance), 0.0)


def fence(values: np.ndarray, chance: float, rows: int) -> Fence | None:
    """Return the fence that `chance` of all `values`, float64 (any,), would pass if none were an outlier.

    A g-and-h distribution (Tukey; Hoaglin 1985, "Summarizing shape numerically", equations for letter values) is laid
    through the median, two shoulders and two tails: g is how skewed, h how heavy-tailed the values are, so that prices
    (log-normal: g alone) and returns (h) keep their tails, as in the boxplot of Bruffaerts, Verardi and Vermandele
    2014. None where there are fewer than `rows` values beside a very frequent one, or no spread.
    """
    values = values[np.isfinite(values)]
    values, mode = _beside_mode(values)
    if len(values) < rows:
        return None
    middle, tail = float(np.median(values)), float(special.ndtri(TAIL))
    for level in SHOULDERS:
        inner, outer = _spreads(values, middle, level), _spreads(values, middle, TAIL)
        if inner.min() > 0:
            break
    if inner.max() <= 0 or not np.isfinite(outer).all():
        return None
    inner, outer = (one if one.min() > 0 else np.full(2, one.max()) for one in (inner, outer))
    shoulder, far = float(special.ndtri(level)), float(special.ndtri(1 - chance / len(values) / 2))
    skew = float(np.log(outer[1] / outer[0]) / tail)
    scales = [spread.sum() / (_bent(at, skew) - _bent(-at, skew)) for at, spread in ((shoulder, inner), (tail, outer))]
    weight = max(0.0, 2 * float(np.log(scales[1] / scales[0])) / (tail**2 - shoulder**2))
    scale = max(scales) if not weight else scales[1] * np.exp(-weight * tail**2 / 2)
    reach = MARGIN * scale * float(np.exp(weight * far**2 / 2))
    low, high = (middle + reach * _bent(at, skew) for at in (-far, far))
    return Fence(min([low, *mode]), middle, max([high, *mode]))


def _bent(normal: float, skew: float) -> float:
    """Return Tukey's g-transform of a normal deviate."""
    return float(np.expm1(skew * normal) / skew) if abs(skew) > 1e-9 else normal


def _spreads(values: np.ndarray, middle: float, level: float) -> np.ndarray:
    """Return how far the lower and the upper quantile of a level lie from the middle, float64 (2,)."""
    low, high = np.quantile(values, [1 - level, level])
    return np.array([middle - low, high - middle])


def _beside_mode(values: np.ndarray) -> tuple[np.ndarray, list[float]]:
    """Return the values but for one that a large share of them has, and that one, if there is one."""
    different, counts = np.unique(values, return_counts=True)
    if not len(values) or counts.max() < MODE * len(values):
        return values, []
    mode = different[counts.argmax()]
    return values[values != mode], [float(mode)]
