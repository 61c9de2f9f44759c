"""Whom the checks may ask about labels: judges made of a recipe's rows, base, split and settings."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from .core.errors import DataError, RecipeError
from .core.events import Events
from .core.ids import unit_interval, value_digest
from .data import Codec, Dataset, Encoded
from .handover import Scene, Understood, forget, job, kept
from .model import Model
from .model.activations import digest_of_weights
from .model.network import Network
from .parts.bases import Ask, FittedBase
from .parts.bases.gbdt import Gbdt
from .parts.checks import Opinion, Table
from .parts.checks.label_errors import LabelErrors
from .parts.tasks import Task
from .recipe import Recipe
from .stages.baseline import frozen_features
from .stages.build import Blueprint, build
from .stages.encode import encode, fit_codec
from .stages.opinion import Panel, Says, opinion
from .stages.split import split
from .stages.train import train
from .stages.watch import Watch
from .training.estimate import clock

STAGE = "label errors"
FEWEST_ROWS = 20  # fewer teach nobody to judge the others


@dataclass(frozen=True, slots=True)
class _Case:
    """The rows to be judged, split as in a training; where they stand in the table, and the splits they came with."""

    recipe: Recipe
    how: LabelErrors
    rows: Dataset
    positions: np.ndarray
    given: np.ndarray
    codec: Codec
    labelled: int

    @property
    def task(self) -> Task:
        """The task."""
        assert isinstance(self.codec.task, Task)
        return self.codec.task


def table(known: Understood, home: Path, events: Events, is_asked: bool = True) -> Table:
    """Return what the checks look at; they may ask judges where `is_asked`, or the recipe names `label_errors`
    under `checks` or `clean`.

    Raises RecipeError where the base is to be trained in folds while several processes walk side by side.
    """
    check, mending = known.recipe.checks.get("label_errors"), known.recipe.clean.get("label_errors")
    is_asked |= mending is not None and mending.remedy != "keep"
    if check is False or (check is None and not is_asked):
        return known.table()
    how = check if isinstance(check, LabelErrors) else LabelErrors()
    if how.by == "fine_tuned" and known.recipe.train.engine.world > 1:
        raise RecipeError(
            "checks.label_errors: by fine_tuned trains the folds in one process, and several were started; "
            "use by: frozen, or look at the labels first with tunesmith check"
        )
    return replace(known.table(), opinion=lambda: _asked(known, how, home, events))


def _asked(known: Understood, how: LabelErrors, home: Path, events: Events) -> Opinion | None:
    """Return the judges' opinion, None where these rows let nobody judge: the other checks name their faults."""
    started = time.monotonic()
    try:
        case = _case(known, how)
        with case.recipe.train.engine.in_turn():
            found = _judged(case, home, events)
    except (DataError, RecipeError) as error:
        events.warn(STAGE, f"no label was judged: {error}")
        return None
    events.note(STAGE, f"{len(case.rows)} labels were judged in {clock(time.monotonic() - started)}")
    return found


def _case(known: Understood, how: LabelErrors) -> _Case:
    """Return the rows with a label, `most_rows` of them at the most. Raises DataError where they let nobody judge."""
    recipe, meaning = known.recipe.filled(known.meaning), known.meaning
    target = known.rows.frame[meaning.target]
    has_label = target.is_not_null() & (target.is_not_nan() if target.dtype.is_float() else True)
    labelled = np.flatnonzero(has_label.to_numpy())
    contents = known.rows.index["content"].gather(labelled)
    if len(labelled) > how.most_rows:
        places = np.array([unit_interval(one, STAGE) for one in contents])
        labelled = np.sort(labelled[np.argsort(places, kind="stable")[: how.most_rows]])
    rows = known.rows.take(labelled)
    _refuse(rows, meaning.target, meaning.task)
    named = split(rows, recipe.split.model_copy(update={"leaks": "allow"}), known.roles(), Events()).rows
    codec = fit_codec(named.in_split("train"), meaning.inputs, meaning.target, meaning.task)
    codec = replace(codec, target_state=meaning.task.fit(rows.frame[meaning.target]))
    given = rows.index["split"].fill_null("train").to_numpy()
    return _Case(recipe, how, named, labelled, given, codec, int(has_label.sum()))


def _refuse(rows: Dataset, target: str, task: Task) -> None:
    """Refuse rows that no model can learn from."""
    column = rows.frame[target]
    if len(rows) < FEWEST_ROWS:
        raise DataError(f"{len(rows)} rows have a label, and {FEWEST_ROWS} are needed; add labelled rows")
    bad = task.refuse(column)
    if bad is not None and "only row" not in bad[1]:
        raise DataError(f"{rows.place(bad[0])}, column '{target}': {bad[1]}; correct or remove the row")
    if task.form == "class" and column.n_unique() > len(rows) / 2:
        raise DataError(
            f"column '{target}' has {column.n_unique()} classes in {len(rows)} rows; set `target` or `task`"
        )


