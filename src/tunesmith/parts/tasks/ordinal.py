"""Ordinal: one class out of several that have an order, such as ratings or grades."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from ...data.forms import Form
from ...data.metrics_ordinal import ordinal_metrics
from . import Answered, Figures, Task
from .classification import Classification

PLAIN_METRICS = ("accuracy", "log_loss", "calibration_error")  # of classes in any order, as they are for these
MOST_VALUES = 20  # numbers that may still be grades


class Ordinal(Task):
    """One label per row, of classes in the order of `order`, lowest first; numbers are in theirs where it is not given.

    A model gives each class a probability; the answer is the median class, which keeps the distance to the truth small
    on the average, where the likeliest class would keep the mistakes few.
    """

    form: ClassVar[Form] = "class"
    default_loss: ClassVar[str] = "cumulative"

    metric: Literal["mae", "quadratic_kappa", "accuracy", "within_one", "log_loss"] = "mae"
    """What early stopping and the verdict go by; `mae` counts classes between answer and truth."""
    order: list[str | int | float] | None = Field(None, min_length=2)
    """The classes, lowest first, such as `[poor, fair, good]`; for numbers not needed."""

    @classmethod
    def suits(cls, target: pl.Series) -> float:
        """Return 0.05 for few different values: ordered classes are asked for, never guessed."""
        return 0.0 if target.dtype.is_nested() or target.drop_nulls().n_unique() > MOST_VALUES else 0.05

    @property
    def primary(self) -> str:
        """The metric chosen."""
        return self.metric

    def refuse(self, target: pl.Series) -> tuple[int, str] | None:
        """Refuse texts of which no order is given, labels outside of it, NaN, and classes that have a single row."""
        if self.order is None and not target.dtype.is_numeric():
            position = int(target.is_not_null().arg_true()[0])
            return (
                position,
                f"'{target[position]}' has no order; name the classes, lowest first, in `task: {{order: [...]}}`",
            )
        outside = target.is_not_null() & (target if self.order is None else _numbered(target, self.order)).is_null()
        if outside.any():
            position = int(outside.arg_true()[0])
            return position, f"'{target[position]}' is not in the task's `order`"
        return Classification().refuse(target)

    def fit(self, target: pl.Series) -> dict[str, Any]:
        """Return the classes in their order."""
        if self.order is not None:
            return {"classes": list(self.order)}
        return {"classes": _whole(target.drop_nulls()).unique().sort().to_list()}

    def width(self, state: Mapping[str, Any]) -> int:
        """Return the number of classes."""
        return len(state["classes"])

    def encode(self, target: pl.Series, state: Mapping[str, Any]) -> np.ndarray:
        """Return class numbers in their order, int64 (rows,)."""
        numbers = _numbered(target, state["classes"])
        if numbers.null_count():
            raise ValueError(f"class '{target.filter(numbers.is_null())[0]}' is none of those in order")
        return numbers.to_numpy(writable=True)

    def scores(self, outputs: np.ndarray, state: Mapping[str, Any]) -> np.ndarray:
        """Return the softmax over classes, float64 (rows, classes)."""
        return Classification().scores(outputs, state)

    def decided(self, scores: np.ndarray, state: Mapping[str, Any]) -> np.ndarray:
        """Return the median class, int64 (rows,): the lowest up to which half of the probability lies.

        Of two classes with a threshold of their own, the one it says.
        """
        if state.get("decision"):
            return np.asarray(super().decided(scores, state))
        below = np.cumsum(scores, axis=1) < 0.5
        return np.minimum(below.sum(axis=1), scores.shape[1] - 1)

    def answers(self, scores: np.ndarray, state: Mapping[str, Any]) -> list[tuple[Any, float | None, dict[str, float]]]:
        """Return the class decided for, its probability, and all probabilities."""
        names, texts = state["classes"], [str(name) for name in state["classes"]]
        return [
            (names[middle], float(row[middle]), dict(zip(texts, row.tolist(), strict=True)))
            for middle, row in zip(self.decided(scores, state).tolist(), scores, strict=True)
        ]

    def truth(self, encoded: np.ndarray, state: Mapping[str, Any]) -> np.ndarray:
        """Return the class numbers as they are."""
        return encoded

    def classes(self, state: Mapping[str, Any]) -> list[Any] | None:
        """Return the classes in their order."""
        return list(state["classes"])

    def measured(self, given: Answered, weights: np.ndarray, only: str | None = None) -> Figures:
        """Return how far answers are from the truth, and what is measured of classes in any order."""
        plain = super().measured(given, weights, only or self.metric)
        return ordinal_metrics(given.truth, given.answers, weights) | {name: plain[name] for name in PLAIN_METRICS}


def _whole(target: pl.Series) -> pl.Series:
    """Return floats as whole numbers where all are: a column with a gap in it may have become one of floats."""
    is_whole = target.dtype.is_float() and bool((target == target.round()).fill_null(True).all())
    return target.cast(pl.Int64) if is_whole else target


def _numbered(target: pl.Series, names: list[Any]) -> pl.Series:
    """Return each label's number among the names, Int64, null where it is none of them; 2, 2.0 and '2' are one."""
    numbers = {_text(name): number for number, name in enumerate(names)}
    found = {value: numbers.get(_text(value)) for value in target.drop_nulls().unique().to_list()}
    return target.replace_strict(found, return_dtype=pl.Int64)


def _text(name: str | int | float) -> str:
    return str(int(name)) if isinstance(name, float) and name.is_integer() else str(name)
