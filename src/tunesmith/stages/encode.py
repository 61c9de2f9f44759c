"""Rows to arrays: the codec learns from training rows only, and the same codec encodes for ever after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from ..core.errors import DataError, SchemaError
from ..core.ids import set_digest
from ..data import Codec, Column, Dataset, Encoded
from ..data.hashing import row_hashes
from ..parts.modalities import Modality
from ..parts.tasks import MisplacedError, Task

Pairs = Mapping[str, tuple[tuple[Any, Any], ...]]


def fit_codec(
    train: Dataset,
    inputs: Mapping[str, Modality],
    target: str,
    task: Task,
    replacements: Pairs | None = None,
    group: str | None = None,
) -> Codec:
    """Return what the columns and the target teach, from these cleaned rows; `replacements` go on at serving.

    `group` is the column whose equal values stand on one side of the split, where there is one.
    """
    pairs = replacements or {}
    columns = tuple(
        Column(name, one, one.within(train).fit(train.frame[name]), pairs.get(name, ())) for name, one in inputs.items()
    )
    state = task.fit(train.frame[target])
    return Codec(columns, task, target, state, set_digest(train.ids), group)


def encode(data: Dataset, codec: Codec, labelled: bool = True) -> Encoded:
    """Return the rows as arrays. Raises SchemaError for wrong columns, DataError for unreadable or unseen labels."""
    check_schema(data, codec)
    grouped: dict[str, list[np.ndarray]] = {}
    for column in codec.columns:
        modality = column.modality
        assert isinstance(modality, Modality)
        array = modality.within(data).encode(column.values(data.frame), column.state)
        grouped.setdefault(modality.gives, []).append(array)
    inputs = {form: np.stack(arrays, axis=1) for form, arrays in grouped.items()}
    targets = _placed(encode_targets(data, codec), inputs, data, codec) if labelled else None
    return Encoded(tuple(data.ids), inputs, targets, groups=_groups(data, codec) if labelled else None)


def _groups(data: Dataset, codec: Codec) -> np.ndarray | None:
    """Return a number for the group of each row, int64 (rows,), None where groups are neither known nor needed."""
    assert isinstance(codec.task, Task)
    name = codec.group
    if name is not None and name in data.columns:
        return row_hashes(data.frame, [name]).view(np.int64)
    if name is not None and codec.task.judged_by is not None:
        raise SchemaError(
            f"{_source(data)}: there is no column '{name}', by which {codec.task.kind} is measured; add it"
        )
    return None


def _placed(targets: Any, inputs: Mapping[str, np.ndarray], data: Dataset, codec: Codec) -> Any:
    """Return the labels with what they need of the rows' inputs. Raises DataError naming a row that they do not fit."""
    assert isinstance(codec.task, Task)
    try:
        return codec.task.placed(targets, inputs)
    except MisplacedError as error:
        place = f"{data.place(error.position)}, column '{codec.target}'"
        raise DataError(f"{place}: {error.fact}; correct or remove the row") from error


def has_label(data: Dataset, codec: Codec) -> pl.Series:
    """Return which rows have a label, bool (rows,). Raises SchemaError without target, DataError without labels."""
    if codec.target not in data.columns:
        raise SchemaError(f"{_source(data)}: there is no target column '{codec.target}' to measure against; add it")
    labelled = data.frame[codec.target].is_not_null()
    if not labelled.any():
        raise DataError(f"{_source(data)}, column '{codec.target}': no row has a label to measure against; add labels")
    return labelled


def encode_targets(data: Dataset, codec: Codec) -> Any:
    """Return the labels as the task's array. Raises DataError naming the place of the first that does not fit."""
    task = codec.task
    assert isinstance(task, Task)
    if codec.target not in data.columns:
        raise SchemaError(f"{_source(data)}: there is no target column '{codec.target}' to measure against")
    target = data.frame[codec.target]
    missing = target.is_null()
    if missing.any():
        position = int(missing.arg_true()[0])
        raise DataError(f"{data.place(position)}, column '{codec.target}': the label is missing; remove the row")
    try:
        return task.encode(target, codec.target_state)
    except (ValueError, pl.exceptions.PolarsError) as error:
        place = f"{data.place(_first_unreadable(target, codec))}, column '{codec.target}'"
        raise DataError(f"{place}: {error}; train on rows that hold it, or remove those rows") from error


def _first_unreadable(target: pl.Series, codec: Codec) -> int:
    """Return the position of the first label that the task cannot encode, of which there is one, by halving."""
    assert isinstance(codec.task, Task)
    good, bad = 0, len(target)
    while bad - good > 1:
        middle = (good + bad) // 2
        try:
            codec.task.encode(target[good:middle], codec.target_state)
            good = middle
        except (ValueError, pl.exceptions.PolarsError):
            bad = middle
    return good


def check_schema(data: Dataset, codec: Codec) -> None:
    """Refuse rows whose columns are not those of training, by name. Raises SchemaError."""
    wanted = [column.name for column in codec.columns]
    missing = [name for name in wanted if name not in data.columns]
    if missing:
        names = ", ".join(f"'{name}'" for name in missing)
        extra = ", ".join(f"'{name}'" for name in data.columns if name not in wanted) or "none"
        raise SchemaError(
            f"{_source(data)}: missing column {names}; the model was trained on {', '.join(wanted)} "
            f"(other columns here: {extra}); rename the columns, they are never matched by position"
        )
    for column in codec.columns:
        modality = column.modality
        assert isinstance(modality, Modality)
        bad = modality.refuse(column.values(data.frame))
        if bad is not None:
            position, fact = bad
            kind = modality.kind
            raise SchemaError(
                f"{data.place(position)}, column '{column.name}': {fact}, and the column is a {kind}; "
                f"correct the row, or name such values in `data: {{missing: [...]}}`"
            )


def _source(data: Dataset) -> str:
    return str(data.index["source"][0]) if len(data) else "the rows"
