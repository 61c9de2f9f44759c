"""Runs every guard at its station and keeps what each said, for the report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..core.part import find, kinds
from ..parts.guards import Evidence, Guard, Station


@dataclass(slots=True)
class Watch:
    """The guards of one run. `said` maps each guard to its last sentence."""

    guards: tuple[Guard, ...] = field(default_factory=lambda: all_guards())
    said: dict[str, dict[str, Any]] = field(default_factory=dict)

    def at(self, station: Station, evidence: Evidence) -> None:
        """Let the station's guards look. Raises GuardError (or InputGuardError) from the first that objects."""
        for guard in self.guards:
            if guard.station == station:
                detail = guard.check(evidence)
                self.said[guard.kind] = {"guard": guard.kind, "station": station, "passed": True, "detail": detail}


def all_guards() -> tuple[Guard, ...]:
    """Return one of every guard in the folder."""
    guards = [find("parts.guards", kind)() for kind in kinds("parts.guards")]
    return tuple(guard for guard in guards if isinstance(guard, Guard))
