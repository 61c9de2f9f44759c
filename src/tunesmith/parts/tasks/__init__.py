"""What is asked of the model? One file per kind of question."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import polars as pl

from ...core.part import Part
from ...data.forms import Form
from ...data.metrics import confusion, measure, per_class, reliability
from ...data.stretches import Stretch

LEAST = 1e-12  # no probability is taken for less
POINTS = 500  # truth and answer pairs kept for a regression's picture
Figures = dict[str, np.ndarray]  # metric -> float64 (resamples,)


class MisplacedError(ValueError):
    """A label that does not fit the inputs of its row."""

    def __init__(self, position: int, fact: str) -> None:
        super().__init__(position, fact)
        self.position, self.fact = position, fact


@dataclass(frozen=True, slots=True)
class Answered:
    """Labels in the form that metrics read, the scores of the same rows, and what is answered from them.

    `answers` are what `Task.decided` gave, None where scores are values; `state` is what the task learnt in `fit`.
    """

    truth: Any
    scores: Any
    answers: Any
    state: Mapping[str, Any]
    groups: np.ndarray | None = None
    """The group of each row (a query), int64 (rows,), where the rows have groups."""


class Task(Part):
    """Says what the target means: how it is encoded, how outputs become scores and answers, what is measured.

    `form` is what `encode` gives: `class` int64 (rows,), `classes` float32 of 0 and 1 (rows, classes), `value`
    float32 (rows,); a form of its own comes with a loss that can judge it. Outputs are the raw numbers of the model,
    float (rows, width); where `reads` is not `row`, Ragged with as many lines (width,) per row as that says.
    A task of a form that is not plain says itself how answers are measured: it overrides what is below `truth`.
    """

    family: ClassVar[str] = "parts.tasks"
    form: ClassVar[Form]
    default_loss: ClassVar[str]
    reads: ClassVar[str] = "row"
    """What the body has to give a vector for: each `row`, each `word`, each token of a `window` of its text, each
    `object` that may be in its picture, each token of its `answer`, ..."""

    is_within: ClassVar[bool] = False
    """Whether labels are places in the inputs, so that a change of these moves them."""

    @classmethod
    @abstractmethod
    def suits(cls, target: pl.Series) -> float:
        """Return how well a target column looks like this question, in 0..1; the best-suited one is inferred."""

    @classmethod
    def written(cls) -> list[pl.Series]:
        """Return target columns for the contract kit, one for each way in which labels of a form of its own come."""
        return []

    def certain(self, encoded: Any, state: Mapping[str, Any]) -> Any:
        """Return the outputs of a model that knows these labels, for the contract kit; only for a form of its own."""
        raise NotImplementedError(f"{self.kind} has no form of its own")

    @property
    @abstractmethod
    def primary(self) -> str:
        """The metric that the verdict goes by."""

    @property
    def watched(self) -> str:
        """The metric that early stopping goes by: the same, unless it costs too much while a model trains."""
        return self.primary

    @property
    def apart(self) -> Mapping[str, str | None]:
        """The columns that labels stand in, where these are several, with each task's kind (None: not known yet)."""
        return {}

    def completed(self, target: pl.Series, guess: Callable[[pl.Series], Task]) -> Task:
        """Return this task with what its fields leave open, guessed from the labels."""
        return self

    def layout(self, state: Mapping[str, Any]) -> tuple[Stretch, ...]:
        """Return the targets that stand side by side in labels and outputs; nothing where there is a single one."""
        return ()

    @property
    def judged_by(self) -> str | None:
        """The column whose rows are judged together and stay on one side (a query), None where rows stand alone."""
        return None

    @abstractmethod
    def refuse(self, target: pl.Series) -> tuple[int, str] | None:
        """Return (position, fact) of the first label that cannot be learnt from, or None."""

    def inputs(self, columns: pl.DataFrame, target: pl.Series, is_chosen: bool) -> dict[str, str] | None:
        """Return the input columns in the order of their roles and the modality of each; None where all are alike.

        `columns` are those that the recipe names (`is_chosen`), else all that could be meant. Raises ValueError where
        a role cannot be given.
        """
        return None

    def refuse_row(self, columns: pl.DataFrame, target: pl.Series) -> tuple[int, str] | None:
        """Return (position, fact) of the first row whose label does not fit its inputs, or None."""
        return None

    @abstractmethod
    def fit(self, target: pl.Series) -> dict[str, Any]:
        """Return what is learnt from the training labels, as JSON values."""

    @abstractmethod
    def width(self, state: Mapping[str, Any]) -> int:
        """Return how many numbers the model gives per row."""

    @abstractmethod
    def encode(self, target: pl.Series, state: Mapping[str, Any]) -> Any:
        """Return the labels in this task's form. Raises ValueError naming a label unseen in training."""

    def placed(self, encoded: Any, inputs: Mapping[str, Any]) -> Any:
        """Return encoded labels with what they need of the rows' inputs, such as the size of the picture they lie in.

        Raises MisplacedError, naming the first label that does not fit them.
        """
        return encoded

    @abstractmethod
    def scores(self, outputs: Any, state: Mapping[str, Any]) -> Any:
        """Return probabilities (rows, classes), or values (rows,) in the target's own unit."""

    def decided(self, scores: Any, state: Mapping[str, Any]) -> Any:
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
    def answers(self, scores: Any, state: Mapping[str, Any]) -> list[tuple[Any, float | None, dict[str, float]]]:
        """Return (answer, confidence, score by class) per row."""

    def is_right(self, answer: Any, label: Any) -> bool:
        """Return whether an answer needs no correction, given the row's label as it stands in the table."""
        return bool(answer == label)

    @abstractmethod
    def truth(self, encoded: Any, state: Mapping[str, Any]) -> Any:
        """Return encoded labels in the form that metrics compare with `scores`."""

    @abstractmethod
    def classes(self, state: Mapping[str, Any]) -> list[Any] | None:
        """Return the classes in the order of the outputs, None for a value."""

    def answered(self, targets: Any, scores: Any, state: Mapping[str, Any]) -> Answered:
        """Return encoded labels beside scores and what is answered from them, to be measured."""
        answers = None if self.form == "value" else self.decided(scores, state)
        return Answered(self.truth(targets, state), scores, answers, state)

    def measured(self, given: Answered, weights: np.ndarray, only: str | None = None) -> Figures:
        """Return every metric under weights, float64 (resamples, rows); with `only`, costly others may be left out."""
        return measure(self.form, given.truth, given.scores, weights, given.answers, only)

    def measured_by_class(self, given: Answered, weights: np.ndarray) -> dict[str, Figures] | None:
        """Return every metric of each class; None where there are no classes."""
        names = self.classes(given.state)
        if names is None:
            return None
        found = per_class(given.truth, given.scores, weights, given.answers)
        return {str(names[number]): one for number, one in found.items()}

    def support(self, given: Answered) -> dict[str, int]:
        """Return how many rows each class has; nothing where there are no classes."""
        names, truth = self.classes(given.state), given.truth
        if names is None:
            return {}
        counts = truth.sum(axis=0) if truth.ndim == 2 else np.bincount(truth, minlength=len(names))
        return {str(name): int(count) for name, count in zip(names, counts, strict=True)}

    def losses(self, given: Answered) -> np.ndarray:
        """Return each row's loss, float64 (rows,): minus log probability of the truth, or the absolute error."""
        truth, scores = given.truth, given.scores
        if self.form == "value":
            return np.abs(truth - scores)
        if self.form == "class":
            return -np.log(np.maximum(scores[np.arange(len(truth)), truth], LEAST))
        right = np.where(truth > 0.5, scores, 1 - scores)
        return -np.log(np.maximum(right, LEAST)).mean(axis=1)

    def pictures(self, given: Answered) -> dict[str, Any]:
        """Return what the report draws beside the worst rows, as JSON values."""
        truth, scores, answers = given.truth, given.scores, given.answers
        if self.form == "value":
            pairs = list(zip(truth.tolist(), scores.tolist(), strict=True))[:POINTS]
            return {"residuals": {"points": [{"truth": one, "answer": answer} for one, answer in pairs]}}
        drawn: dict[str, Any] = {"calibration": {"bins": reliability(truth, scores, answers)}}
        if self.form == "class":
            names = [str(name) for name in self.classes(given.state) or []]
            drawn["confusion"] = {"labels": names, "counts": confusion(truth, answers, len(names)).tolist()}
        return drawn
