"""A registered version put together again: the same codec and weights answer here as were measured."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from .core.errors import DataError, SchemaError
from .core.part import find
from .data import Codec, Dataset, Encoded, Metric, Prediction
from .data.chats import Message, begins_like_messages, written
from .data.encoded import finite_rows
from .data.sources import ENDINGS, Source, source_for
from .data.stretches import gathered
from .model import Model
from .parts.bases import Base
from .parts.engines.local import Local
from .parts.tasks import Task
from .registry import Registry, StoredVersion
from .stages import evaluate
from .stages.build import Blueprint, rebuild
from .stages.encode import check_schema, encode, has_label

Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Version:
    """A stored version with its codec and model."""

    stored: StoredVersion
    codec: Codec
    model: Model
    report: Report

    @classmethod
    def open(cls, stored: StoredVersion) -> Version:
        """Read and verify every file of a version. Raises VerificationError where one was altered."""
        files = {name: stored.read(name) for name in stored.manifest["files"]}
        codec = Codec.from_json(json.loads(files["codec.json"]))
        recipe = json.loads(files["recipe.json"])
        Local().start()
        plan = Blueprint(Base.model_validate(recipe["base"]), codec, recipe["seed"], recipe["train"]["dropout"])
        return cls(stored, codec, rebuild(plan, files), Report.of(json.loads(files["report.json"])))

    @property
    def label(self) -> str:
        """`NAME@N`."""
        return self.stored.label

    def predict(
        self, rows: Rows, advance: Advance | None = None, writing: Mapping[str, Any] | None = None
    ) -> list[Prediction]:
        """Return one answer per row, in order. `writing` replaces fields of the recipe's `base.writing` for this call.

        Raises SchemaError where columns are not those of training, DataError where the version does not write so.
        """
        version = self.writing(writing) if writing else self
        data = as_dataset(rows, self.codec)
        encoded = version.model.prepare(encode(data, self.codec, labelled=False))
        scores = version._scores(data, encoded, advance)
        answers = self._task.answers(scores, self.codec.target_state)
        return [
            Prediction(row, one, answer, confidence, by_class)
            for row, one, (answer, confidence, by_class) in zip(data.rows, data.ids, answers, strict=True)
        ]

    def writing(self, changes: Mapping[str, Any]) -> Version:
        """Return this version with other options of writing. Raises DataError where it writes nothing."""
        if not changes:
            return self
        if not self.model.writes:
            options = ", ".join(changes)
            raise DataError(f"{self.label} writes no texts, so it has no {options}; leave that out")
        return replace(self, model=self.model.writing(changes))

    def conversation(self, messages: Sequence[Message]) -> Encoded:
        """Return a conversation that is to be answered as `predict` reads it, in tokens: one row.

        Where training had no conversations, only texts, several messages go through the base's own template.
        Raises DataError where the version does not answer conversations, or the template refuses this one.
        """
        if not self.model.writes or len(self.codec.columns) != 1:
            names = ", ".join(f"'{column.name}'" for column in self.codec.columns)
            raise DataError(f"{self.label} answers rows of {names}, not conversations; use `tunesmith predict`")
        column, cell = self.codec.columns[0], written(messages)
        encoded = encode(as_dataset([{column.name: cell}], self.codec), self.codec, labelled=False)
        if "chat" not in encoded.inputs and begins_like_messages(cell):
            chats = np.empty((1, 1), object)
            chats[0, 0] = list(messages)
            encoded = replace(encoded, inputs={"chat": chats})
        return self.model.prepare(encoded)

    def evaluate(self, rows: Rows, slices: Sequence[str] = (), advance: Advance | None = None) -> dict[str, Any]:
        """Measure on the rows that have a label. Returns metrics, per class, slices, calibration as JSON values.

        Raises SchemaError without the columns of training or the target, DataError where no row has a label.
        """
        given = as_dataset(rows, self.codec)
        data = given.where(has_label(given, self.codec))
        encoded = self.model.prepare(encode(data, self.codec))
        assert encoded.targets is not None
        scores = self._scores(data, encoded, advance)
        labelled = evaluate.Rows(data, self.codec, encoded.targets, 0, encoded.groups)
        found = {name: one.as_json() for name, one in evaluate.figures(labelled, scores).items()}
        drawn = evaluate.pictures(labelled, scores)
        return {
            "version": self.label,
            "rows": len(data),
            "unlabelled": len(given) - len(data),
            "metrics": found,
            "per_class": evaluate.class_figures(labelled, scores),
            "slices": {name: evaluate.by_slice(labelled, scores, name) for name in slices},
            "calibration": drawn.get("calibration"),
            "confusion": drawn.get("confusion"),
        }

    def _scores(self, data: Dataset, encoded: Encoded, advance: Advance | None) -> Any:
        """Return the task's scores. Raises DataError naming the first row for which they are not finite."""
        scores = self._task.scores(self.model.answer(encoded, advance), self.codec.target_state)
        odd = ~finite_rows(scores)
        if odd.any():
            place = data.place(int(odd.argmax()))
            raise DataError(f"{place}: the model's answer is no finite number; a value is far out of range: correct it")
        return scores

    @property
    def _task(self) -> Task:
        assert isinstance(self.codec.task, Task)
        return self.codec.task


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found: metrics with intervals, baselines and verdict; `values` is the whole as JSON values."""

    metrics: Mapping[str, Metric]
    verdict: str
    values: Mapping[str, Any]

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Report:
        """Read a report's JSON values."""
        metrics = {name: Metric(**one) for name, one in values["metrics"].items()}
        return cls(metrics, values["verdict"]["decision"], values)


