"""What is wrong with these rows? One file per fault."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from ...core.part import Part
from ...data.dataset import Dataset

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: the rows at fault (positions in the dataset), each with a score in 0..1, and what to do.

    A fault of a column or of the whole data has no rows; `count` then says how many rows it concerns.
    """

    check: str
    severity: Severity
    rows: tuple[int, ...]
    scores: tuple[float, ...]
    advice: str
    column: str | None = None
    count: int = 0

    def __post_init__(self) -> None:
        if len(self.rows) != len(self.scores):
            raise ValueError(
                f"{self.check}: {len(self.rows)} rows with {len(self.scores)} scores; give each row its score"
            )
        if not self.count:
            object.__setattr__(self, "count", len(self.rows))

    def as_json(self, data: Dataset, limit: int = 50) -> dict[str, Any]:
        """Return the finding as JSON values, with row numbers and ids of at most `limit` of its rows."""
        shown = data.take(self.rows[:limit]).index
        rows = [
            {"row": row, "id": name, "score": score}
            for row, name, score in zip(shown["row"], shown["id"], self.scores[:limit], strict=True)
        ]
        return {
            "check": self.check,
            "severity": self.severity,
            "column": self.column,
            "count": self.count,
            "rows": rows,
            "advice": self.advice,
        }


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


class Check(Part):
    """What is wrong with these rows?

    The promise: a check changes nothing, names every row at fault by its position, and says in plain words what is
    wrong, where, and what to do. Rows without fault give no finding.
    """

    family: ClassVar[str] = "parts.checks"

    @abstractmethod
    def find(self, table: Table) -> list[Finding]:
        """Return what was found, the gravest first; an empty list where nothing is wrong."""
