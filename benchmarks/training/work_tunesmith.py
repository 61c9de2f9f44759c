"""One run of Tunesmith, in a process of its own: `python -m training.work_tunesmith JOB.json`.

The job names `train`, `validation` and `test` files, `seed`, `recipe` (what a recipe says under `base`, `strategy` and
`train`), `is_followed`, and `off`, the pieces to turn off. The way is that of `tunesmith train`, see
`src/tunesmith/story.py`: the same functions with the same arguments up to the end of training. The home is empty, so
that nothing is found that an earlier run has kept.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tunesmith.core.libraries import libraries
from tunesmith.data import Encoded
from tunesmith.handover import Scene, job, kept
from tunesmith.model import Model
from tunesmith.recipe import Recipe
from tunesmith.stages.build import Blueprint, build
from tunesmith.stages.encode import encode, fit_codec
from tunesmith.stages.train import train
from tunesmith.stages.watch import Watch
from tunesmith.story import Run, divide, understand
from tunesmith.training.loop import Loop
from tunesmith.training.settings import Plan, Step

from .clock import Clock, Course, half_epochs
from .switches import AbsentError, turn_off

PARTS = ("train", "validation", "test")


def main(asked: dict[str, Any]) -> dict[str, Any]:
    try:
        changes = [turn_off(name) for name in asked.get("off", [])]
        with tempfile.TemporaryDirectory() as home:
            return measure(asked, changes, Path(home))
    except AbsentError as error:
        return {"absent": str(error)}


def measure(asked: dict[str, Any], changes: list[Callable[[Any], None]], home: Path) -> dict[str, Any]:
    data = {"kind": "csv", "path": {part: asked[part] for part in PARTS}, "inputs": {"text": "text"}}
    fields = {"data": data, "target": "label", "task": "classification", "split": {"leaks": "allow"}}
    recipe = Recipe.model_validate(fields | {"seed": asked["seed"]} | asked["recipe"])
    run, watch = Run(recipe, Path(), home), Watch()
    known = understand(run)
    recipe, meaning = known.recipe, known.meaning
    recipe.train.engine.start()
    parts = divide(known, [], watch, run.events).parts  # no findings: every contestant trains on all rows
    codec = fit_codec(parts["train"], meaning.inputs, meaning.target, meaning.task)
    device, store = str(recipe.train.engine.device()), kept(run.home, recipe)
    plan = Blueprint(recipe.body(), codec, recipe.seed, recipe.train.dropout, device, store)
    model: Any = build(plan)
    body = model.net.encoders[model.body]
    for change in changes:
        change(body)
    encoded = {name: model.prepare(encode(rows, codec)) for name, rows in parts.items()}
    scene = Scene(watch, run.events, lambda seed: build(replace(plan, seed=seed)), run.home, False)
    whole = job(recipe, codec, encoded, scene)

    steps = Plan.of(whole)
    marks = half_epochs(len(whole.train), steps.batch, -(-steps.total // steps.per_epoch))
    follow = (lambda: accuracy(model, encoded["validation"])) if asked.get("is_followed") else None
    clock = Clock()
    course = Course(clock, marks, follow)
    _stand_still(clock)

    def hear(step: Step) -> None:
        whole.watch(step)
        course.step(step.number)

    trained = train(model, replace(whole, watch=hear))
    account = course.account()
    tokens = body.lengths(encoded["train"].inputs)
    return account | {
        "test_accuracy": accuracy(trained.model, encoded["test"]),
        "test_rows": len(encoded["test"]),
        "rows": len(whole.train),
        "steps": trained.account["happened"]["steps"],
        "tokens": int(tokens.sum()),
        "squared_tokens": int((tokens**2).sum()),
        "precision": recipe.train.engine.decisive()[1],
        "threads": torch.get_num_threads(),
        "version": libraries()["tunesmith"],
        "settings": {
            "engine": recipe.train.engine.describe(),
            "learning_rate": trained.account["happened"]["learning_rate"],
            "averaged_weights": trained.account["happened"]["averaged_weights"],
        },
    }


def accuracy(model: Model, rows: Encoded) -> float:
    """Return the share of rows answered rightly, in fp32."""
    assert rows.targets is not None
    return float((model.outputs(rows).argmax(axis=1) == np.asarray(rows.targets)).mean())


def _stand_still(clock: Clock) -> None:
    """Put validations, and the choice of the best weights by them, on an account of their own."""
    validate, settle = Loop.validate, Loop.settle

    def timed_validate(loop: Loop) -> dict[str, Any]:
        with clock.apart("validation"):
            return validate(loop)

    def timed_settle(loop: Loop) -> int:
        with clock.apart("validation"):
            return settle(loop)

    Loop.validate, Loop.settle = timed_validate, timed_settle  # type: ignore[method-assign]


if __name__ == "__main__":
    print(json.dumps(main(json.loads(Path(sys.argv[1]).read_text("utf-8")))))
