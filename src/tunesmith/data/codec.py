"""What the inputs and the target learnt from the training rows; the very same codec encodes at serving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ..core.part import Part, resolve


@dataclass(frozen=True, slots=True)
class Column:
    """One input column: its modality, and what that learnt from the training rows (JSON values only).

    `replacements` are pairs of what stands in a cell and what cleaning put there: the same at serving as at training.
    """

    name: str
    modality: Part
    state: Mapping[str, Any] = field(default_factory=dict)
    replacements: tuple[tuple[Any, Any], ...] = ()

    def values(self, frame: pl.DataFrame) -> pl.Series:
        """Return this column of a table, its values replaced."""
        return replaced(frame[self.name], self.replacements)


@dataclass(frozen=True, slots=True)
class Codec:
    """Columns in, target out. `fitted_on` is the digest of the ids of the rows it learnt from."""

    columns: tuple[Column, ...]
    task: Part
    target: str
    target_state: Mapping[str, Any]
    fitted_on: str
    group: str | None = None
    """The column whose equal values (a customer, a query) stand on one side of the split."""

    @property
    def numeric(self) -> list[str]:
        """The columns that are numbers, whose ids follow from values and not from how they are written."""
        return [one.name for one in self.columns if getattr(one.modality, "gives", None) == "numbers"]

    def as_json(self) -> dict[str, Any]:
        """Return the codec as JSON values."""
        columns = [
            {"name": one.name, "modality": one.modality.model_dump(mode="json"), "state": dict(one.state)}
            | ({"replacements": [list(pair) for pair in one.replacements]} if one.replacements else {})
            for one in self.columns
        ]
        return {
            "columns": columns,
            "task": self.task.model_dump(mode="json"),
            "target": self.target,
            "target_state": dict(self.target_state),
            "fitted_on": self.fitted_on,
        } | ({} if self.group is None else {"group": self.group})

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Codec:
        """Rebuild a codec from `as_json`; raises a pydantic error where a part does not exist any more."""
        columns = tuple(
            Column(
                one["name"],
                resolve("parts.modalities", one["modality"]),
                one["state"],
                tuple((pair[0], pair[1]) for pair in one.get("replacements", ())),
            )
            for one in value["columns"]
        )
        task = resolve("parts.tasks", value["task"])
        return cls(columns, task, value["target"], value["target_state"], value["fitted_on"], value.get("group"))


def replaced(column: pl.Series, pairs: Sequence[tuple[Any, Any]]) -> pl.Series:
    """Return a column with values replaced, of the type it has; what is no value of that type stands in no cell."""
    if not pairs or column.dtype.is_nested():
        return column
    old = pl.Series([pair[0] for pair in pairs], strict=False).cast(column.dtype, strict=False)
    new = pl.Series([pair[1] for pair in pairs], strict=False).cast(column.dtype, strict=False)
    given = pl.Series([pair[0] is not None for pair in pairs])
    is_read = old.is_not_null() | ~given  # a text is no value of a column of numbers
    return column.replace(old.filter(is_read), new.filter(is_read))
