"""Data sets of the Hugging Face Hub, and folders that its library wrote: `save_to_disk` or its own cache."""

from __future__ import annotations

import difflib
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field

from ...core.errors import DataError, first_line
from ...core.need import need
from ..dataset import Dataset, concatenate
from . import Note, Source, silent
from ._bytes import refuse_absent
from ._columns import without_missing
from ._files import Split, refuse_mixed
from ._saved import ELSEWHERE, Table, named_frame, saved_splits

if TYPE_CHECKING:
    import pyarrow

OURS: tuple[Split, ...] = ("train", "validation", "test")


class Hub(Source):
    """Rows of a data set of the Hugging Face Hub, or of a folder that `save_to_disk` wrote; classes by their names.

    A data set that has a `train` and other splits of ours keeps them. Folders are read without the library.
    """

    path: str = Field(min_length=1)
    """The folder, relative to the recipe, or else the Hub id, for instance `stanfordnlp/imdb`."""
    config: str | None = None
    """The configuration, where a data set has several."""
    revision: str | None = None
    """The branch, tag or commit on the Hub."""
    split: str | dict[Split, str] | None = None
    """The split to read, or which are ours: `{train: train, test: dev}`. All where they are named as ours."""

    @classmethod
    def samples(cls) -> list[Self]:
        """Return instances for the contract kit."""
        return [cls(path="owner/name", revision="main", split={"train": "train", "test": "dev"})]

    def title(self) -> str:
        """Return the last part of the id or folder."""
        return PurePosixPath(self.path).name

    def root(self, base: Path) -> Path:
        """Return the folder itself, where it is one."""
        return Path(base, self.path) if Path(base, self.path).is_dir() else base

    def rows(self, base: Path, note: Note = silent) -> Dataset:
        """Return the rows of the splits, numbered in each. Raises DataError where they cannot be had."""
        folder = Path(base, self.path)
        tables = saved_splits(folder) if folder.is_dir() else self._from_hub(folder)
        parts = []
        for ours, theirs in self._chosen(list(tables)).items():
            source = self.title() if len(tables) == 1 else f"{self.title()}/{theirs}"
            frame = named_frame(tables[theirs](), source)
            if not frame.height:
                raise DataError(f"{source}: no rows; name another `split`")
            parts.append(Dataset.of(frame, source, ours))
        refuse_mixed([(str(part.index["source"][0]), part.frame.schema) for part in parts])
        joined = concatenate(parts)
        return Dataset(without_missing(joined.frame, self.missing), joined.index)

    def _chosen(self, names: list[str]) -> dict[Split | None, str]:
        """Return our split -> the data set's; None where rows are ours to divide."""
        if self.split is None and len(names) == 1:
            return {None: names[0]}
        if self.split is None and "train" in names and set(names) <= set(OURS):
            return {name: name for name in OURS if name in names}
        listed = ", ".join(f"'{name}'" for name in names)
        if self.split is None:
            raise DataError(f"{self.path}: name the splits to read, as `split: {{train: ...}}` (splits: {listed})")
        named = {None: self.split} if isinstance(self.split, str) else self.split
        chosen: dict[Split | None, str] = dict(named.items())
        for name in chosen.values():
            if name not in names:
                near = difflib.get_close_matches(name, names, 1)
                hint = f", did you mean '{near[0]}'?" if near else ""
                raise DataError(f"{self.path}: no split '{name}'{hint} (splits: {listed})")
        return chosen

    def _from_hub(self, folder: Path) -> dict[str, Table]:
        """Return the data set's splits. Raises NotFoundError or DataError where it cannot be had."""
        if Path(self.path).is_absolute() or self.path.startswith(".") or folder.exists():
            refuse_absent(folder)
            raise DataError(f"{folder} is a file; {ELSEWHERE}")
        datasets = need("datasets", extra="hub")
        try:
            found = datasets.load_dataset(self.path, name=self.config, revision=self.revision)
        except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
            fact = f"no folder of that name here, nor to be had from the Hub ({first_line(error)})"
            raise DataError(f"{self.path}: {fact}; {ELSEWHERE}") from error
        return {name: partial(_whole, split) for name, split in found.items()}


def _whole(split: Any) -> pyarrow.Table:
    table = split.with_format("arrow")[:]
    return table.replace_schema_metadata(split.features.arrow_schema.metadata)
