"""What the rows mean, found where the recipe does not say: target, task, the kinds of the inputs."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from ..core.errors import DataError
from ..core.part import find, kinds
from ..data import Dataset, stretches
from ..data.shapes import is_input, shaped_inputs, shaped_target
from ..parts.checks import Check, Table
from ..parts.modalities import Modality
from ..parts.tasks import Task

TARGET_NAMES = (
    "label",
    "target",
    "class",
    "category",
    "y",
    "sentiment",
    "outcome",
    "churn",
    "rating",
    "intent",
    "labels",
    "answers",
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the columns are. `inferred` names the recipe's keys that were found here."""

    inputs: dict[str, Modality]
    target: str
    task: Task
    inferred: frozenset[str] = field(default_factory=frozenset)
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Column -> why it is no input."""

    @property
    def numeric(self) -> list[str]:
        """The inputs that are numbers, whose ids follow from values and not from how they are written."""
        return [name for name, modality in self.inputs.items() if modality.gives == "numbers"]

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of each input."""
        return {name: one.kind for name, one in self.inputs.items()}


@dataclass(frozen=True, slots=True)
class Given:
    """What the recipe says of the columns; None where it says nothing."""

    inputs: Mapping[str, Modality] | Sequence[str] | None = None
    target: str | None = None
    task: Task | None = None
    id: str | None = None
    dividing: tuple[str, ...] = ()
    """Columns that rows are divided by: a group, a time, a given split."""


def gathered(data: Dataset, target: str | None, task: Task | None) -> Dataset:
    """Return the rows with their labels in one column, where the task's stand in several. Raises DataError."""
    if task is None or target is None or target in data.columns:
        return data
    for name in task.apart:
        _known(data, name, "target")
    return replace(data, frame=stretches.gathered(data.frame, list(task.apart), target)) if task.apart else data


def infer(data: Dataset, given: Given) -> Meaning:
    """Return the meaning of the columns. Raises DataError naming column, fact and remedy where there is none."""
    target = given.target or guess_target(data, given.dividing)
    _known(data, target, "target")
    if not len(data):
        raise DataError("the data has no rows; add rows")
    task = (given.task or guess_task(data, target)).completed(data.frame[target], _guessing(data))
    if task.judged_by is not None:
        _known(data, task.judged_by, f"task {task.kind}")
    inferred = {key for key, value in (("target", given.target), ("task", given.task)) if value is None}
    inputs, guessed, left_out = _inputs(data, given, target, task)
    _refuse_labels(data, target, task, list(inputs))
    return Meaning(inputs, target, task, frozenset(inferred | guessed), left_out)


def loosely(data: Dataset, given: Given) -> Meaning:
    """Return the meaning for checking alone: what would stop a training is left for the checks to name."""
    target = given.target or guess_target(data, given.dividing)
    _known(data, target, "target")
    task = (given.task or guess_task(data, target)).completed(data.frame[target], _guessing(data))
    names = list(given.inputs or _by_default(data, given, target)[0])
    for name in names:
        _known(data, name, "inputs")
    left_out = _id_columns(data, names, target) if given.inputs is None else {}
    inputs = {name: guess_modality(data, name) for name in names if name not in left_out}
    return Meaning(inputs, target, task, left_out=left_out)


def guess_target(data: Dataset, but: Sequence[str] = ()) -> str:
    """Return the target of rows of a known shape, else the column with a usual name, else the last, of all `but` some.

    Raises DataError on a single column.
    """
    if len(data.columns) < 2:
        raise DataError(f"{_source(data)}: a single column '{', '.join(data.columns)}' cannot be both input and target")
    columns = [name for name in data.columns if name not in but] or data.columns
    shaped = shaped_target(data.frame, columns)
    if shaped is not None:
        return shaped
    lowered = {name.lower(): name for name in reversed(columns)}
    usual = next((lowered[name] for name in TARGET_NAMES if name in lowered), None)
    return usual or next((name for name in reversed(columns) if not holds_images(data, name)), columns[-1])


def guess_task(data: Dataset, target: str) -> Task:
    """Return the task that suits the target column best. Raises DataError where none does."""
    return _guessing(data)(data.frame[target])


def _guessing(data: Dataset) -> Callable[[pl.Series], Task]:
    """Return what guesses a task from labels."""
    return lambda column: _suited(column, _source(data))


def _suited(column: pl.Series, source: str) -> Task:
    suited = {
        name: part.suits(column) for name in kinds("parts.tasks") if issubclass(part := find("parts.tasks", name), Task)
    }
    best = max(suited, key=lambda name: suited[name])
    if column.null_count() < len(column) and suited[best] < 0.1:
        raise DataError(f"{source}, column '{column.name}': no task suits such values; set `target` or `task`")
    task = find("parts.tasks", best)()
    assert isinstance(task, Task)
    return task


def guess_modality(data: Dataset, name: str) -> Modality:
    """Return the kind that suits a column's values best."""
    parts = [part for kind in kinds("parts.modalities") if issubclass(part := find("parts.modalities", kind), Modality)]
    return max(parts, key=lambda part: part.suits(data.frame[name]))()


def holds_images(data: Dataset, name: str) -> bool:
    """Whether a column is one of images, told from its values."""
    return guess_modality(data, name).gives == "image"


