"""Whom the checks may ask about labels: judges made of a recipe's rows, base, split and settings."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np

from .core.errors import DataError, RecipeError
from .core.events import Events
from .core.ids import unit_interval, value_digest
from .data import Codec, Dataset, Encoded
from .data.division import Rule, folds
from .data.forms import PLAIN
from .data.near import Pairs
from .handover import Scene, Turns, Understood, augmenting, forget, job, kept
from .model import Model
from .model.activations import digest_of_weights
from .model.network import Network
from .parts.baselines._gradients import image_features
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
from .stages.split import Division, split
from .stages.train import train
from .stages.watch import Watch
from .training.estimate import clock

STAGE = "label errors"
FEWEST_ROWS = 20  # fewer teach nobody to judge the others
STOPPING = 10  # one of so many rows that a whole model is trained on says when its training stops


@dataclass(frozen=True, slots=True)
class _Place:
    """Where versions and kept arrays live, who listens, and whether a training follows."""

    home: Path
    events: Events
    is_training: bool


@dataclass(frozen=True, slots=True)
class _Case:
    """The rows to be judged, divided as in a training; where they stand in the table; and how they are encoded."""

    known: Understood
    recipe: Recipe
    how: LabelErrors
    division: Division
    positions: np.ndarray
    teaches: np.ndarray
    """Which rows the judges learn from, in folds, bool (rows,); the others are judged by what all these teach."""
    codec: Codec
    labelled: int

    @property
    def rows(self) -> Dataset:
        """The rows to be judged."""
        return self.division.rows

    @property
    def task(self) -> Task:
        """The task."""
        assert isinstance(self.codec.task, Task)
        return self.codec.task


def table(known: Understood, home: Path, events: Events, is_training: bool = False) -> Table:
    """Return what the checks look at; they may ask judges, for a training only where its recipe names `label_errors`.

    Before a training, its training rows alone teach the judges: what it learns from follows from no other row.
    Raises RecipeError where the base is to be trained in folds while several processes walk side by side.
    """
    check, mending = known.recipe.checks.get("label_errors"), known.recipe.clean.get("label_errors")
    is_meant = check is not None or (mending is not None and mending.remedy != "keep")
    if check is False or (is_training and not is_meant):
        return known.table()
    how = check if isinstance(check, LabelErrors) else LabelErrors()
    if how.by == "fine_tuned" and known.recipe.train.engine.world > 1:
        raise RecipeError(
            "checks.label_errors: by fine_tuned trains the folds in one process, and several were started; "
            "use by: frozen, or look at the labels first with tunesmith check"
        )
    return replace(known.table(), opinion=cache(lambda: _asked(known, how, _Place(home, events, is_training))))


def _asked(known: Understood, how: LabelErrors, place: _Place) -> Opinion | None:
    """Return the judges' opinion, None where these rows let nobody judge: the other checks name their faults."""
    started = time.monotonic()
    try:
        case = _case(known, how, place)
        with case.recipe.train.engine.in_turn():
            found = _judged(case, place)
    except (DataError, RecipeError) as error:
        place.events.warn(STAGE, f"no label was judged: {error}")
        return None
    place.events.note(STAGE, f"{len(case.rows)} labels were judged in {clock(time.monotonic() - started)}")
    return found


def _case(known: Understood, how: LabelErrors, place: _Place) -> _Case:
    """Return the rows with a label, `most_rows` of them at the most. Raises DataError where they let nobody judge."""
    recipe, meaning = known.recipe.filled(known.meaning), known.meaning
    target = known.rows.frame[meaning.target]
    has_label = target.is_not_null() & (target.is_not_nan() if target.dtype.is_float() else True)
    labelled = np.flatnonzero(has_label.to_numpy())
    contents = known.rows.index["content"].gather(labelled)
    if len(labelled) > how.most_rows:
        order = np.array([unit_interval(one, STAGE) for one in contents])
        labelled = np.sort(labelled[np.argsort(order, kind="stable")[: how.most_rows]])
    rows = known.rows.take(labelled)
    _refuse(rows, known)
    where = recipe.split.model_copy(update={"leaks": "allow"})
    division = split(rows, where, known.roles(), Events())
    parted = division.rows.index["split"]
    came = parted if where.given is not None else rows.index["split"].fill_null("train")
    teaches = (parted if place.is_training else came) == "train"
    if not teaches.any():
        raise DataError("no row with a label is left to train on")
    codec = fit_codec(division.rows.where(teaches), meaning.inputs, meaning.target, meaning.task)
    codec = replace(codec, target_state=meaning.task.fit(rows.frame[meaning.target]))
    return _Case(known, recipe, how, division, labelled, teaches.to_numpy(), codec, int(has_label.sum()))


def _refuse(rows: Dataset, known: Understood) -> None:
    """Refuse rows that no model can learn from."""
    meaning = known.meaning
    target, task, column = meaning.target, meaning.task, rows.frame[meaning.target]
    if task.form not in PLAIN:
        raise DataError(f"no judge reads the labels of {task.kind}")
    if not meaning.inputs:
        raise DataError("there is no input that a model could read")
    for name, modality in meaning.inputs.items():
        unread = modality.refuse(rows.frame[name])
        if unread is not None:
            raise DataError(f"{rows.place(unread[0])}, column '{name}': {unread[1]}; correct the row")
    if len(rows) < FEWEST_ROWS:
        raise DataError(f"{len(rows)} rows have a label, and {FEWEST_ROWS} are needed; add labelled rows")
    bad = task.refuse(column)
    if bad is not None and "only row" not in bad[1]:
        raise DataError(f"{rows.place(bad[0])}, column '{target}': {bad[1]}; correct or remove the row")
    if task.form == "class" and column.n_unique() > len(rows) / 2:
        raise DataError(
            f"column '{target}' has {column.n_unique()} classes in {len(rows)} rows; set `target` or `task`"
        )


