"""Where do the rows come from? One file per form of data."""

from __future__ import annotations

import difflib
from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl
from pydantic_core import PydanticCustomError

from ...core.errors import DataError
from ...core.part import Part, chosen_from, resolve
from ..dataset import Dataset
from ..inside import refuse_leaving
from ._labels import Labeller, Labels
from ._located import file_name
from ._secrets import hidden
from ._stream import in_batches
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
    ".conll": "conll",
    ".bio": "conll",
    ".iob": "conll",
    ".iob2": "conll",
    ".annotated": "conll",
}

NAMES = {"data.yaml": "yolo", "data.yml": "yolo", "Annotations": "voc", "Annotation": "voc"}
"""Names of files and folders that only one kind has."""

PACKABLE = ("csv", "jsonl", "conll")  # the other forms are compressed within


def silent(text: str) -> None:
    """Say nothing."""


class Source(Part):
    """Where do the rows come from?

    The promise: every row of the data becomes one row, in the data's own order; what is missing is null; a number
    is a Float64 or an Int64, all else is text, a list of texts, or the bytes of an image; answers and boxes are lists
    of structs. What cannot be read so is refused by its place.
    """

    family: ClassVar[str] = "data.sources"

    inputs: dict[str, Modality] | list[str] | None = None
    """The columns to learn from, each with its modality or as a list of names; all but the target if left out."""
    id: str | None = None
    """The column that holds a unique id of each row; a hash of the inputs if left out."""
    missing: tuple[str, ...] = ()
    """Texts that mean that a value is missing, for instance `["n/a", "-"]`."""
    labels: Labels | None = None
    """Where the labels stand apart from the rows: `{path: labels.csv, key: id, column: label}`."""

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
        return self.read(base).frame

    @abstractmethod
    def title(self) -> str:
        """Return the word that names the versions made from these rows, where the recipe has no `name`."""

    def read(self, base: Path, note: Note = silent) -> Dataset:
        """Return every row, numbered; how they were read is noted where a person should know of it.

        Raises DataError as `rows` does, where `id` or `inputs` name no column, labels cannot be joined, or the path of
        an image leads out of the data's folder.
        """
        data = self.rows(base, note)
        labeller = self._labeller(base, note)
        if labeller is not None:
            data = labeller.labelled(data)
            labeller.finish(note)
        return self._located(data, base)

    def blocks(self, base: Path, note: Note = silent) -> Iterator[Dataset]:
        """Yield the same rows as `rows`, in blocks of any size; one block where the kind cannot read in parts."""
        yield self.rows(base, note)

    def batches(self, base: Path, rows: int = 500_000, note: Note = silent) -> Iterator[pl.DataFrame]:
        """Yield the rows that `read` returns, in the same types and order, as frames of `rows` rows.

        Memory is bounded by a batch for CSV, JSON and SQL (whose rows wait in temporary files), by a batch and a row
        group or record batch for Parquet and Arrow; the other kinds are held whole.
        Raises what `read` raises, some of it only after the batches before.
        """
        for data in self.numbered_batches(base, rows, note):
            yield data.frame

    def numbered_batches(self, base: Path, rows: int = 500_000, note: Note = silent) -> Iterator[Dataset]:
        """Yield what `batches` yields, each row with its number, source and split."""
        labeller = self._labeller(base, note)
        for data in in_batches(self.blocks(base, note), rows):
            whole = data if labeller is None else labeller.labelled(data)
            yield self._located(whole, base)
        if labeller is not None:
            labeller.finish(note)

    def root(self, base: Path) -> Path:
        """Return the folder that paths within the rows start at."""
        return base

    def _labeller(self, base: Path, note: Note) -> Labeller | None:
        if self.labels is None:
            return None
        source = resolve(self.family, {"path": self.labels.path, "missing": self.missing})
        assert isinstance(source, Source)
        return Labeller(self.labels, source.rows(base, note))

    def _located(self, data: Dataset, base: Path) -> Dataset:
        """Return the rows with the folder their paths start at. Raises DataError where they are not those asked for."""
        self._refuse_unknown(data)
        named = self.inputs.items() if isinstance(self.inputs, dict) else ()
        paths = [name for name, modality in named if modality.kind == "image" and data.frame[name].dtype == pl.String]
        for name in paths:
            refuse_leaving(data, name, self.root(base))
        return replace(data, folder=self.root(base))

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
    """Return the kind of source that reads a file, by its name or ending, or `folder` for `name/`.

    Several kinds share `.json`: it is read as rows, and SQuAD's and COCO's documents are refused with their kind.
    Raises DataError where neither is known.
    """
    if str(path).endswith("/"):
        return "folder"
    name = file_name(str(path))
    if name in NAMES:
        return NAMES[name]
    ending, kind = unpacked_ending(name), ENDINGS.get(unpacked_ending(name))
    if kind is None or (is_packed(name) and kind not in PACKABLE):
        ending = "".join(Path(name).suffixes[-2:]).lower() if is_packed(name) else ending
        fact = f"the ending '{ending}' is not known" if ending else "the name has no ending that tells its form"
        remedy = "rename it, or say `data: {kind: ..., path: ...}`" + (
            "" if ending else "; a folder of images ends in /, others need a kind (voc, yolo, hub)"
        )
        known = f"known: {', '.join(ENDINGS)}; text also with .gz, .zst or .zip behind"
        raise DataError(f"{hidden(str(path))}: {fact} ({known}); {remedy}")
    return kind
