"""The ledger of a cleaning: a line for every cell changed and every row taken out, with what was there before.

The first line tells which rows it belongs to: the digests of the table before and after.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, Self

import numpy as np
import polars as pl

from ..core.errors import DataError

VERSION = 1
SLICE = 100_000
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
    """Return the changes as JSON lines in UTF-8; equal changes give equal bytes."""
    texts = (json.dumps(one.as_json(), ensure_ascii=False, sort_keys=True) for one in changes)
    return b"".join(text.encode() + b"\n" for text in texts)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The changes that lead from one table to another; `before` and `after` are digests, `rows` counts those before."""

    rows: int
    before: str
    after: str
    changes: tuple[Change, ...]

    @classmethod
    def of(cls, raw: pl.DataFrame, changes: Sequence[Change]) -> tuple[pl.DataFrame, Self]:
        """Return a table with the changes made and the ledger of it, which holds the cells as they stand there."""
        told = [_told(one, raw) for one in changes]
        gone = {one.row for one in told if one.action != "changed"}
        frame = raw
        cells = [one for one in told if one.action == "changed" and one.row not in gone]
        for column in dict.fromkeys(one.column for one in cells):
            mine = [one for one in cells if one.column == column]
            frame = _scattered(frame, str(column), [one.row for one in mine], [one.after for one in mine])
        kept = frame.filter(~pl.Series(np.isin(np.arange(raw.height), list(gone))))
        told = [one for one in told if one.action != "changed" or one.row not in gone]
        return kept, cls(raw.height, table_digest(raw), table_digest(kept), tuple(told))

    def undo(self, kept: pl.DataFrame, place: str) -> pl.DataFrame:
        """Return the table as it was. Raises DataError where `kept` is not the table that the cleaning left."""
        if table_digest(kept) != self.after:
            raise DataError(
                f"{place}: not the rows that this ledger's cleaning wrote, or changed since ({kept.height} rows, "
                f"{self.rows - len({one.row for one in self._gone()})} were written); give the untouched file"
            )
        gone = {one.row: one.cells for one in self._gone()}
        stays = np.setdiff1d(np.arange(self.rows), np.fromiter(gone, np.int64, len(gone)))
        lost = [pl.Series(name, [row[name] for row in gone.values()], kept[name].dtype) for name in kept.columns]  # type: ignore[index]
        places = np.concatenate([stays, np.fromiter(gone, np.int64, len(gone))])
        whole = pl.concat([kept, pl.DataFrame(lost)]) if gone else kept
        whole = whole[np.argsort(places, kind="stable")]
        changed = [one for one in self.changes if one.action == "changed"]
        for column in dict.fromkeys(one.column for one in changed):
            first = {one.row: one.before for one in reversed(changed) if one.column == column}
            whole = _scattered(whole, str(column), list(first), list(first.values()))
        if table_digest(whole) != self.before:
            raise DataError(f"{place}: the ledger does not lead back to the rows it began with; it was changed since")
        return whole

    def _gone(self) -> list[Change]:
        return [one for one in self.changes if one.action != "changed"]

    def to_bytes(self) -> bytes:
        """Return the ledger as JSON lines, the first one its head."""
        head = {"ledger": VERSION, "rows": self.rows, "before": self.before, "after": self.after}
        return json.dumps(head).encode() + b"\n" + lines(self.changes)

    @classmethod
    def from_bytes(cls, data: bytes, place: str) -> Self:
        """Read a ledger. Raises DataError, naming the line, where it is none."""
        read = []
        for number, line in enumerate(data.splitlines(), 1):
            try:
                read.append(json.loads(line))
            except (json.JSONDecodeError, UnicodeDecodeError) as error:
                raise DataError(f"{place} line {number}: not JSON ({error}); give the ledger as it was") from error
        head = read[0] if read else None
        if not isinstance(head, dict) or head.get("ledger") != VERSION or not {"rows", "before", "after"} <= set(head):
            raise DataError(f"{place}: no ledger; give the file that `tunesmith clean` wrote beside the rows")
        changes = tuple(Change.from_json(one, f"{place} line {at}") for at, one in enumerate(read[1:], 2))
        return cls(head["rows"], head["before"], head["after"], changes)


def _told(one: Change, raw: pl.DataFrame) -> Change:
    """Return the change with the cells of the table itself, a new value as the table would hold it."""
    if one.action != "changed":
        return replace(one, cells=raw.row(one.row, named=True))
    kind = raw.schema[str(one.column)]
    after = one.after if one.after is None or kind != pl.String else _text(one.after)
    return replace(one, before=raw[str(one.column)][one.row], after=after)


def _text(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def _scattered(frame: pl.DataFrame, column: str, rows: Sequence[int], values: Sequence[Any]) -> pl.DataFrame:
    series = frame[column]
    return frame.with_columns(series.clone().scatter(list(rows), pl.Series(values, dtype=series.dtype, strict=False)))


def table_digest(frame: pl.DataFrame) -> str:
    """Return the identity of a table: its columns, their types and every cell, in order."""
    types = json.dumps([[name, str(kind)] for name, kind in frame.schema.items()])
    found = hashlib.sha256(types.encode())
    for part in frame.iter_slices(SLICE):
        found.update(part.write_ndjson().encode())
    return found.hexdigest()
