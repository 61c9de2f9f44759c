"""Undersampling: of large classes, each epoch sees a part."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from . import Balance


class Undersample(Balance):
    """Every epoch has all rows of the smallest class, and of the others so many that it has `ratio` times theirs.

    Each epoch draws others, so that in time all rows are seen: epochs are shorter, and nothing is thrown away.
    """

    ratio: float = Field(1.0, gt=0.0, le=1.0)
    """Rows of the smallest class in an epoch beside those of any other class, at the least."""

    def quotas(self, counts: np.ndarray) -> np.ndarray:
        """Return the rows there are, or as many as the ratio leaves."""
        smallest = int(counts[counts > 0].min(initial=counts.max(initial=0)))
        return np.minimum(counts, int(smallest / self.ratio))
