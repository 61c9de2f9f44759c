"""Oversampling: rows of small classes are drawn several times."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from . import Balance


class Oversample(Balance):
    """Every epoch has all rows, and those of small classes again until each class has `ratio` times the largest.

    Rows are repeated by position: nothing is encoded anew, and what frozen layers give is kept once.
    """

    ratio: float = Field(1.0, gt=0.0, le=1.0)
    """Rows of a class in an epoch beside those of the largest class, at the least."""

    def quotas(self, counts: np.ndarray) -> np.ndarray:
        """Return the rows there are, or as many as the ratio asks for."""
        asked = int(self.ratio * counts.max(initial=0))
        return np.where(counts > 0, np.maximum(counts, asked), 0)
