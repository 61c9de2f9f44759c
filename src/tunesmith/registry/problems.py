"""What is wrong with stored bytes: one problem, and the verdict over many."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One damaged or missing file. `kind` is for programs (`altered_object`), the rest for people."""

    kind: str
    place: str
    fact: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.place}: {self.fact}; {self.remedy}"

    def as_json(self) -> dict[str, Any]:
        """Return the problem as JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer of a verification: how many files were checked, and every problem found."""

    checked: int
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """Return the verification as JSON values."""
        return {"ok": self.ok, "checked": self.checked, "problems": [one.as_json() for one in self.problems]}
