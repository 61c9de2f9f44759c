"""Multilabel: any number of tags per row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl

from ...core.need import lazy
from ...data.forms import Form
from . import Task

special = lazy("scipy.special")

SEPARATORS = ("|", ";", ",")


class Multilabel(Task):
    """A set of labels per row: a list in JSONL and Parquet, or one text with a separator (`urgent|billing`)."""

    form: ClassVar[Form] = "classes"
    default_loss: ClassVar[str] = "cross_entropy"

    metric: Literal["f1_micro", "f1_macro", "subset_accuracy", "roc_auc", "pr_auc", "log_loss"] = "f1_micro"
    """What early stopping and the verdict go by."""
    separator: str | None = None
    """What stands between labels in a text; found among `|`, `;` and `,` where not given."""

    @classmethod
    def suits(cls, target: pl.Series) -> float:
        """Return 0.9 for lists of plain values, 0.85 for texts whose pieces between separators repeat across rows."""
        if isinstance(target.dtype, pl.List):
            return 0.0 if target.dtype.inner.is_nested() else 0.9
        if target.dtype != pl.String:
            return 0.0
        separator = _separator(target)
        if separator is None:
            return 0.0
        pieces = target.drop_nulls().str.split(separator)
        different = pieces.explode().str.strip_chars().n_unique()
        combined = target.n_unique()
        return 0.85 if different < combined and different <= 200 and float(pieces.list.len().max() or 0) <= 50 else 0.0  # type: ignore[arg-type]

    @property
    def primary(self) -> str:
        """The metric chosen."""
        return self.metric

    def refuse(self, target: pl.Series) -> tuple[int, str] | None:
        """Refuse labels that occur in a single row only."""
        sets = self._sets(target)
        counts: dict[str, list[int]] = {}
        for position, labels in enumerate(sets):
            for label in labels:
                counts.setdefault(label, []).append(position)
        for label in sorted(counts):
            if len(counts[label]) == 1:
                return counts[label][0], f"it is the only row with label '{label}'"
        return None

    def fit(self, target: pl.Series) -> dict[str, Any]:
        """Return the labels, sorted, and the separator."""
        return {
            "classes": sorted({label for labels in self._sets(target) for label in labels}),
            "separator": self.separator or (_separator(target) if target.dtype == pl.String else None),
        }

    def width(self, state: Mapping[str, Any]) -> int:
        """Return the number of labels."""
        return len(state["classes"])

    def encode(self, target: pl.Series, state: Mapping[str, Any]) -> np.ndarray:
        """Return 0 or 1 per label, float32 (rows, labels)."""
        numbers = {name: number for number, name in enumerate(state["classes"])}
        encoded = np.zeros((len(target), len(numbers)), dtype=np.float32)
        for position, labels in enumerate(self._sets(target, state["separator"])):
            for label in labels:
                if label not in numbers:
                    raise ValueError(f"label '{label}' does not occur in the training rows")
                encoded[position, numbers[label]] = 1.0
        return encoded

    def scores(self, outputs: np.ndarray, state: Mapping[str, Any]) -> np.ndarray:
        """Return the sigmoid of each output, float64 (rows, labels)."""
        return np.asarray(special.expit(outputs.astype(np.float64)))

    def answers(self, scores: np.ndarray, state: Mapping[str, Any]) -> list[tuple[Any, float | None, dict[str, float]]]:
        """Return the labels decided for; the confidence is the least probability of a label's yes or no."""
        names, decided = state["classes"], self.decided(scores, state)
        return [
            (
                [name for name, is_held in zip(names, held, strict=True) if is_held],
                float(np.where(held, row, 1 - row).min()),
                {name: float(one) for name, one in zip(names, row, strict=True)},
            )
            for row, held in zip(scores, decided, strict=True)
        ]

    def truth(self, encoded: np.ndarray, state: Mapping[str, Any]) -> np.ndarray:
        """Return the indicators as they are."""
        return encoded

    def classes(self, state: Mapping[str, Any]) -> list[Any] | None:
        """Return the labels."""
        return list(state["classes"])

    def _sets(self, target: pl.Series, separator: str | None = None) -> list[list[str]]:
        if target.dtype == pl.List:
            return [[str(label) for label in labels] if labels is not None else [] for labels in target.to_list()]
        separator = separator or self.separator or _separator(target)
        texts = target.cast(pl.String).fill_null("")
        return [
            [one.strip() for one in (text.split(separator) if separator else [text]) if one.strip()] for text in texts
        ]


def _separator(target: pl.Series) -> str | None:
    for separator in SEPARATORS:
        if float(target.drop_nulls().str.contains(separator, literal=True).mean() or 0.0) > 0.05:  # type: ignore[arg-type]
            return separator
    return None