def _judged(case: _Case, place: _Place) -> Opinion:
    recipe, codec, store = case.recipe, case.codec, kept(place.home, case.recipe)
    device = str(recipe.train.engine.device())
    plan = Blueprint(recipe.body(), codec, recipe.seed, recipe.train.dropout, device, store)
    model = build(plan)
    is_tuned = case.how.by == "fine_tuned" and isinstance(model, Network)
    rows = encode(case.rows, codec)
    panel = Panel(
        model.prepare(rows) if is_tuned else rows,
        *_folds(case),
        Ask(case.task.form, case.task.width(codec.target_state), recipe.seed),
        _identity(case, model),
        _vectors(model, case, place.events),
        _fitted(recipe, rows),
        _tuned(case, plan, place) if is_tuned else None,
    )
    found = opinion(panel, store, place.events)
    classes = case.task.classes(codec.target_state)
    if classes is None:
        found = case.task.scores(found, codec.target_state)[:, None]
    return Opinion(case.positions, tuple(map(str, classes or ())), found, _said_by(case, panel))


def _folds(case: _Case) -> tuple[np.ndarray, np.ndarray]:
    """Return each row's fold, int64 (rows,), and which rows say when a training stops, bool (rows,).

    No fold divides rows of equal inputs, near rows or a group: a copy with the same wrong label would be its witness.
    """
    near, pairs = case.division.apart.near, Pairs.none()
    if near is not None:
        at = {content: row for row, content in enumerate(case.rows.contents)}
        first, second = (np.array([at[one] for one in near[name]], np.int64) for name in ("first", "second"))
        pairs = Pairs.of(first, second, np.ones(len(near)))
    by: Literal["hash", "stratified"] = "stratified" if case.task.form == "class" else "hash"
    rule = Rule(by, case.recipe.split.group, case.codec.target, case.task.form, STAGE)
    fold = folds(case.rows, case.how.folds, rule, pairs)
    stopping = folds(case.rows, STOPPING, replace(rule, by="hash", salt=f"{STAGE}, stopping"), pairs) == 0
    return np.where(case.teaches, fold, -1), stopping


def _vectors(model: Model, case: _Case, events: Events) -> np.ndarray | None:
    """Return the frozen body's vectors, float64 (rows, size); by split, so that a training finds them kept.

    Without such a body those of images are their colours and gradients.
    """
    split_of = case.rows.index["split"].to_numpy()
    parts = {name: np.flatnonzero(split_of == name) for name in dict.fromkeys(split_of)}
    encoded = {name: model.prepare(encode(case.rows.take(rows), case.codec)) for name, rows in parts.items()}
    found = frozen_features(model, encoded, events)
    if found is None and all("pixels" in one.inputs for one in encoded.values()):
        found = {name: image_features(np.asarray(one.inputs["pixels"])) for name, one in encoded.items()}
    if found is None:
        return None
    order = np.argsort(np.concatenate(list(parts.values())))
    return np.concatenate([found[name] for name in parts])[order]


def _fitted(recipe: Recipe, rows: Encoded) -> FittedBase | None:
    """Return the trees that judge tables: the recipe's own, where those are its base."""
    base = recipe.body()
    if isinstance(base, FittedBase):
        return base
    return None if {"text", "image"} & rows.inputs.keys() else Gbdt()


def _tuned(case: _Case, plan: Blueprint, place: _Place) -> Says:
    """Return how the recipe's own base judges rows, trained as the recipe says."""
    home, events = place.home, place.events

    position = {name: at for at, name in enumerate(case.rows.ids)}
    known = replace(case.known, recipe=case.recipe)

    def says(learnt: Encoded, checked: Encoded, judged: Encoded) -> np.ndarray:
        model, rows = build(plan), case.rows.take([position[name] for name in learnt.ids])
        turns = Turns(augmenting(known, rows, plan.store, events), case.codec, model, learnt)
        scene = Scene(Watch(()), events, lambda seed: build(replace(plan, seed=seed)), home, False, turns)
        work = job(case.recipe, case.codec, {"train": learnt, "validation": checked}, scene)
        outputs = np.asarray(train(model, work).model.outputs(judged))
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
        settings += [[one.model_dump(mode="json") for one in recipe.augment]]
        settings += [digest_of_weights([model.net]), recipe.train.model_dump(mode="json"), loss, strategy]
    return value_digest(settings)


def _said_by(case: _Case, panel: Panel) -> str:
    """Return in words who judged."""
    base = case.recipe.body().kind
    who = ["a linear head"]
    if panel.vectors is not None:
        seen = f"the frozen {base}" if case.recipe.body().is_pretrained else "colours and gradients"
        who = [f"a linear head and the nearest rows on {seen}"]
    who += ["a linear head on the words"] if "text" in panel.rows.inputs else []
    who += [f"{panel.fitted.kind} trees"] if panel.fitted is not None else []
    who += [f"the fine-tuned {base}"] if panel.tuned is not None else []
    drawn = (
        f"; {len(case.rows)} of {case.labelled} labelled rows, drawn by hash" if len(case.rows) < case.labelled else ""
    )
    return f"{', '.join(who)}, in {case.how.folds} folds{drawn}"
