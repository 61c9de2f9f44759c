"""The ledger of a cleaning: one line for every cell changed and every row taken out, with what was there before."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

from ..core.errors import DataError

Action = Literal["changed", "dropped", "aside"]


@dataclass(frozen=True, slots=True)
class Change:
    """One cell changed, or one row dropped or set aside.

    `row` is the position (from 0) in the rows as they were read, `place` the same in words. `cells` holds the whole row
    where it was taken out, so that it can be put back.
    """

    action: Action
    id: str
    row: int
    place: str
    check: str
    remedy: str
    why: str
    column: str | None = None
    before: Any = None
    after: Any = None
    cells: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the line as JSON values, without what it does not have."""
        said = asdict(self)
        absent = ["cells"] if self.cells is None else ["column", "before", "after"]
        return {name: value for name, value in said.items() if name not in absent}

    @classmethod
    def from_json(cls, value: Mapping[str, Any], place: str) -> Self:
        """Read a line. Raises DataError, naming the place, where it is none."""
        known = {one.name for one in fields(cls)}
        needed = {"action", "id", "row", "place", "check", "remedy", "why"}
        if not isinstance(value, Mapping) or not needed <= set(value) or not set(value) <= known:
            raise DataError(f"{place}: no line of a ledger; give the file that `tunesmith clean` wrote")
        return cls(**value)


def counts(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """Return how many rows each remedy changed, dropped or set aside, by check, the most first."""
    rows: dict[tuple[str, str, Action], set[int]] = {}
    for one in changes:
        rows.setdefault((one.check, one.remedy, one.action), set()).add(one.row)
    return [
        {"check": check, "remedy": remedy, "action": action, "rows": len(found)}
        for (check, remedy, action), found in sorted(rows.items(), key=lambda one: (-len(one[1]), one[0]))
    ]


def lines(changes: Sequence[Change]) -> bytes:
    """Return the ledger as JSON lines in UTF-8; equal changes give equal bytes."""
    texts = (json.dumps(one.as_json(), ensure_ascii=False, sort_keys=True) for one in changes)
    return b"".join(text.encode() + b"\n" for text in texts)