def _judged(case: _Case, home: Path, events: Events) -> Opinion:
    recipe, codec, store = case.recipe, case.codec, kept(home, case.recipe)
    device = str(recipe.train.engine.device())
    plan = Blueprint(recipe.body(), codec, recipe.seed, recipe.train.dropout, device, store)
    model = build(plan)
    is_tuned = case.how.by == "fine_tuned" and isinstance(model, Network)
    rows = encode(case.rows, codec)
    panel = Panel(
        model.prepare(rows) if is_tuned else rows,
        _groups(case.rows, recipe.split.group),
        (case.given != "validation") & (case.given != "test"),
        Ask(case.task.form, case.task.width(codec.target_state), recipe.seed),
        case.how.folds,
        _identity(case, model),
        _vectors(model, case, events),
        _fitted(recipe, rows),
        _tuned(case, plan, home, events) if is_tuned else None,
    )
    found = opinion(panel, store, events)
    classes = case.task.classes(codec.target_state)
    if classes is None:
        found = case.task.scores(found, codec.target_state)[:, None]
    return Opinion(case.positions, tuple(map(str, classes or ())), found, _said_by(case, panel))


def _vectors(model: Model, case: _Case, events: Events) -> np.ndarray | None:
    """Return the frozen body's vectors, float64 (rows, size); by split, so that a training finds them kept."""
    column = case.rows.index["split"]
    parts = {name: np.flatnonzero((column == name).to_numpy()) for name in column.unique(maintain_order=True)}
    encoded = {name: model.prepare(encode(case.rows.take(rows), case.codec)) for name, rows in parts.items()}
    found = frozen_features(model, encoded, events)
    if found is None:
        return None
    order = np.argsort(np.concatenate(list(parts.values())))
    return np.concatenate([found[name] for name in parts])[order]


def _groups(rows: Dataset, column: str | None) -> list[str]:
    """Return what no fold divides: the split's groups, else rows of equal inputs, whose equal errors agree."""
    return rows.contents if column is None else rows.frame[column].cast(pl.String).fill_null("").to_list()


def _fitted(recipe: Recipe, rows: Encoded) -> FittedBase | None:
    """Return the trees that judge tables: the recipe's own, where those are its base."""
    base = recipe.body()
    if isinstance(base, FittedBase):
        return base
    return None if "text" in rows.inputs else Gbdt()


def _tuned(case: _Case, plan: Blueprint, home: Path, events: Events) -> Says:
    """Return how the recipe's own base judges rows, trained as the recipe says."""

    def says(learnt: Encoded, checked: Encoded, judged: Encoded) -> np.ndarray:
        scene = Scene(Watch(()), events, lambda seed: build(replace(plan, seed=seed)), home, False)
        work = job(case.recipe, case.codec, {"train": learnt, "validation": checked}, scene)
        outputs = train(build(plan), work).model.outputs(judged)
        forget(work.places)
        return outputs if case.task.form == "value" else case.task.scores(outputs, case.codec.target_state)

    events.note(STAGE, f"the base is trained {case.how.folds} times; the first training says how long each takes")
    return says


def _identity(case: _Case, model: Model) -> str:
    """Return the digest of what the opinion follows from beside rows, labels and vectors."""
    recipe = case.recipe
    settings: list[object] = [case.how.by, recipe.body().model_dump(mode="json"), recipe.seed]
    settings += [case.task.form, recipe.train.engine.decisive()]
    if case.how.by == "fine_tuned" and isinstance(model, Network):
        loss, strategy = recipe.loss().model_dump(mode="json"), recipe.strategy.model_dump(mode="json")
        settings += [digest_of_weights([model.net]), recipe.train.model_dump(mode="json"), loss, strategy]
    return value_digest(settings)


def _said_by(case: _Case, panel: Panel) -> str:
    """Return in words who judged."""
    base = case.recipe.body().kind
    who = ["a linear head"]
    if panel.vectors is not None:
        who = [f"a linear head and the nearest rows on the frozen {base}"]
    who += ["a linear head on the words"] if "text" in panel.rows.inputs else []
    who += [f"{panel.fitted.kind} trees"] if panel.fitted is not None else []
    who += [f"the fine-tuned {base}"] if panel.tuned is not None else []
    drawn = (
        f"; {len(case.rows)} of {case.labelled} labelled rows, drawn by hash" if len(case.rows) < case.labelled else ""
    )
    return f"{', '.join(who)}, in {case.how.folds} folds{drawn}"
