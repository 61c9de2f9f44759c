"""Pictures that cannot be read, are not what their name says, or are of an odd kind."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Literal

import polars as pl
from pydantic import Field

from ...core.errors import MissingDependencyError
from ...data.pictures import PIXELS, find_file, no_warnings, pillow
from ...data.pixels import Picture, thumbnail
from . import Check, Finding, Reach, Severity, Table
from ._pictures import Limits, faults
from ._words import counted, listed

FAULTS: dict[str, tuple[Severity, str, str]] = {
    "outside": ("error", "with a path out of the folder", "it is not opened; move the file into the folder"),
    "missing": ("error", "without a file", "correct the path, which starts at the recipe's folder, or drop the row"),
    "empty": ("error", "with an empty file (0 bytes)", "fetch the file again, or drop the row"),
    "no_image": ("error", "with a file that is no image", "replace the file, or drop the row"),
    "truncated": ("error", "with an image that ends too early", "fetch the file again, or drop the row"),
    "corrupt": ("error", "with an image that cannot be decoded", "fetch the file again, or drop the row"),
    "absent": ("error", "without an image", "name one, or drop the row"),
    "unconvertible": ("error", "with numbers that are no colours", "save it in RGB or grey, with 8 or 16 bits"),
    "oversized": ("error", "with more pixels than are decoded", "make it smaller, or raise the check's `pixels`"),
    "tiny": ("warning", "with an image of hardly any pixels", "look for a larger one, or drop the row"),
    "mislabelled": ("warning", "with a file of another format than its ending", "rename it"),
    "animated": ("info", "with more than one frame", "only the first frame is read"),
    "unusual": ("info", "in an unusual mode", "it becomes RGB; see that nothing is lost"),
    "rotated": ("info", "to be turned by their EXIF entry", "a reader that ignores it sees them lying on their side"),
}
"""Fault -> severity, what is said after `3 rows`, and what to do."""

Told = Literal["tiny", "mislabelled", "animated", "unusual", "rotated"]


class Images(Check):
    """Files that are missing, outside the folder, empty, no image, broken, mislabelled, tiny or far too large.

    The size is read from the header before anything is decoded, so that a file of a few kilobytes that claims
    billions of pixels costs nothing. A changed byte within the pixels of a JPEG is not always seen.
    `clean: {images: drop}` takes out the rows whose image cannot be read, of every split, for no model can answer them.
    """

    smallest: int = Field(8, ge=1)
    """The pixels that the shorter side needs."""
    pixels: int = Field(PIXELS, ge=1)
    """The pixels (width times height) above which an image is not decoded."""
    threads: int = Field(4, ge=1, le=64)
    """How many images are decoded at once."""
    unwanted: tuple[Told, ...] = ()
    """Faults of images that can be read for which `clean` takes rows out of training all the same."""

    def find(self, table: Table) -> list[Finding]:
        """Return a finding per column and fault, the gravest first. Without Pillow only the files are looked at."""
        found: list[Finding] = []
        for name in table.of_kind("image"):
            if table.data.frame[name].dtype in (pl.String, pl.Binary):
                found += self._column(table, name)
        return sorted(found, key=lambda one: ("error", "warning", "info").index(one.severity))

    def thumbnail(self, folder: Path | None, cell: str | bytes, side: int = 96) -> str | None:
        """Return a `data:` address of the picture at most `side` pixels wide and high, None where there is none."""
        try:
            return thumbnail(Picture.of(cell, folder or Path(), "", self.pixels), side)
        except MissingDependencyError:
            return None

    def _column(self, table: Table, name: str) -> list[Finding]:
        series = table.data.frame[name]
        is_blank = series.bin.size() == 0 if series.dtype == pl.Binary else series.str.strip_chars() == ""
        is_absent = is_blank.fill_null(True)
        files = pl.DataFrame({"file": series}).with_row_index("row").filter(~is_absent)
        rows = files.group_by("file", maintain_order=True).agg("row")
        lacking = self._lacking()
        judged = self._judge(table.folder or Path(), rows["file"].to_list(), lacking is None)
        concerned: dict[str, list[int]] = defaultdict(list, {"absent": is_absent.arg_true().to_list()})
        details: dict[str, dict[str, None]] = defaultdict(dict)
        for (_, positions), found in zip(rows.iter_rows(), judged, strict=True):
            for fault, detail in found:
                concerned[fault] += positions
                details[fault] |= {detail: None} if detail else {}
        findings = [
            self._finding(table, name, fault, sorted(concerned[fault]), list(details[fault]))
            for fault in FAULTS
            if concerned.get(fault)
        ]
        if lacking is not None and rows.height:
            advice = f"column '{name}': {counted(rows.height, 'image')} not looked into, only at their files: {lacking}"
            findings.append(Finding(self.kind, "warning", (), (), advice, name, files.height))
        return findings

    def _judge(self, folder: Path, cells: list[str | bytes], is_decoded: bool) -> list[list[tuple[str, str]]]:
        if not is_decoded:
            known = [find_file(folder, cell)[1] if isinstance(cell, str) else "" for cell in cells]
            return [[(fault, "")] if fault else [] for fault in known]
        judge = partial(faults, folder, limits=Limits(self.smallest, self.pixels))
        with no_warnings(), ThreadPoolExecutor(self.threads) as pool:
            return list(pool.map(judge, cells))

    def _lacking(self) -> str | None:
        """Return the sentence that says what to install, None where Pillow is there."""
        try:
            pillow()
        except MissingDependencyError as error:
            return str(error)
        return None

    def _finding(self, table: Table, name: str, fault: str, rows: list[int], details: list[str]) -> Finding:
        severity, fact, remedy = FAULTS[fault]
        which = f" ({', '.join(details[:3])}{', ...' if len(details) > 3 else ''})" if details else ""
        some = table.data.frame[name][rows[:3]].drop_nulls().unique(maintain_order=True)
        place = table.data.place(rows[0])
        instance = f"{listed(some)} ({place})" if some.dtype == pl.String and len(some) else place
        advice = f"column '{name}': {counted(len(rows), 'row')} {fact}{which}, for instance {instance}; {remedy}"
        reach: Reach = "all" if severity == "error" else "train" if fault in self.unwanted else "none"
        return Finding(self.kind, severity, tuple(rows), (1.0,) * len(rows), advice, name, reach=reach)
