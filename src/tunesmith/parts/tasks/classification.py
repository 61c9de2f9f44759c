"""Classification: one class out of two or many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl

from ...data.forms import Form
from . import Task


class Classification(Task):
    """One label per row. Labels may be texts, whole numbers or booleans; answers come back as they were written."""

    form: ClassVar[Form] = "class"
    default_loss: ClassVar[str] = "cross_entropy"

    metric: Literal["accuracy", "balanced_accuracy", "f1_macro", "roc_auc", "pr_auc", "log_loss"] = "accuracy"
    """What early stopping and the verdict go by."""

    @classmethod
    def suits(cls, target: pl.Series) -> float:
        """Return 0.8 where few values repeat, less where most rows have a value of their own."""
        present = target.drop_nulls()
        if present.dtype == pl.List or present.is_empty():
            return 0.0
        different = present.n_unique()
        if present.dtype.is_float() and bool((present != present.round()).any()):
            return 0.05
        if present.dtype.is_numeric():
            return 0.8 if different <= 20 and different <= max(2, len(present) // 3) else 0.1
        return 0.8 if different <= max(20, len(present) // 3) else 0.3

    @property
    def primary(self) -> str:
        """The metric chosen."""
        return self.metric

    def refuse(self, target: pl.Series) -> tuple[int, str] | None:
        """Refuse NaN labels, and classes that have a single row: they cannot be both trained and tested."""
        if target.dtype.is_float():
            bad = target.is_nan() | target.is_infinite()
            if bad.any():
                position = int(bad.arg_true()[0])
                return position, f"the label is {target[position]}"
        lonely = target.is_unique() & target.is_not_null()
        if lonely.any():
            position = int(lonely.arg_true()[0])
            return position, f"it is the only row of class '{target[position]}'"
        return None

    def fit(self, target: pl.Series) -> dict[str, Any]:
        """Return the classes, sorted."""
        present = target.drop_nulls()
        if present.dtype.is_float():
            present = present.cast(pl.Int64)
        return {"classes": present.unique().sort().to_list()}

    def width(self, state: Mapping[str, Any]) -> int:
        """Return the number of classes."""
        return len(state["classes"])

    def encode(self, target: pl.Series, state: Mapping[str, Any]) -> np.ndarray:
        """Return class numbers, int64 (rows,)."""
        numbers = {str(name): number for number, name in enumerate(state["classes"])}
        if target.dtype.is_float():
            target = target.cast(pl.Int64)
        unseen = sorted({str(value) for value in target if str(value) not in numbers})
        if unseen:
            raise ValueError(f"class '{unseen[0]}' does not occur in the training rows")
        return np.array([numbers[str(value)] for value in target], dtype=np.int64)

    def scores(self, outputs: np.ndarray, state: Mapping[str, Any]) -> np.ndarray:
        """Return the softmax over classes, float64 (rows, classes)."""
        exponents = outputs.astype(np.float64) - outputs.max(axis=1, keepdims=True)
        powers = np.exp(exponents)
        return powers / powers.sum(axis=1, keepdims=True)

    def answers(self, scores: np.ndarray, state: Mapping[str, Any]) -> list[tuple[Any, float | None, dict[str, float]]]:
        """Return the class decided for, its probability, and all probabilities."""
        names = state["classes"]
        best = self.decided(scores, state)
        return [
            (names[top], float(row[top]), {str(name): float(one) for name, one in zip(names, row, strict=True)})
            for top, row in zip(best, scores, strict=True)
        ]

    def truth(self, encoded: np.ndarray, state: Mapping[str, Any]) -> np.ndarray:
        """Return the class numbers as they are."""
        return encoded

    def classes(self, state: Mapping[str, Any]) -> list[Any] | None:
        """Return the classes."""
        return list(state["classes"])