def _inputs(
    data: Dataset, given: Given, target: str, task: Task
) -> tuple[dict[str, Modality], set[str], dict[str, str]]:
    left_out: dict[str, str] = {}
    roles = _roles(data, given, target, task)
    if isinstance(given.inputs, Mapping):
        inputs, guessed = {name: given.inputs[name] for name in roles or given.inputs}, set()
    elif roles is not None:
        inputs, guessed = {name: _modality(kind) for name, kind in roles.items()}, {"data.inputs"}
        others = [name for name in _candidates(data, given, target) if name not in roles]
        left_out = dict.fromkeys(others, f"task {task.kind} reads {' and '.join(roles)}")
    else:
        names = list(given.inputs or ())
        if not given.inputs:
            names, left_out = _by_default(data, given, target)
        if given.inputs is None:
            left_out |= _id_columns(data, names, target)
        for name in names:
            _known(data, name, "inputs")
        inputs = {name: guess_modality(data, name) for name in names if name not in left_out}
        guessed = {"data.inputs"}
    for name, modality in inputs.items():
        _usable(data, name, modality, target)
    if not inputs:
        raise DataError(_no_input(data, target, left_out))
    return inputs, guessed, left_out


def _candidates(data: Dataset, given: Given, target: str) -> list[str]:
    """Return the columns that the recipe names as inputs, else all without another part to play."""
    special = {target, given.id, *given.dividing}
    return list(given.inputs or [name for name in data.columns if name not in special])


def _roles(data: Dataset, given: Given, target: str, task: Task) -> dict[str, str] | None:
    """Return the inputs in the order of their roles with their modalities, None where the task tells none apart."""
    names = _candidates(data, given, target)
    for name in names:
        _known(data, name, "inputs")
    labelled = data.frame.filter(data.frame[target].is_not_null())
    try:
        return task.inputs(labelled.select(names), labelled[target], given.inputs is not None)
    except ValueError as error:
        raise DataError(f"{_source(data)}, column '{target}': {error}") from error


def _modality(kind: str) -> Modality:
    part = find("parts.modalities", kind)()
    assert isinstance(part, Modality)
    return part


def _by_default(data: Dataset, given: Given, target: str) -> tuple[list[str], dict[str, str]]:
    """Return the inputs of a recipe that names none, and why other columns are not among them."""
    names = [name for name in data.columns if name not in (target, given.id, *given.dividing)]
    wanted = shaped_inputs(data.frame, target)
    if wanted:
        why = f"'{target}' is answered from {' and '.join(wanted)}"
        return [name for name in names if name in wanted], {name: why for name in names if name not in wanted}
    lists = {name: "its values are lists" for name in names if not is_input(data.frame, name)}
    return [name for name in names if name not in lists], lists


def _no_input(data: Dataset, target: str, left_out: Mapping[str, str]) -> str:
    if not left_out:
        return (
            f"{_source(data)}: target '{target}' leaves no column to learn from; add a column, or name another `target`"
        )
    why = ", ".join(f"'{name}': {reason}" for name, reason in left_out.items())
    return f"{_source(data)}: no column is left as an input ({why}); name those wanted in `data: {{inputs: [...]}}`"


def _id_columns(data: Dataset, names: Sequence[str], target: str) -> dict[str, str]:
    """Columns that merely number the rows teach nothing and mislead; they are inputs only where the recipe says so."""
    check = find("parts.checks", "id_columns")()
    assert isinstance(check, Check)
    others = tuple(name for name in names if not holds_images(data, name))
    found = check.find(Table(data, others, target, None))
    return {one.column: "it looks like an id" for one in found if one.column is not None}


def _usable(data: Dataset, name: str, modality: Modality, target: str) -> None:
    _known(data, name, "inputs")
    if name == target:
        raise DataError(f"inputs: column '{name}' is the target; a model must not read its own answer; leave it out")
    if data.frame[name].null_count() == len(data):
        raise DataError(
            f"{_source(data)}, column '{name}': all {len(data)} values are missing; "
            "remove the column, or leave it out of `data: {inputs: [...]}`"
        )
    bad = modality.refuse(data.frame[name])
    if bad is not None:
        position, fact = bad
        raise DataError(
            f"{data.place(position)}, column '{name}': {fact}, and the column is a {modality.kind}; "
            "correct the row, or name such values in `data: {missing: [...]}`"
        )


def _known(data: Dataset, name: str, key: str) -> None:
    if name not in data.columns:
        near = difflib.get_close_matches(name, data.columns, 1)
        hint = f", did you mean '{near[0]}'?" if near else ""
        raise DataError(
            f"{_source(data)}: {key}: there is no column '{name}'{hint} (columns: {', '.join(data.columns)})"
        )


def _refuse_labels(data: Dataset, target: str, task: Task, inputs: Sequence[str]) -> None:
    labelled = data.where(data.frame[target].is_not_null())
    if not len(labelled):
        return
    bad = task.refuse(labelled.frame[target]) or task.refuse_row(labelled.frame.select(inputs), labelled.frame[target])
    if bad is not None:
        position, fact = bad
        raise DataError(
            f"{labelled.place(position)}, column '{target}': {fact}; correct or remove the row"
            + (", or add rows of that class" if "only row" in fact else f", or set another `task` than {task.kind}")
        )


def _source(data: Dataset) -> str:
    return str(data.index["source"][0]) if len(data) else "the data"
