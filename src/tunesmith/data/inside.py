"""Paths that rows hold: none may lead out of the folder that the rows belong to."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl

from ..core.errors import DataError
from .dataset import Dataset

LEAVING = r"^(?:[/\\]|[A-Za-z]:)|(?:^|[/\\])\.\.(?:[/\\]|$)"
REMEDY = "put the file within that folder, and write its path from there"


def refuse_leaving(rows: Dataset, column: str, root: Path) -> None:
    """Raise DataError at the first row whose path is absolute, climbs by `..`, or leaves `root` through a link.

    What does not exist is not judged here.
    """
    paths = rows.frame[column].cast(pl.String)
    leaving = paths.str.contains(LEAVING).fill_null(False)
    if leaving.any():
        at = int(leaving.arg_true()[0])
        raise _left(rows, column, at, str(paths[at]), root)
    for place in paths.drop_nulls().unique(maintain_order=True):
        if not is_inside(root / place, root):
            raise _left(rows, column, int((paths == place).arg_max() or 0), place, root)


def is_inside(path: Path, root: Path) -> bool:
    """Return whether a path, its links followed, is below a folder, its own links followed."""
    real = os.path.realpath(root)
    return os.path.realpath(path).startswith(os.path.join(real, ""))


def _left(rows: Dataset, column: str, at: int, path: str, root: Path) -> DataError:
    return DataError(f"{rows.place(at)}, column '{column}': '{path}' leads out of the folder {root}; {REMEDY}")
