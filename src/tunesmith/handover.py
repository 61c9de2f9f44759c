"""What the story hands to its larger stages: the baselines' question and the training's job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .core.events import Events
from .data import Codec, Encoded
from .parts.baselines import Question
from .parts.guards import Evidence
from .parts.tasks import Task
from .recipe import Recipe
from .stages import evaluate
from .stages.train import Job
from .stages.watch import Watch


def question(recipe: Recipe, codec: Codec, encoded: Mapping[str, Encoded], features: Any) -> Question:
    """Return what the baselines are asked, with the frozen body's vectors where there are any."""
    task = _task(codec)
    splits = (encoded["train"], encoded["validation"], encoded["test"])
    return Question(*splits, task.form, task.width(codec.target_state), recipe.seed, recipe.body().kind, features)


def job(recipe: Recipe, codec: Codec, encoded: Mapping[str, Encoded], watch: Watch, events: Events) -> Job:
    """Return what training needs; the guards look at every step."""
    task, base, validation = _task(codec), recipe.body(), encoded["validation"]
    assert validation.targets is not None
    return Job(
        train=encoded["train"],
        validation=validation,
        how=recipe.train,
        strategy=recipe.strategy,
        loss=recipe.loss(),
        base_rate=base.learning_rate,
        form=task.form,
        measure=evaluate.validation_measure(task, validation.targets, codec.target_state),
        watch=lambda step: watch.at("step", Evidence(loss=step.loss, step=step.number)),
        seed=recipe.seed,
        events=events,
    )


def _task(codec: Codec) -> Task:
    assert isinstance(codec.task, Task)
    return codec.task
