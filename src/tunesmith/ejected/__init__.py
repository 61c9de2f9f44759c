"""A language model's version without Tunesmith: its model as a folder, its training as a script and as TRL's file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.errors import DataError
from ..version import Version
from .model import save_model
from .refusals import refuse_model, refuse_training
from .rows import again
from .script import base_remarks, write_script
from .trl import write_trl


@dataclass(frozen=True, slots=True)
class Ejected:
    """What was written: `weights` is the digest that the script must come to, `remarks` what a person should know."""

    folder: Path
    version: str
    weights: str
    files: list[str]
    rows: dict[str, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """What stands in the folder itself."""
        return sorted({f"{one.partition('/')[0]}/" if "/" in one else one for one in self.files})

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        told = {"version": self.version, "weights": self.weights, "files": self.files, "rows": self.rows}
        return {"folder": str(self.folder)} | told | {"remarks": self.remarks}


def eject(version: Version, folder: Path, home: Path, place: Path, is_model_alone: bool = False) -> Ejected:
    """Write a version into a new or empty folder, all of it or nothing.

    `place` is the folder that the recipe's paths start from. Raises RecipeError where a run cannot be written out,
    DataError where the folder or the rows are not what they have to be, GuardError where the model written is not the
    version's.
    """
    refuse_model(version)
    check_folder(folder)
    rows = None
    if not is_model_alone:
        refuse_training(version)
        rows = again(version.stored, home, place)
    with _whole(folder) as begun:
        asked = None if rows is None else rows.chats(version.codec, "validation")
        spoken = save_model(version, begun / "model", asked)
        if rows is not None:
            write_script(version, rows, begun)
            write_trl(version, rows, spoken, begun)
        files = sorted(one.relative_to(begun).as_posix() for one in begun.rglob("*") if one.is_file())
    counts = {} if rows is None else {name: len(one) for name, one in rows.parts.items()}
    remarks = spoken.remarks + ([] if rows is None else base_remarks(rows))
    return Ejected(folder, version.label, version.stored.manifest["weights"], files, counts, remarks)


def check_folder(folder: Path) -> None:
    """Raise DataError where a folder cannot be written into, or holds something."""
    if folder.is_dir() and any(folder.iterdir()):
        raise DataError(f"{folder}: the folder is not empty; name a new one, nothing is overwritten")
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder}: this is a file, not a folder; name a new folder")
    above = _above(folder)
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise DataError(f"{above}: nothing can be written here; make it writable, or name another folder")


def _above(folder: Path) -> Path:
    """Return the nearest folder above that exists."""
    return next(one for one in folder.absolute().parents if one.exists())


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """Give a folder beside the lasting one, which takes its name when the block ends well and is gone otherwise."""
    begun = _above(folder) / f".{folder.name}.{os.getpid()}.part"
    begun.mkdir()
    try:
        yield begun
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.is_dir():
            folder.rmdir()
        begun.rename(folder)
    finally:
        shutil.rmtree(begun, ignore_errors=True)
