"""What comes out: an answer with its row's identity, and a figure with its interval."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer for one row. `confidence` is in 0..1 (None for regression); `scores` maps each class to its own."""

    row: int
    id: str
    answer: Any
    confidence: float | None
    scores: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """Return the prediction as JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Metric:
    """A measured figure with its 95 % interval; all None with a `reason` where it is undefined on these rows."""

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the metric as JSON values, without an empty reason."""
        shown = asdict(self)
        if self.reason is None:
            del shown["reason"]
        return shown
