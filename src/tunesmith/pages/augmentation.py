"""What else the training rows have been: which augmentations ran, and some rows before and after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .evidence import fields
from .markup import NOTHING, Column, Html, Section, clipped, element, folded, join, paragraph, table, text
from .offenders import ID_CLIP
from .values import block, blocks, count, plain

Report = Mapping[str, Any]


def augmentation(report: Report) -> Section:
    """The augmentations with what they changed in the first epoch; nothing where there were none."""
    told = block(report.get("augment"))
    parts, rows = blocks(told.get("parts")), count(told.get("rows"))
    if not told:
        return Section("augmentation", "Augmentation", NOTHING)
    added = told.get("added")
    words = f"{count(added)} of the {rows} rows trained on were made from the others. " if added else ""
    lead = paragraph(f"{words}Only training rows are ever augmented; all figures are of rows as they are.")
    listed = [
        (
            text(plain(one.get("kind")).replace("_", " ")),
            element("bdi", text(", ".join(map(plain, one.get("columns") or [])))),
            text(f"{count(one.get('changed'))} of {rows}"),
        )
        for one in parts
    ]
    columns = (Column("Augmentation"), Column("Columns"), Column("Rows changed in the first epoch", True))
    shown = table(columns, listed, "Anew in each epoch") if listed else NOTHING
    return Section("augmentation", "Augmentation", join((lead, shown, _examples(blocks(told.get("examples"))))))


def _examples(found: list[Mapping[str, Any]]) -> Html:
    rows = [
        (
            text(", ".join(map(plain, one.get("by") or [])).replace("_", " ")),
            fields(block(one.get("before"))),
            fields(block(one.get("after"))),
            element("div", clipped(one.get("id"), ID_CLIP), class_="id"),
        )
        for one in found
        if block(one.get("before")) and block(one.get("after"))
    ]
    columns = (Column("By"), Column("Before"), Column("After"), Column("Id"))
    return (
        folded("Examples", table(columns, rows, "Rows as read, and as the first epoch showed them"))
        if rows
        else NOTHING
    )
