"""What the story hands to its larger stages: the baselines' question and the training's job."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .core.events import Events
from .core.ids import value_digest
from .core.libraries import libraries
from .data import Codec, Encoded
from .data.store import ArrayStore
from .model import Model
from .model.activations import digest_of
from .parts.baselines import Question
from .parts.guards import Evidence
from .parts.tasks import Task
from .recipe import Recipe
from .stages import evaluate
from .stages.watch import Watch
from .training.settings import Job, Places


def question(recipe: Recipe, codec: Codec, encoded: Mapping[str, Encoded], features: Any) -> Question:
    """Return what the baselines are asked, with the frozen body's vectors where there are any.

    Where thresholds are chosen, the rows asked for are the validation rows and then the test rows.
    """
    task, asked = _task(codec), encoded["test"]
    if recipe.decide.is_auto:
        asked = encoded["validation"].followed_by(asked)
        if features is not None:
            features = dict(features) | {"test": np.concatenate([features["validation"], features["test"]])}
    splits = (encoded["train"], encoded["validation"], asked)
    return Question(*splits, task.form, task.width(codec.target_state), recipe.seed, recipe.body().kind, features)


GIGABYTE = 1 << 30


@dataclass(frozen=True, slots=True)
class Scene:
    """What stands around a training: who watches, who listens, how to start anew, and where versions live."""

    watch: Watch
    events: Events
    start: Callable[[int], Model]
    home: Path
    is_resumed: bool


def job(recipe: Recipe, codec: Codec, encoded: Mapping[str, Encoded], scene: Scene) -> Job:
    """Return what training needs; the guards look at every step."""
    task, base, validation = _task(codec), recipe.body(), encoded["validation"]
    assert validation.targets is not None
    targets, names = encoded["train"].targets, task.classes(codec.target_state)
    if recipe.balance is not None and targets is not None and names is not None:
        scene.events.note("balance", recipe.balance.words(targets, names))
    return Job(
        train=encoded["train"],
        validation=validation,
        how=recipe.train,
        strategy=recipe.strategy,
        loss=recipe.loss(),
        base_rate=base.learning_rate,
        is_rate_known=base.is_rate_known,
        form=task.form,
        measure=evaluate.validation_measure(task, validation.targets, codec.target_state),
        watch=lambda step: scene.watch.at("step", Evidence(loss=step.loss, step=step.number, skipped=step.skipped)),
        seed=recipe.seed,
        check=lambda one, several: scene.watch.at("start", Evidence(before=one, after=several)),
        events=scene.events,
        start=scene.start,
        places=places(recipe, encoded, scene),
        balance=recipe.balance,
    )


def places(recipe: Recipe, encoded: Mapping[str, Encoded], scene: Scene) -> Places:
    """Return where the run's checkpoints are: a folder that follows from all that decides its numbers."""
    rows = [digest_of(one.inputs) for name, one in encoded.items() if name != "test"]
    labels = [digest_of({"targets": one.targets}) for one in encoded.values() if one.targets is not None]
    key = value_digest([recipe.digest(), rows, labels, recipe.train.engine.decisive(), libraries()])
    return Places(scene.home / "runs" / key[:16], key, scene.is_resumed)


def forget(where: Places) -> None:
    """Remove a run's checkpoints, once its version is registered."""
    if where.checkpoints is not None:
        shutil.rmtree(where.checkpoints, ignore_errors=True)


def kept(home: Path, recipe: Recipe) -> ArrayStore | None:
    """Return where arrays that cost time are kept between runs, None where the recipe allows no space."""
    limit = int(recipe.train.cache_gigabytes * GIGABYTE)
    return ArrayStore(home / "cache", limit) if limit else None


def _task(codec: Codec) -> Task:
    assert isinstance(codec.task, Task)
    return codec.task