Rows = Dataset | pl.DataFrame | Sequence[Any]


def load(reference: str, home: Path) -> Version:
    """Return the version behind NAME, NAME@N or NAME@ALIAS, verified."""
    return Version.open(Registry(home).resolve(reference))


def as_dataset(rows: Rows, codec: Codec) -> Dataset:
    """Return rows of any accepted shape with their columns checked and their ids given.

    Accepted are a Dataset, a Polars frame, a list of dicts, and a list of texts where one column is the input.
    Raises SchemaError where the columns are not those of training.
    """
    if not isinstance(rows, Dataset):
        rows = Dataset.of(_frame(rows, codec), "rows")
    apart = list(codec.task.apart) if isinstance(codec.task, Task) else []
    if apart and codec.target not in rows.columns and set(apart) <= set(rows.columns):
        rows = replace(rows, frame=gathered(rows.frame, apart, codec.target))
    check_schema(rows, codec)
    names = [column.name for column in codec.columns]
    return rows.identified(names, codec.numeric)


def _frame(rows: Any, codec: Codec) -> pl.DataFrame:
    if isinstance(rows, pl.DataFrame):
        return rows
    if hasattr(rows, "columns") and hasattr(rows, "iloc"):
        return pl.DataFrame({str(name): rows[name].to_list() for name in rows.columns}, strict=False)
    values = list(rows)
    if values and all(isinstance(one, dict) for one in values):
        _refuse_holes(values, codec)
        return pl.DataFrame(values, strict=False, infer_schema_length=None)
    if len(codec.columns) != 1:
        names = ", ".join(column.name for column in codec.columns)
        raise SchemaError(f"the model reads the columns {names}; give rows as dicts or a table, not as bare values")
    return pl.DataFrame({codec.columns[0].name: values}, strict=False)


def _refuse_holes(values: Sequence[Mapping[str, Any]], codec: Codec) -> None:
    """Refuse a row that lacks a column which another has: it would silently count as a missing value."""
    for number, row in enumerate(values, start=1):
        lacking = [f"'{column.name}'" for column in codec.columns if column.name not in row]
        if lacking:
            names, wanted = ", ".join(lacking), ", ".join(column.name for column in codec.columns)
            raise SchemaError(
                f"rows row {number}: missing column {names}; the model was trained on {wanted}; "
                "give None (in JSON null) where a value is missing"
            )


def read_rows(path: str, folder: Path, like: Version | None = None) -> Dataset:
    """Read a file of rows to answer for, `like` a version's own where its name leaves that open.

    Raises DataError where it cannot be read or its name tells no form.
    """
    where = f"{path.rstrip('/')}/" if Path(folder, path).is_dir() else path
    source = find(Source.family, _kind_of(where, like)).model_validate({"path": where})
    assert isinstance(source, Source)
    return source.read(folder)


def _kind_of(path: str, like: Version | None) -> str:
    """Return the kind of source that reads a file: where an ending tells too little, that of a version's own rows."""
    if like is not None:
        data = json.loads(like.stored.read("recipe.json"))["data"]
        paths = data.get("path", "")
        while isinstance(paths, dict | list):  # by split, several files, or both
            paths = next(iter(paths.values() if isinstance(paths, dict) else paths), "")
        if data["kind"] not in ENDINGS.values() and Path(path).suffix == Path(str(paths)).suffix != "":
            return str(data["kind"])
    return source_for(path)


def stored_report(reference: str, home: Path) -> tuple[StoredVersion, dict[str, Any]]:
    """Return a version and its report with the version's own identity in it, without loading the model."""
    stored = Registry(home).resolve(reference)
    values = json.loads(stored.read("report.json"))
    return stored, values | {
        "version": stored.label,
        "digest": stored.digest,
        "created": stored.manifest["created"],
    }
