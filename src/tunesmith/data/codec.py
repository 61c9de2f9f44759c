"""What the inputs and the target learnt from the training rows; the very same codec encodes at serving."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..core.part import Part, resolve


@dataclass(frozen=True, slots=True)
class Column:
    """One input column: its modality, and what that learnt from the training rows (JSON values only)."""

    name: str
    modality: Part
    state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Codec:
    """Columns in, target out. `fitted_on` is the digest of the ids of the rows it learnt from."""

    columns: tuple[Column, ...]
    task: Part
    target: str
    target_state: Mapping[str, Any]
    fitted_on: str

    def as_json(self) -> dict[str, Any]:
        """Return the codec as JSON values."""
        columns = [
            {"name": one.name, "modality": one.modality.model_dump(mode="json"), "state": dict(one.state)}
            for one in self.columns
        ]
        return {
            "columns": columns,
            "task": self.task.model_dump(mode="json"),
            "target": self.target,
            "target_state": dict(self.target_state),
            "fitted_on": self.fitted_on,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Codec:
        """Rebuild a codec from `as_json`; raises a pydantic error where a part does not exist any more."""
        columns = tuple(
            Column(one["name"], resolve("parts.modalities", one["modality"]), one["state"]) for one in value["columns"]
        )
        task = resolve("parts.tasks", value["task"])
        return cls(columns, task, value["target"], value["target_state"], value["fitted_on"])
