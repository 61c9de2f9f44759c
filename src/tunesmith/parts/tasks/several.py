"""Several: more than one target at once, each a question of its own, answered by one model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from pydantic import SerializeAsAny, field_validator

from ...data.forms import PLAIN, Form
from ...data.metrics import HIGHER_IS_BETTER
from ...data.stretches import Stretch
from . import Answered, Figures, Task
from .classification import Classification
from .multilabel import Multilabel
from .ordinal import Ordinal

SURE = 30.0  # an output that leaves no doubt


class Several(Task):
    """A struct of labels per row, one field per target: `target: [price, kind]`, or with the task of each.

    A row may lack some of its labels: it is learnt from, and measured by, those it has. Encoded labels are float64
    (rows, columns), NaN where one is missing, each target's columns side by side; so are outputs and scores.
    """

    form: ClassVar[Form] = "several"
    default_loss: ClassVar[str] = "several"

    parts: dict[str, SerializeAsAny[Task] | None] = {}
    """The targets by column, each with its task; a task left open is found from the values."""

    @field_validator("parts")
    @classmethod
    def _are_plain(cls, value: dict[str, Task | None]) -> dict[str, Task | None]:
        odd = next((name for name, one in value.items() if one is not None and one.form not in PLAIN), None)
        if odd is not None:
            raise ValueError(f"{odd}: one of several targets has one answer per row; give it a recipe of its own")
        if len(value) == 1:
            raise ValueError(f"{next(iter(value))} is a single target: write `target: {next(iter(value))}`")
        apart = next((name for name, one in value.items() if one is not None and one.judged_by is not None), None)
        if apart is not None:
            raise ValueError(f"{apart}: rows that are judged together need a recipe of their own")
        return value

    @classmethod
    def samples(cls) -> list[Self]:
        """Return one over the columns of `written`."""
        return [cls(parts={"kind": Classification(), "tags": Multilabel(), "stars": Ordinal()})]

    @classmethod
    def written(cls) -> list[pl.Series]:
        """Return a column of three targets."""
        kinds, stars = ["a", "b", "c", "a", "b", "c"] * 2, [1, 2, 3, 3, 2, 1] * 2
        tags = [["x"], ["x", "y"], ["y"], ["x", "y"], ["x"], ["y"]] * 2
        return [pl.DataFrame({"kind": kinds, "tags": tags, "stars": stars}).to_struct("several targets")]

    @classmethod
    def suits(cls, target: pl.Series) -> float:
        """Return 1 for structs of two fields and more."""
        return float(isinstance(target.dtype, pl.Struct) and len(target.dtype.fields) > 1)

    @property
    def primary(self) -> str:
        """The mean merit of the targets."""
        return "merit"

    @property
    def apart(self) -> Mapping[str, str | None]:
        """The targets' columns, each with the kind of its task."""
        return {name: None if part is None else part.kind for name, part in self.parts.items()}

    def completed(self, target: pl.Series, guess: Callable[[pl.Series], Task]) -> Task:
        """Return the task with one for each field of the target."""
        fields = target.struct.fields
        known = self.parts or dict.fromkeys(fields)
        return Several(parts={name: one or guess(target.struct.field(name)) for name, one in known.items()})

    def refuse(self, target: pl.Series) -> tuple[int, str] | None:
        """Refuse what a target's own task refuses."""
        for name, part in self._parts():
            values = target.struct.field(name)
            rows = values.is_not_null().arg_true()
            if not len(rows):
                return 0, f"no row has a '{name}'"
            bad = part.refuse(values.drop_nulls())
            if bad is not None:
                return int(rows[bad[0]]), f"{name}: {bad[1]}"
        return None

    def fit(self, target: pl.Series) -> dict[str, Any]:
        """Return what each target's task learns from the rows that have it, by column."""
        return {name: part.fit(target.struct.field(name).drop_nulls()) for name, part in self._parts()}

    def width(self, state: Mapping[str, Any]) -> int:
        """Return the sum of the targets' widths."""
        return sum(part.width(state[name]) for name, part in self._parts())

    def layout(self, state: Mapping[str, Any]) -> tuple[Stretch, ...]:
        """Return where each target stands."""
        found, label, output = [], 0, 0
        for name, part in self._parts():
            width = part.width(state[name])
            labels = width if part.form == "classes" else 1
            found.append(Stretch(part.form, (label, label + labels), (output, output + width), part.default_loss))
            label, output = label + labels, output + width
        return tuple(found)

    def encode(self, target: pl.Series, state: Mapping[str, Any]) -> np.ndarray:
        """Return the targets' encoded labels side by side, float64 (rows, columns), NaN where one is missing."""
        stretches = self.layout(state)
        encoded = np.full((len(target), stretches[-1].labels[1]), np.nan)
        for (name, part), one in zip(self._parts(), stretches, strict=True):
            values = target.struct.field(name)
            rows = values.is_not_null().arg_true().to_numpy()
            labels = part.encode(values.drop_nulls(), state[name])
            encoded[rows, slice(*one.labels)] = _columns(labels)
        return encoded

    def certain(self, encoded: np.ndarray, state: Mapping[str, Any]) -> np.ndarray:
        """Return outputs that leave no doubt, float64 (rows, width)."""
        outputs = np.zeros((len(encoded), self.width(state)))
        for one in self.layout(state):
            rows, labels = one.of(encoded)
            if one.form == "class":
                labels = np.eye(one.width)[labels]
            outputs[rows, slice(*one.outputs)] = _columns(labels) if one.form == "value" else SURE * (2 * labels - 1)
        return outputs

    def scores(self, outputs: np.ndarray, state: Mapping[str, Any]) -> np.ndarray:
        """Return the targets' scores side by side, float64 (rows, width)."""
        found = np.empty(outputs.shape)
        for (name, part), one in zip(self._parts(), self.layout(state), strict=True):
            found[:, slice(*one.outputs)] = _columns(part.scores(one.within(outputs), state[name]))
        return found

    def decided(self, scores: np.ndarray, state: Mapping[str, Any]) -> np.ndarray:
        """Return the scores: each target's task decides for itself."""
        return scores

    def answers(self, scores: np.ndarray, state: Mapping[str, Any]) -> list[tuple[Any, float | None, dict[str, float]]]:
        """Return each target's answer by column, the least confidence of those that have one, and `column.class`."""
        columns = [
            part.answers(_plain(part, one.within(scores)), state[name])
            for (name, part), one in zip(self._parts(), self.layout(state), strict=True)
        ]
        names, found = list(self.parts), []
        for row in zip(*columns, strict=True):
            sure = [confidence for _, confidence, _ in row if confidence is not None]
            by_class = {
                f"{name}.{one}": score
                for name, (_, _, every) in zip(names, row, strict=True)
                for one, score in every.items()
            }
            answer = {name: one for name, (one, _, _) in zip(names, row, strict=True)}
            found.append((answer, min(sure, default=None), by_class))
        return found

    def is_right(self, answer: Any, label: Any) -> bool:
        """Return whether every target that the row has is answered rightly."""
        return all(label[name] is None or part.is_right(answer[name], label[name]) for name, part in self._parts())

    def truth(self, encoded: np.ndarray, state: Mapping[str, Any]) -> np.ndarray:
        """Return the encoded labels as they are: each target's task reads its own."""
        return encoded

    def classes(self, state: Mapping[str, Any]) -> list[Any] | None:
        """Return None: there are classes of several targets."""
        return None

    def measured(self, given: Answered, weights: np.ndarray, only: str | None = None) -> Figures:
        """Return each target's metrics as `column.metric`, over the rows that have it, and their mean `merit`.

        The merit of a target is its own primary metric, turned so that 1 is perfect and more is better: as it is
        where more is better; else 1 less the error, in deviations of the training labels (mae, rmse), in the largest
        distance of two classes (mae of classes in order), or in the log loss of knowing nothing.
        """
        figures: Figures = {}
        merits = []
        for name, part, rows, one in self._each(given):
            found = part.measured(one, weights[:, rows], None if only is None else part.primary)
            merits.append(_merit(part, found[part.primary], given.state[name]))
            figures |= {f"{name}.{metric}": values for metric, values in found.items()}
        return {"merit": np.mean(merits, axis=0)} | figures

    def losses(self, given: Answered) -> np.ndarray:
        """Return each row's mean loss over the targets it has, float64 (rows,), errors in training deviations."""
        total, counts = np.zeros(len(given.truth)), np.zeros(len(given.truth))
        for name, part, rows, one in self._each(given):
            total[rows] += part.losses(one) / given.state[name].get("deviation", 1.0)
            counts[rows] += 1
        return total / np.maximum(counts, 1)

    def pictures(self, given: Answered) -> dict[str, Any]:
        """Return nothing: a picture shows one target."""
        return {}

    def _parts(self) -> Iterator[tuple[str, Task]]:
        for name, part in self.parts.items():
            assert part is not None
            yield name, part

    def _each(self, given: Answered) -> Iterator[tuple[str, Task, np.ndarray, Answered]]:
        """Yield each target with the rows that have it, int64 (n,), and their labels beside their scores."""
        for (name, part), one in zip(self._parts(), self.layout(given.state), strict=True):
            rows, labels = one.of(given.truth)
            scores = _plain(part, one.within(given.scores)[rows])
            yield name, part, rows, part.answered(labels, scores, given.state[name])


def _columns(values: np.ndarray) -> np.ndarray:
    return values if values.ndim == 2 else values[:, None]


def _plain(part: Task, scores: np.ndarray) -> np.ndarray:
    return scores[:, 0] if part.form == "value" else scores


def _merit(part: Task, values: np.ndarray, state: Mapping[str, Any]) -> np.ndarray:
    if HIGHER_IS_BETTER[part.primary]:
        return values
    if part.form == "value":
        return 1 - values / state["deviation"]
    width = part.width(state)
    if part.primary == "log_loss":
        return 1 - values / np.log(width if part.form == "class" else 2)
    return 1 - values / max(1, width - 1)
