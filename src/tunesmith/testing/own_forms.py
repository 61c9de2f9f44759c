"""What a task with a form of its own promises: its labels go through numbers and come back, and score best."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl

from ..core.ids import canonical
from ..data.encoded import Ragged, flat, taken
from ..data.metrics import HIGHER_IS_BETTER
from ..parts.tasks import Task
from .promise import near, promise

LEAST_IS_ONE = "perplexity"


def check(task: Task) -> None:
    """Hold one task to its promises, for every target column that it brings."""
    columns = task.written()
    promise(bool(columns), task, f"written() must bring target columns of the form '{task.form}'")
    for target in columns:
        fit = task.suits(target)
        promise(0.0 < fit <= 1.0, task, f"suits() gave {fit} for '{target.name}', its own example")
        promise(task.refuse(target) is None, task, f"refuse() turns '{target.name}' away, its own example")
        _labels(task, target)


def _labels(task: Task, target: pl.Series) -> None:
    state = json.loads(canonical(task.fit(target)))
    promise(state == task.fit(target), task, f"fit() must give JSON values ('{target.name}')")
    promise(task.fit(target.reverse()) == state, task, f"fit() must not depend on the order of rows ('{target.name}')")
    encoded, order = task.encode(target, state), np.arange(len(target))[::-1]
    promise(len(encoded) == len(target), task, f"encode() gave {len(encoded)} entries for {len(target)} rows")
    turned = taken(task.encode(target.reverse(), state), order)
    promise(near(flat(turned), flat(encoded), 0.0), task, "a label must be encoded alike whatever rows are beside it")
    outputs = task.certain(encoded, state)
    width = flat(outputs).shape[1]
    promise(width == task.width(state), task, f"certain() gave outputs of width {width}, not {task.width(state)}")
    lines = outputs.lengths.tolist() if isinstance(outputs, Ragged) else None
    if isinstance(encoded, Ragged) and lines is not None and task.reads == "word":
        promise(lines == encoded.lengths.tolist(), task, "outputs must have a line for each word")
    scores = task.scores(outputs, state)
    answers = task.answers(scores, state)
    for label, (answer, confidence, _) in zip(target.to_list(), answers, strict=True):
        promise(task.is_right(answer, label), task, f"the label {label!r} came back as {answer!r} ('{target.name}')")
        promise(confidence is None or 0.0 <= confidence <= 1.0, task, f"confidence is {confidence}, not in 0..1")
        canonical([answer, confidence])
    _figures(task, encoded, scores, state)


def _figures(task: Task, encoded: Any, scores: Any, state: dict[str, Any]) -> None:
    """Perfect answers score best by every metric; those of half of the rows under weights score as these rows alone."""
    given, rows = task.answered(encoded, scores, state), len(encoded)
    for name, value in task.measured(given, np.ones((1, rows))).items():
        plain = name.rpartition(".")[2]  # of several targets, each has its own: `price.rmse`
        promise(plain in HIGHER_IS_BETTER, task, f"'{name}' is no metric that is known to be better high or low")
        ideal = 1.0 if HIGHER_IS_BETTER[plain] or plain == LEAST_IS_ONE else 0.0
        promise(abs(float(value[0]) - ideal) < 1e-4, task, f"perfect answers have {name} {value[0]}, not {ideal}")
    some = np.arange(0, rows, 2)
    weights = np.zeros((1, rows))
    weights[0, some] = 1.0
    alone = task.measured(task.answered(taken(encoded, some), taken(scores, some), state), np.ones((1, len(some))))
    for name, value in task.measured(given, weights).items():
        same = near(value, alone[name], 1e-9) or (np.isnan(value).all() and np.isnan(alone[name]).all())
        promise(bool(same), task, f"{name} under weights of 0 and 1 must be that of the rows of weight 1")
    losses = task.losses(given)
    promise(losses.shape == (rows,), task, f"losses() gave shape {losses.shape}, not ({rows},)")
