"""What a task promises: labels go through numbers and come back, and perfect answers score best."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl

from ..core.ids import canonical
from ..data.metrics import HIGHER_IS_BETTER
from ..parts.tasks import Task
from . import own_forms
from .columns import plain
from .promise import near, promise, same

SURE = 30.0  # an output that leaves no doubt
TYPES = {"class": np.dtype(np.int64), "classes": np.dtype(np.float32), "value": np.dtype(np.float32)}
DIMENSIONS = {"class": 1, "classes": 2, "value": 1}
LISTS = (["red", "blue"], ["green"], ["blue", "green"], ["red"], ["green", "red", "blue"], ["blue"])


def check(task: Task) -> None:
    """Hold one task to its promises."""
    promise(task.primary in HIGHER_IS_BETTER, task, f"`primary` names '{task.primary}', which is no metric")
    if task.form not in TYPES:
        own_forms.check(task)
        return
    taken = [target for target in targets(task.form) if _takes(task, target)]
    promise(bool(taken), task, "suits() and refuse() turn every target column away that its form can be written in")
    for target in taken:
        state = _learn(task, target)
        encoded = _encode(task, target, state)
        scores = _score(task, perfect(task, encoded, state), state)
        _answer(task, target, scores, state)
        _judge(task, encoded, scores, state)
    _unseen(task)


def _takes(task: Task, target: pl.Series) -> bool:
    """Return whether a task wants these labels: one for counts, say, may turn fractions away."""
    fit = task.suits(target)
    promise(0.0 <= fit <= 1.0, task, f"suits() gave {fit} for '{target.name}'; it must be in 0..1")
    return fit > 0.0 and task.refuse(target) is None


def targets(form: str) -> list[pl.Series]:
    """Return target columns in every way that labels of a form are written."""
    columns = plain()
    if form == "class":
        return [columns["words"], columns["counts"], columns["flags"]]
    if form == "value":
        return [columns["fractions"], columns["counts"].alias("whole numbers")]
    lists = list(LISTS) * 4
    return [pl.Series("lists", lists), pl.Series("separated", ["|".join(one) for one in lists])]


def perfect(task: Task, encoded: np.ndarray, state: dict[str, Any]) -> np.ndarray:
    """Return raw outputs, float64 (rows, width), of a model that knows every label."""
    if task.form == "value":
        return encoded.astype(np.float64)[:, None]
    indicators = np.eye(task.width(state))[encoded] if task.form == "class" else encoded.astype(np.float64)
    return SURE * (2 * indicators - 1)


def _learn(task: Task, target: pl.Series) -> dict[str, Any]:
    state = task.fit(target)
    again: dict[str, Any] = json.loads(canonical(state))
    promise(again == state, task, f"fit() must give JSON values; '{target.name}' gave {str(state)[:80]}")
    turned = task.encode(target.reverse(), task.fit(target.reverse()))[::-1]
    alike = near(task.encode(target, state), turned, 1e-6)
    promise(alike, task, f"fit() must not depend on the order of the rows ('{target.name}')")
    classes = task.classes(state)
    promise((classes is None) == (task.form == "value"), task, "classes() is None for values and for nothing else")
    count = task.width(state)
    promise(classes is None or len(classes) == count, task, f"width() is {count}, but classes() are {classes}")
    return again


def _encode(task: Task, target: pl.Series, state: dict[str, Any]) -> np.ndarray:
    encoded = task.encode(target, state)
    right = TYPES[task.form]
    promise(encoded.dtype == right, task, f"encode() gave {encoded.dtype} for '{target.name}'; {task.form} is {right}")
    fits = encoded.ndim == DIMENSIONS[task.form] and len(encoded) == len(target)
    promise(fits, task, f"encode() gave shape {encoded.shape} for {len(target)} rows")
    order = np.arange(len(target))[::-3]
    some = task.encode(target[order.tolist()], state)
    promise(same(some, encoded[order]), task, "a label must be encoded alike whatever rows are beside it")
    return encoded


def _score(task: Task, outputs: np.ndarray, state: dict[str, Any]) -> np.ndarray:
    rows, width = len(outputs), task.width(state)
    promise(outputs.shape == (rows, width), task, f"encoded labels fit no outputs of width {width}")
    scores = task.scores(outputs, state)
    shape = (rows,) if task.form == "value" else (rows, width)
    promise(scores.shape == shape, task, f"scores() gave shape {scores.shape}, not {shape}")
    if task.form != "value":
        for some in (outputs, 0.01 * outputs, 1e3 * outputs):
            _probable(task, task.scores(some, state))
    return scores


def _probable(task: Task, scores: np.ndarray) -> None:
    inside = bool(np.isfinite(scores).all()) and bool(((scores >= 0) & (scores <= 1)).all())
    promise(inside, task, "scores() must be probabilities in 0..1, for large outputs too")
    if task.form == "class":
        promise(near(scores.sum(axis=1), np.ones(len(scores)), 1e-9), task, "probabilities of a row must sum to 1")


def _answer(task: Task, target: pl.Series, scores: np.ndarray, state: dict[str, Any]) -> None:
    answers = task.answers(scores, state)
    promise(len(answers) == len(target), task, f"answers() gave {len(answers)} answers for {len(target)} rows")
    names = [str(one) for one in task.classes(state) or []]
    for label, (answer, confidence, by_class) in zip(target.to_list(), answers, strict=True):
        what = f"the label {label!r} came back as {answer!r} from scores that leave no doubt ('{target.name}')"
        promise(_is_label(task, label, answer), task, what)
        is_sure = confidence is None or 0.0 <= confidence <= 1.0
        promise(is_sure, task, f"confidence must be in 0..1 or None, not {confidence}")
        promise(sorted(by_class) == sorted(names), task, f"scores by class must name {names}, not {sorted(by_class)}")
        canonical([answer, confidence, by_class])


def _is_label(task: Task, label: Any, answer: Any) -> bool:
    if task.form == "value":
        return bool(abs(answer - label) <= 1e-5 * max(1.0, abs(label)))
    if task.form == "class":
        return type(answer) is type(label) and answer == label
    return set(answer) == set(label.split("|") if isinstance(label, str) else label)


def _judge(task: Task, encoded: np.ndarray, scores: np.ndarray, state: dict[str, Any]) -> None:
    """Perfect answers score best by every metric, the primary among them; another row's answers score worse."""
    best = _measured(task, encoded, scores, state)
    worse = _measured(task, encoded, task.scores(perfect(task, np.roll(encoded, 1, axis=0), state), state), state)
    promise(task.primary in best, task, f"`primary` names '{task.primary}', which is not measured for {task.form}")
    for name, value in best.items():
        ideal = 1.0 if HIGHER_IS_BETTER[name] else 0.0
        promise(abs(value - ideal) < 1e-4, task, f"perfect answers have {name} {value}, not {ideal}")
    name = task.primary
    is_less = worse[name] < best[name] if HIGHER_IS_BETTER[name] else worse[name] > best[name]
    promise(is_less, task, f"wrong answers have {name} {worse[name]}, no worse than perfect ones ({best[name]})")


def _measured(task: Task, encoded: np.ndarray, scores: np.ndarray, state: dict[str, Any]) -> dict[str, float]:
    found = task.measured(task.answered(encoded, scores, state), np.ones((1, len(encoded))))
    return {name: float(one[0]) for name, one in found.items()}


def _unseen(task: Task) -> None:
    if task.form == "value":
        return
    target = targets(task.form)[0]
    new = pl.Series(target.name, ["violet"] if task.form == "class" else [["red", "violet"]])
    try:
        task.encode(new, task.fit(target))
    except ValueError as error:
        promise("violet" in str(error), task, f"the message must name the label that was not in training: {error}")
        return
    promise(False, task, "encode() must raise ValueError for a label that was not in training")
