"""Pictures that cannot be read, are not what their name says, or are of an odd kind."""

from __future__ import annotations

import base64
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import polars as pl
from pydantic import Field

from ...core.errors import MissingDependencyError
from ...data.pictures import PIXELS, find_file, pillow
from . import Check, Finding, Severity, Table
from ._pictures import Limits, faults, no_warnings, thumbnail
from ._words import counted, listed

FAULTS: dict[str, tuple[Severity, str, str]] = {
    "outside": ("error", "with a path out of the folder", "it is not opened; move the file into the folder"),
    "missing": ("error", "without a file", "correct the path, which starts at the recipe's folder, or drop the row"),
    "empty": ("error", "with an empty file (0 bytes)", "fetch the file again, or drop the row"),
    "no_image": ("error", "with a file that is no image", "replace the file, or drop the row"),
    "truncated": ("error", "with an image that ends too early", "fetch the file again, or drop the row"),
    "corrupt": ("error", "with an image that cannot be decoded", "fetch the file again, or drop the row"),
    "oversized": ("error", "with more pixels than are decoded", "make it smaller, or raise the check's `pixels`"),
    "tiny": ("warning", "with an image of hardly any pixels", "look for a larger one, or drop the row"),
    "mislabelled": ("warning", "with a file of another format than its ending", "rename it"),
    "animated": ("info", "with more than one frame", "only the first frame is read"),
    "unusual": ("info", "in an unusual mode", "it becomes RGB; see that nothing is lost"),
    "rotated": ("info", "to be turned by their EXIF entry", "a reader that ignores it sees them lying on their side"),
}
"""Fault -> severity, what is said after `3 rows`, and what to do."""


class Images(Check):
    """Files that are missing, outside the folder, empty, no image, broken, mislabelled, tiny or far too large.

    The size is read from the header before anything is decoded, so that a file of a few kilobytes that claims
    billions of pixels costs nothing. A changed byte within the pixels of a JPEG is not always seen.
    """

    smallest: int = Field(16, ge=1)
    """The pixels that the shorter side needs."""
    pixels: int = Field(PIXELS, ge=1)
    """The pixels (width times height) above which an image is not decoded."""
    threads: int = Field(4, ge=1, le=64)
    """How many images are decoded at once."""

    def find(self, table: Table) -> list[Finding]:
        """Return a finding per column and fault, the gravest first. Without Pillow only the files are looked at."""
        found: list[Finding] = []
        for name in table.of_kind("image"):
            if table.data.frame[name].dtype == pl.String:
                found += self._column(table, name)
        return sorted(found, key=lambda one: ("error", "warning", "info").index(one.severity))

    def thumbnail(self, folder: Path | None, name: str, side: int = 96) -> str | None:
        """Return a `data:` address of the picture at most `side` pixels wide and high, None where there is none."""
        try:
            with no_warnings():
                small = thumbnail(folder or Path(), name, side, self.pixels)
        except MissingDependencyError:
            return None
        return None if small is None else f"data:image/jpeg;base64,{base64.b64encode(small).decode()}"

    def _column(self, table: Table, name: str) -> list[Finding]:
        series = table.data.frame[name]
        files = pl.DataFrame({"file": series}).with_row_index("row").filter(series.str.strip_chars() != "")
        rows = files.group_by("file", maintain_order=True).agg("row")
        lacking = self._lacking()
        judged = self._judge(table.folder or Path(), rows["file"].to_list(), lacking is None)
        concerned: dict[str, list[int]] = defaultdict(list)
        details: dict[str, dict[str, None]] = defaultdict(dict)
        for (_, positions), found in zip(rows.iter_rows(), judged, strict=True):
            for fault, detail in found:
                concerned[fault] += positions
                details[fault] |= {detail: None} if detail else {}
        findings = [
            self._finding(table, name, fault, sorted(concerned[fault]), list(details[fault]))
            for fault in FAULTS
            if fault in concerned
        ]
        if lacking is not None and rows.height:
            advice = f"column '{name}': {counted(rows.height, 'image')} not looked into, only at their files: {lacking}"
            findings.append(Finding(self.kind, "warning", (), (), advice, name, files.height))
        return findings

    def _judge(self, folder: Path, names: list[str], is_decoded: bool) -> list[list[tuple[str, str]]]:
        if not is_decoded:
            states = (find_file(folder, name) for name in names)
            return [[(fault, "")] if fault else [] for _, fault in states]
        judge = partial(faults, folder, limits=Limits(self.smallest, self.pixels))
        with no_warnings(), ThreadPoolExecutor(self.threads) as pool:
            return list(pool.map(judge, names))

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
        files = listed(table.data.frame[name][rows[:3]].unique(maintain_order=True))
        advice = (
            f"column '{name}': {counted(len(rows), 'row')} {fact}{which}, for instance {files} "
            f"({table.data.place(rows[0])}); {remedy}"
        )
        return Finding(self.kind, severity, tuple(rows), (1.0,) * len(rows), advice, name)
