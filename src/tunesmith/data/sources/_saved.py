"""Folders that the library `datasets` wrote, read without it: their splits, and classes by their names."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from ...core.errors import DataError, first_line
from ...core.need import lazy
from ..inside import is_inside
from ._bytes import Local, refuse_absent
from ._columns import plain
from ._ipc import read_table

if TYPE_CHECKING:
    import pyarrow
else:
    pyarrow = lazy("pyarrow")

Table = Callable[[], "pyarrow.Table"]

SHARD = re.compile(r"(?:^|-)([^-]+?)(?:-\d{5}-of-\d{5})?\.arrow$")
ELSEWHERE = "give a folder that its `save_to_disk` wrote, or its files: `data: {kind: parquet, path: ...}`"


def saved_splits(folder: Path) -> dict[str, Table]:
    """Return the splits of a folder: of one that holds several, of one alone, or of the library's cache."""
    if (folder / "dataset_dict.json").is_file():
        names = _described(folder / "dataset_dict.json", "splits", folder)
        return {str(name): partial(_joined, _saved(_within(folder, name), folder), folder) for name in names}
    if (folder / "state.json").is_file():
        return {"train": partial(_joined, _saved(folder, folder), folder)}
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.arrow")):
        match = SHARD.search(path.name)
        if match and not path.name.startswith("cache-"):  # what a transformation left there
            found.setdefault(match[1], []).append(path)
    if not found:
        raise DataError(f"{folder}: no data set in this folder; {ELSEWHERE}")
    return {name: partial(_joined, paths, folder) for name, paths in found.items()}


def _saved(folder: Path, root: Path) -> list[Path]:
    """Return the files of a split that was saved, in order."""
    state = folder / "state.json"
    if _described(state, "_indices_data_files", root, []):
        raise DataError(f"{state}: a selection of rows by an old library; save the data set again with `datasets` 4")
    files = _described(state, "_data_files", root)
    return [
        _within(root, folder.relative_to(root), one.get("filename") if isinstance(one, dict) else one) for one in files
    ]


def _described(path: Path, key: str, root: Path, default: Any = None) -> list[Any]:
    """Return the list that a description holds. Raises DataError where it is none."""
    try:
        value = json.loads(path.read_text("utf-8"))
        found = value.get(key, default)
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise DataError(f"{path}: cannot be read ({first_line(error)}); {ELSEWHERE}") from error
    if not isinstance(found, list):
        raise DataError(f"{path}: no list '{key}'; {ELSEWHERE}")
    return found


def _within(root: Path, *steps: Any) -> Path:
    """Return a path that a description names. Raises DataError where it is no name, or leads out of the folder."""
    path = root.joinpath(*map(str, steps))
    if not is_inside(path, root):
        raise DataError(f"{root}: its description names '{path}', out of the folder; {ELSEWHERE}")
    return path


def _joined(paths: list[Path], folder: Path) -> pyarrow.Table:
    tables = []
    for path in paths:
        refuse_absent(path)
        tables.append(read_table(Local(path, path.relative_to(folder).as_posix())))
    try:
        return pyarrow.concat_tables(tables)
    except pyarrow.ArrowException as error:
        raise DataError(f"{folder}: its files do not fit together ({first_line(error)}); {ELSEWHERE}") from error


def named_frame(table: pyarrow.Table, source: str) -> pl.DataFrame:
    """Return the rows, classes by their names where the library wrote these beside the numbers."""
    features = _features(table)
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame.select(plain(_named(series, features.get(series.name), source), source) for series in frame)


def _features(table: pyarrow.Table) -> dict[str, Any]:
    written = (table.schema.metadata or {}).get(b"huggingface", b"{}")
    try:
        found = json.loads(written)["info"]["features"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _named(series: pl.Series, feature: Any, source: str) -> pl.Series:
    """Return numbers of classes, single or in lists, as the names of the classes; -1 means that there is none."""
    is_list = isinstance(series.dtype, pl.List)
    inner = feature.get("feature") if is_list and isinstance(feature, dict) else feature
    names = inner.get("names") if isinstance(inner, dict) and inner.get("_type") == "ClassLabel" else None
    numbers = series.explode() if is_list else series
    if not isinstance(names, list) or not numbers.dtype.is_integer():
        return series
    if not numbers.is_between(-1, len(names) - 1).all():
        raise DataError(f"{source}, column '{series.name}': a number that none of its {len(names)} classes has")
    words = dict(enumerate(map(str, names)))
    if is_list:
        return series.list.eval(pl.element().replace_strict(words, default=None, return_dtype=pl.String))
    return series.replace_strict(words, default=None, return_dtype=pl.String)
