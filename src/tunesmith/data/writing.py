"""Rows to files: CSV, JSON lines or Parquet, whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
from polars import selectors

from ..core.disk import sync_file, sync_folder
from ..core.errors import DataError

WRITTEN = (".csv", ".tsv", ".jsonl", ".parquet")
SPREADSHEETS = (".csv", ".tsv")  # what a spreadsheet opens by itself
# What a spreadsheet takes for a formula (OWASP, CSV injection); a plain number like -5 is none.
FORMULA = r"^[=+\-@\t\r]"
NUMBER = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
SHIELD = "'"


def refuse_unknown(path: Path) -> None:
    """Raise DataError where the ending tells no form that can be written."""
    if path.suffix.lower() not in WRITTEN:
        raise DataError(f"{path}: unknown ending; name a {', '.join(WRITTEN)} file")


def write_frame(frame: pl.DataFrame, path: Path) -> None:
    """Write a table in the form that the ending names; the file is there whole, durably, or not at all.

    Missing and empty texts stay different. Raises DataError on another ending, OSError where it cannot be written.
    """
    refuse_unknown(path)
    with _whole(path) as draft:
        form = path.suffix.lower()
        if form == ".parquet":
            frame.write_parquet(draft)
        elif form == ".jsonl":
            frame.write_ndjson(draft)
        else:
            flat = frame.with_columns(selectors.list().list.join("|"))
            flat.write_csv(draft, separator="\t" if form == ".tsv" else ",")


def write_bytes(data: bytes, path: Path) -> None:
    """Write a file whole, durably, or not at all."""
    with _whole(path) as draft:
        draft.write_bytes(data)


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """Yield the place of a draft that becomes the file, durably, where nothing was raised, and else goes.

    Raises OSError, naming the file and not its draft, where its folder is none.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield draft
        sync_file(draft)
        draft.replace(path)
        sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def formulas(frame: pl.DataFrame) -> int:
    """Return how many cells, those of the heading too, a spreadsheet would run as formulas."""
    counts = frame.select(_is_formula(selectors.string()).sum())
    heading = pl.DataFrame({"name": pl.Series(frame.columns, dtype=pl.String)}).select(
        _is_formula(pl.col("name")).sum()
    )
    return (int(sum(counts.row(0))) if counts.width else 0) + int(heading.item())


def warning_of(frame: pl.DataFrame) -> str:
    """Return what a person should know before a spreadsheet opens this table, empty where it would run nothing."""
    risky = formulas(frame)
    cells = "1 cell looks" if risky == 1 else f"{risky} cells look"
    return f"{cells} like a formula to a spreadsheet; --for-spreadsheets writes such cells harmless" if risky else ""


def shielded(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the table for a spreadsheet: an apostrophe before what it would run, and before apostrophes at a start.

    `unshielded` takes exactly these away.
    """
    text = selectors.string()
    cells = frame.with_columns(pl.when(_is_meant(text)).then(text.str.replace("^", SHIELD)).otherwise(text).name.keep())
    names = pl.Series(frame.columns, dtype=pl.String)
    meant = pl.DataFrame({"name": names}).select(_is_meant(pl.col("name")))["name"]
    return cells.rename({name: SHIELD + name for name in names.filter(meant)})


def unshielded(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the table as it was before `shielded`."""
    text = selectors.string()
    cells = frame.with_columns(
        pl.when(text.str.starts_with(SHIELD)).then(text.str.slice(1)).otherwise(text).name.keep()
    )
    return cells.rename({name: name[1:] for name in frame.columns if name.startswith(SHIELD)})


def _is_meant(text: pl.Expr) -> pl.Expr:
    return _is_formula(text) | text.str.starts_with(SHIELD)


def _is_formula(text: pl.Expr) -> pl.Expr:
    return text.str.contains(FORMULA) & ~text.str.contains(NUMBER)
