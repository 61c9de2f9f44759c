"""What the check's page shows of the rows: their values, the rows they repeat, thumbnails, and nothing personal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..handover import Understood
from ..parts.checks import Finding
from ..parts.checks._veil import Veil
from ..parts.checks.images import Images

SHOWN = 20  # rows of a finding that the page shows with their values
COLUMNS = 30  # columns of a row that the page shows, those of the finding first
LONGEST = 2000  # characters of a cell that the page shows
SEAM = 200  # characters beyond those, so that an address across the end is recognised
THUMBNAILS = 40


@dataclass(slots=True)
class Exhibits:
    """Shows rows of one data set, each picture once, and at most `THUMBNAILS` of them."""

    known: Understood
    veil: Veil
    pictures: dict[tuple[str, str | bytes], str | None] = field(default_factory=dict)

    def page(self, found: list[Finding], value: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the page shows, from the findings and what the command says of them."""
        shown = []
        for finding, written in zip(found, value["findings"], strict=True):
            rows = [dict(row) for row in written["rows"][:SHOWN]]
            for at, row in enumerate(rows):
                row |= self._row(finding.rows[at], finding.column)
                if finding.origins:
                    row["original"] = self._row(finding.origins[at], finding.column)
            shown.append(written | {"rows": rows})
        page: dict[str, Any] = self.veil.over(dict(value) | {"findings": shown})
        return page | {"source": str(self.known.rows.index["source"][0])}

    def _row(self, position: int, column: str | None) -> dict[str, Any]:
        """Return the target and the other values of a row, the column at fault among them, with thumbnails."""
        values, cells = self.known.rows.example(position), self.known.rows.frame.row(position, named=True)
        target = self.known.meaning.target
        names = [name for name in values if name != target]
        kept = set([name for name in names if name == column] + names[:COLUMNS])
        row: dict[str, Any] = {"target": _cut(values.get(target))}
        row["inputs"] = {name: _cut(values[name]) for name in names if name in kept}
        row["columns_left_out"] = len(names) - len(kept)
        images = [name for name, kind in self.known.meaning.kinds.items() if kind == "image" and name in kept]
        row["pictures"] = {name: self._picture(name, cells[name]) for name in images if cells[name]}
        return row

    def _picture(self, column: str, cell: str | bytes) -> str | None:
        key = column, cell
        if key not in self.pictures and len(self.pictures) < THUMBNAILS:
            check = self.known.recipe.checks.get("images") or Images()
            assert isinstance(check, Images)
            self.pictures[key] = check.thumbnail(self.known.rows.folder, cell)
        return self.pictures.get(key, "")


def _cut(value: Any) -> Any:
    return value[: LONGEST + SEAM] if isinstance(value, str) else value
