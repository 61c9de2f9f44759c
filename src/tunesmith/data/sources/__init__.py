"""Where do the rows come from? One file per form of data."""

from __future__ import annotations

import difflib
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl
from pydantic_core import PydanticCustomError

from ...core.errors import DataError
from ...core.part import Part, chosen_from
from ..dataset import Dataset
from ._located import file_name
from ._secrets import hidden
from ._unpack import is_packed, unpacked_ending

if TYPE_CHECKING:
    Modality = Part
else:
    Modality = chosen_from("parts.modalities")

Note = Callable[[str], None]

ENDINGS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".ipc": "arrow",
    ".feather": "arrow",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xlsb": "excel",
    ".xls": "excel",
    ".ods": "excel",
}

PACKABLE = ("csv", "jsonl")  # the other forms are compressed within


def silent(text: str) -> None:
    """Say nothing."""


class Source(Part):
    """Where do the rows come from?

    The promise: every row of the data becomes one row, in the data's own order; what is missing is null; a number
    is a Float64 or an Int64, all else is text or a list of texts. What cannot be read so is refused by its place.
    """

    family: ClassVar[str] = "data.sources"

    inputs: dict[str, Modality] | list[str] | None = None
    """The columns to learn from, each with its modality or as a list of names; all but the target if left out."""
    id: str | None = None
    """The column that holds a unique id of each row; a hash of the inputs if left out."""
    missing: tuple[str, ...] = ()
    """Texts that mean that a value is missing, for instance `["n/a", "-"]`."""

    @classmethod
    def shorthand(cls, value: dict[str, Any]) -> dict[str, Any] | None:
        """Read `reviews.csv`, `data/*.csv` and `{path: ..., ...}`: the ending says which kind of source it is."""
        path = value.get("path", value.get("kind"))
        first = next(iter(path.values()), None) if isinstance(path, dict) else path
        first = first[0] if isinstance(first, list) and first else first
        if not isinstance(first, str) or ("path" in value and "kind" in value):
            return None
        try:
            return value | {"kind": source_for(first), "path": path}
        except DataError as error:
            raise PydanticCustomError("kind_unknown", "{fact}", {"fact": str(error)}) from None

    @abstractmethod
    def rows(self, base: Path, note: Note = silent) -> Dataset:
        """Return every row as the data hold it, columns in their final types; what a person should know is noted.

        Relative paths start at `base`. Raises DataError or NotFoundError with the place of the fault.
        """

    def raw(self, base: Path) -> pl.DataFrame:
        """Return the cells as the data hold them, before `missing` and types: what a change of the data starts from."""
        return self.rows(base).frame

    @abstractmethod
    def title(self) -> str:
        """Return the word that names the versions made from these rows, where the recipe has no `name`."""

    def read(self, base: Path, note: Note = silent) -> Dataset:
        """Return every row, numbered; how they were read is noted where a person should know of it.

        Raises DataError as `rows` does, and where `id` or `inputs` name no column.
        """
        data = self.rows(base, note)
        self._refuse_unknown(data)
        return data

    def _refuse_unknown(self, data: Dataset) -> None:
        for field, names in (("id", [self.id] if self.id else []), ("inputs", list(self.inputs or []))):
            for name in names:
                if name not in data.columns:
                    near = difflib.get_close_matches(name, data.columns, 1)
                    hint = f", did you mean '{near[0]}'?" if near else ""
                    known = ", ".join(data.columns)
                    raise DataError(
                        f"{data.index['source'][0]}: no column '{name}', which `{field}` names{hint} (columns: {known})"
                    )


def source_for(path: str | Path) -> str:
    """Return the kind of source that reads a file, by its ending. Raises DataError on an unknown ending."""
    name = file_name(str(path))
    ending, kind = unpacked_ending(name), ENDINGS.get(unpacked_ending(name))
    if kind is None or (is_packed(name) and kind not in PACKABLE):
        ending = "".join(Path(name).suffixes[-2:]).lower() if is_packed(name) else ending
        fact = f"the ending '{ending}' is not known" if ending else "the name has no ending that tells its form"
        raise DataError(
            f"{hidden(str(path))}: {fact} (known: {', '.join(ENDINGS)}; text also with .gz, .zst or .zip behind); "
            "rename it, or say `data: {kind: ..., path: ...}`"
        )
    return kind
