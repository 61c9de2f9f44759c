"""What is wrong with these rows? One file per fault."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import BeforeValidator, SerializeAsAny

from ...core.part import Part, find
from ...data.dataset import Dataset

Severity = Literal["info", "warning", "error"]
Reach = Literal["none", "train", "all"]
Remedy = Literal["drop", "impute", "normalise", "map", "relabel", "review"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: the rows at fault (positions in the dataset), each with a score in 0..1, and what to do.

    A fault of a column or of the whole data has no rows; `count` then says how many rows it concerns.
    `suggestions`, where the check has any, gives each row the value that `column` should hold (None: missing).
    `origins`, where rows repeat others, gives each row the position of the row that it repeats.
    `reach` says which rows cleaning may take out: those of training; `all`, where no model can read them; or none.
    """

    check: str
    severity: Severity
    rows: tuple[int, ...]
    scores: tuple[float, ...]
    advice: str
    column: str | None = None
    count: int = 0
    suggestions: tuple[Any, ...] = ()
    origins: tuple[int, ...] = ()
    reach: Reach = "train"

    def __post_init__(self) -> None:
        for name in ("scores", "suggestions", "origins"):
            given = len(getattr(self, name))
            if given != len(self.rows) and (given or name == "scores"):
                raise ValueError(f"{self.check}: {len(self.rows)} rows with {given} {name}; give each row its own")
        if not self.count:
            object.__setattr__(self, "count", len(self.rows))

    def as_json(self, data: Dataset, limit: int = 50) -> dict[str, Any]:
        """Return the finding as JSON values, with row numbers and ids of at most `limit` of its rows."""
        shown = data.take(self.rows[:limit]).index
        rows = [
            {"row": row, "id": name, "score": score}
            for row, name, score in zip(shown["row"], shown["id"], self.scores[:limit], strict=True)
        ]
        for row, value in zip(rows, self.suggestions, strict=False):
            row["suggestion"] = value
        for row, origin in zip(rows, self.origins, strict=False):
            row["repeats"] = data.place(origin)
        return {
            "check": self.check,
            "severity": self.severity,
            "column": self.column,
            "count": self.count,
            "rows": rows,
            "advice": self.advice,
        }


@dataclass(frozen=True, slots=True)
class Opinion:
    """What models that have not seen a row think of its label: probabilities (rows, classes), float64, sums of 1.

    Where a row may have several labels, each has a probability of its own. For values `classes` is empty, and
    `probabilities` (rows, 1) holds the value expected.
    `rows` holds the positions judged, int64 (rows,); a row without a label, or of another split, is not among them.
    `said_by` says in words which models they were.
    """

    rows: np.ndarray
    classes: tuple[str, ...]
    probabilities: np.ndarray
    said_by: str


@dataclass(frozen=True, slots=True)
class Table:
    """What a check looks at: the rows, which columns are inputs, which is the target, and what is asked of it.

    `task` is classification, multilabel or regression, or None where it is not known.
    """

    data: Dataset
    inputs: tuple[str, ...]
    target: str | None = None
    task: str | None = None
    left_out: tuple[str, ...] = ()
    """Columns that are no inputs because they look like ids."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Column -> text, number, category or image, for the inputs."""
    folder: Path | None = None
    """Where paths of images start."""
    group: str | None = None
    time: str | None = None
    opinion: Callable[[], Opinion | None] | None = None
    """Asks models what they think of the labels; takes long, so only a check that needs it calls it. None: nobody."""

    tasks: Mapping[str, str | None] = field(default_factory=dict)
    """Where a row has several targets, in one column of structs: the task of each field."""

    def of_kind(self, *kinds: str) -> tuple[str, ...]:
        """Return the inputs of these kinds; of unknown kind, numeric ones are numbers, bytes images, others texts."""
        return tuple(name for name in self.inputs if self.kind_of(name) in kinds)

    def kind_of(self, name: str) -> str:
        """Return what an input is: text, number, category or image."""
        dtype = self.data.frame[name].dtype
        return self.kinds.get(name) or ("number" if dtype.is_numeric() else "image" if dtype == pl.Binary else "text")


class Check(Part):
    """What is wrong with these rows?

    The promise: a check changes nothing, names every row at fault by its position, and says in plain words what is
    wrong, where, and what to do. Rows without fault give no finding.
    """

    family: ClassVar[str] = "parts.checks"
    remedies: ClassVar[tuple[Remedy, ...]] = ("drop", "review")
    """What cleaning can do about its findings."""

    @abstractmethod
    def find(self, table: Table) -> list[Finding]:
        """Return what was found, the gravest first; an empty list where nothing is wrong."""


def chosen(value: Any) -> dict[str, Check | Literal[False]]:
    """Read the recipe's `checks`: `{imbalance: {rows: 5}, id_columns: off}`, a kind with its fields or off."""
    if not isinstance(value, Mapping):
        raise ValueError("needs names of checks, each with its fields or `off`")
    made: dict[str, Check | Literal[False]] = {}
    for kind, fields in value.items():
        part = find(Check.family, str(kind))
        if fields is False or fields == "off":
            made[str(kind)] = False
        elif isinstance(fields, part):
            made[str(kind)] = fields  # type: ignore[assignment]
        else:
            given = {} if fields is True or fields is None else fields
            if not isinstance(given, Mapping):
                raise ValueError(f"{kind} needs fields, as in `{kind}: {{field: value}}`, or `off`")
            made[str(kind)] = part.model_validate({key: one for key, one in given.items() if key != "kind"})  # type: ignore[assignment]
    return made


Checks = Annotated[dict[str, SerializeAsAny[Check] | Literal[False]], BeforeValidator(chosen)]
