"""Where do the rows come from? One file per form of data."""

from __future__ import annotations

import difflib
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import polars as pl
from pydantic import field_validator
from pydantic_core import PydanticCustomError

from ...core.errors import DataError
from ...core.part import Part, chosen_from
from ..dataset import Dataset, concatenate
from ._columns import without_missing

if TYPE_CHECKING:
    Modality = Part
else:
    Modality = chosen_from("parts.modalities")

ENDINGS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}


class Source(Part):
    """Where do the rows come from?

    The promise: every row of the file becomes one row, in the file's own order; what is missing is null; a number
    is a Float64 or an Int64, all else is text or a list of texts. What cannot be read so is refused by line.
    """

    family: ClassVar[str] = "data.sources"

    path: str | dict[Literal["train", "validation", "test"], str]
    """The file, relative to the recipe; or one file per split: `{train: ..., validation: ..., test: ...}`."""
    inputs: dict[str, Modality] | list[str] | None = None
    """The columns to learn from, each with its modality or as a list of names; all but the target if left out."""
    id: str | None = None
    """The column that holds a unique id of each row; a hash of the inputs if left out."""
    missing: tuple[str, ...] = ()
    """Texts that mean that a value is missing, for instance `["n/a", "-"]`."""

    @classmethod
    def samples(cls) -> list[Self]:
        """Return instances for the contract kit."""
        return [cls(path="rows.txt"), cls(path={"train": "rows.txt", "test": "new.txt"}, id="key", missing=("-",))]

    @classmethod
    def shorthand(cls, value: dict[str, Any]) -> dict[str, Any] | None:
        """Read `reviews.csv` and `{path: reviews.csv, ...}`: the ending says which kind of source it is."""
        path = value.get("path", value.get("kind"))
        first = next(iter(path.values()), None) if isinstance(path, dict) else path
        if not isinstance(first, str) or ("path" in value and "kind" in value):
            return None
        try:
            return value | {"kind": source_for(first), "path": path}
        except DataError as error:
            raise PydanticCustomError("kind_unknown", "{fact}", {"fact": str(error)}) from None

    @field_validator("path")
    @classmethod
    def _names_files(cls, value: str | dict[str, str]) -> str | dict[str, str]:
        if isinstance(value, dict) and "train" not in value:
            raise ValueError("one file per split needs at least `train:`")
        if not all(value.values() if isinstance(value, dict) else [value]):
            raise ValueError("the name of a file is empty")
        return value

    @abstractmethod
    def read_file(self, path: Path) -> pl.DataFrame:
        """Return the rows of one file as it holds them. Raises DataError or NotFoundError, naming file and line."""

    def finished(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of all files with `missing` made null and the columns in their final types."""
        return without_missing(frame, self.missing)

    def notes(self, base: Path) -> list[str]:
        """Return sentences on how the files were read that a person should see; reads the files again."""
        return []

    def files(self, base: Path) -> dict[str | None, Path]:
        """Return split -> file, the split None where one file holds all; relative paths start at `base`."""
        if isinstance(self.path, str):
            return {None: Path(base, self.path)}
        return {split: Path(base, path) for split, path in self.path.items()}

    def read(self, base: Path) -> Dataset:
        """Return the rows of every file, numbered, with their split where it is given by the files.

        Raises DataError where a file holds no rows, the files' columns differ, or `id` or `inputs` name no column.
        """
        parts = []
        for split, path in self.files(base).items():
            frame = self.read_file(path)
            if not frame.height:
                raise DataError(f"{path.name}: no rows, only the names of columns; give a file with rows")
            parts.append(Dataset.of(frame, path.name, split))
        _refuse_mixed(parts)
        joined = concatenate(parts)
        self._refuse_unknown(joined)
        return Dataset(self.finished(joined.frame), joined.index)

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
    ending = Path(path).suffix.lower()
    if ending not in ENDINGS:
        fact = f"the ending '{ending}' is not known" if ending else "the name has no ending that tells its form"
        raise DataError(
            f"{path}: {fact} (known: {', '.join(ENDINGS)}); rename it, or say `data: {{kind: ..., path: ...}}`"
        )
    return ENDINGS[ending]


def _refuse_mixed(parts: list[Dataset]) -> None:
    """Raise where a column holds lists in one file and single values in another: no type holds both."""
    first = parts[0]
    for other in parts[1:]:
        for name in set(first.columns) & set(other.columns):
            types = first.frame[name].dtype, other.frame[name].dtype
            if pl.Null not in types and (types[0] == pl.List) != (types[1] == pl.List):
                files = f"{first.index['source'][0]} and {other.index['source'][0]}"
                raise DataError(
                    f"{files}, column '{name}': lists in one, single values in the other; write lists in both"
                )
