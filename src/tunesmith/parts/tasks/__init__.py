"""What is asked of the model? One file per kind of question."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl

from ...core.part import Part

TargetForm = Literal["class", "classes", "value"]


class Task(Part):
    """Says what the target means: how it is encoded, how outputs become scores and answers, what is measured.

    `form` is what `encode` gives: `class` int64 (rows,), `classes` float32 of 0 and 1 (rows, classes), `value`
    float32 (rows,). Outputs are the raw numbers of the model, float (rows, width).
    """

    family: ClassVar[str] = "parts.tasks"
    form: ClassVar[TargetForm]
    default_loss: ClassVar[str]

    @classmethod
    @abstractmethod
    def suits(cls, target: pl.Series) -> float:
        """Return how well a target column looks like this question, in 0..1; the best-suited one is inferred."""

    @property
    @abstractmethod
    def primary(self) -> str:
        """The metric that early stopping and the verdict go by."""

    @abstractmethod
    def refuse(self, target: pl.Series) -> tuple[int, str] | None:
        """Return (position, fact) of the first label that cannot be learnt from, or None."""

    @abstractmethod
    def fit(self, target: pl.Series) -> dict[str, Any]:
        """Return what is learnt from the training labels, as JSON values."""

    @abstractmethod
    def width(self, state: Mapping[str, Any]) -> int:
        """Return how many numbers the model gives per row."""

    @abstractmethod
    def encode(self, target: pl.Series, state: Mapping[str, Any]) -> np.ndarray:
        """Return the labels in this task's form. Raises ValueError naming a label unseen in training."""

    @abstractmethod
    def scores(self, outputs: np.ndarray, state: Mapping[str, Any]) -> np.ndarray:
        """Return probabilities (rows, classes), or values (rows,) in the target's own unit."""

    def decided(self, scores: np.ndarray, state: Mapping[str, Any]) -> np.ndarray:
        """Return what each row is answered with: class numbers int64 (rows,), bool (rows, classes), or the values.

        It is the likeliest class, or each label from 0.5 on, unless `state["decision"]` has other thresholds: of two
        classes `{"positive": number, "threshold": probability}`, of labels `{"thresholds": [probability, ...]}`.
        """
        if self.form == "value":
            return scores
        decision = state.get("decision", {})
        if self.form == "classes":
            return scores >= np.asarray(decision.get("thresholds", 0.5))
        if not decision:
            return np.asarray(scores.argmax(axis=1))
        positive = decision["positive"]
        return np.where(scores[:, positive] >= decision["threshold"], positive, 1 - positive)

    @abstractmethod
    def answers(self, scores: np.ndarray, state: Mapping[str, Any]) -> list[tuple[Any, float | None, dict[str, float]]]:
        """Return (answer, confidence, score by class) per row."""

    @abstractmethod
    def truth(self, encoded: np.ndarray, state: Mapping[str, Any]) -> np.ndarray:
        """Return encoded labels in the form that metrics compare with `scores`."""

    @abstractmethod
    def classes(self, state: Mapping[str, Any]) -> list[Any] | None:
        """Return the classes in the order of the outputs, None for a value."""
