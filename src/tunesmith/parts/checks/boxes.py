"""Boxes that are none, that leave their picture, that stand there twice, or whose label nobody else has."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from . import Check, Finding, Severity, Table
from ._words import counted

EDGES = ("x", "y", "width", "height")
FAULTS: dict[str, tuple[Severity, str, str]] = {
    "is_flat": ("error", "without an area or with a side that is no number", "correct or remove these boxes"),
    "is_outside": (
        "error",
        "that leave their picture",
        "correct them, or let `data: {bad_boxes: mend}` cut them at the edge; where all do, the boxes may be those of "
        "pictures of another size",
    ),
    "is_nameless": ("error", "without a label", "name what is in them, or remove them"),
    "is_repeated": (
        "warning",
        "that stand there twice, alike in label and place",
        "keep one of each: a detector that finds the thing once is counted as having missed the other",
    ),
    "is_lonely": (
        "warning",
        "with a label that no more than {pictures} has",
        "add pictures with it, or correct its spelling: a label that training has not seen stops the run",
    ),
}


class Boxes(Check):
    """Boxes of a target that cannot be right, or that no detector could be right about.

    Sizes are those of the columns `width` and `height`, where the rows have them; training looks at the files, too.
    """

    pixels: float = Field(1.0, ge=0.0)
    """By which a box may leave its picture: tools round, and count from 0 or from 1."""
    pictures: int = Field(1, ge=0)
    """A label in no more pictures than this is named."""

    def find(self, table: Table) -> list[Finding]:
        """Return one finding for each fault, over its rows; a row's score is the share of its boxes at fault."""
        boxes = self._boxes(table)
        if boxes is None or boxes.is_empty():
            return []
        return [found for fault in FAULTS if (found := self._finding(table, boxes, fault)) is not None]

    def _boxes(self, table: Table) -> pl.DataFrame | None:
        """Return a row per box with the `row` it is of and what is wrong with it; None where the target is no boxes."""
        frame, target = table.data.frame, table.target
        if target is None or not _is_boxes(frame[target].dtype):
            return None
        has_size = all(name in frame.columns and frame[name].dtype.is_numeric() for name in EDGES[2:])
        sides = [pl.col(name).cast(pl.Float64) if has_size else pl.lit(0.0) for name in EDGES[2:]]
        named = frame.with_row_index("row").select(
            pl.col("row").cast(pl.Int64),
            sides[0].alias("x_side"),
            sides[1].alias("y_side"),
            pl.col(target).alias("box"),
        )
        boxes = named.filter(pl.col("box").list.len() > 0).explode("box").unnest("box")
        edges = [pl.col(one).cast(pl.Float64) for one in EDGES]
        is_number = pl.all_horizontal(one.is_finite().fill_null(False) for one in edges)
        x, y, width, height = edges
        beyond = [-x, -y, x + width - pl.col("x_side"), y + height - pl.col("y_side")]
        is_sound = is_number & (width > 0) & (height > 0)
        label = pl.col("label").cast(pl.String).str.strip_chars()
        return boxes.select(
            "row",
            (~is_sound).fill_null(True).alias("is_flat"),
            (is_sound & (pl.max_horizontal(beyond) > self.pixels) & pl.lit(has_size))
            .fill_null(False)
            .alias("is_outside"),
            (label.is_null() | (label == "")).alias("is_nameless"),
            (~pl.struct("row", *EDGES, "label").is_first_distinct()).alias("is_repeated"),
            ((pl.col("row").n_unique().over(label) <= self.pictures) & label.is_not_null()).alias("is_lonely"),
        )

    def _finding(self, table: Table, boxes: pl.DataFrame, fault: str) -> Finding | None:
        severity, what, remedy = FAULTS[fault]
        per_row = boxes.group_by("row", maintain_order=True).agg(
            pl.col(fault).mean().alias("share"), pl.col(fault).sum()
        )
        rows = per_row.filter(pl.col("share") > 0)
        if rows.is_empty():
            return None
        count, first = int(rows[fault].sum()), int(rows["row"][0])
        fact = f"{count} {'box' if count == 1 else 'boxes'} {what.format(pictures=counted(self.pictures, 'picture'))}"
        advice = f"column '{table.target}': {fact} (first: {table.data.place(first)}); {remedy}"
        return Finding(
            self.kind, severity, tuple(rows["row"].to_list()), tuple(rows["share"].to_list()), advice, table.target
        )


def _is_boxes(dtype: pl.DataType) -> bool:
    inner = dtype.inner if isinstance(dtype, pl.List) else None
    if not isinstance(inner, pl.Struct):
        return False
    types = {one.name: one.dtype for one in inner.fields}
    return {*EDGES, "label"} <= types.keys() and all(types[name].is_numeric() for name in EDGES)
