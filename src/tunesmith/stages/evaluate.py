"""Scores against truth: metrics with intervals, baselines beside them, and the verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from ..core.errors import SchemaError
from ..core.seed import stream
from ..core.statistics import Comparison, Statistic, Units, intervals, paired_difference
from ..data import Codec, Dataset, Encoded, Metric
from ..data import Rows as Scores  # one entry per row, in the form that the task gives them
from ..data.encoded import taken
from ..data.metrics import HIGHER_IS_BETTER
from ..model import Judged
from ..parts.tasks import Answered, Task

RESAMPLES = 1000
WORST = 20  # rows shown with the largest loss
SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class Rows:
    """Labelled rows with the truth in the form that metrics read, and the seed of their resampling."""

    data: Dataset
    codec: Codec
    targets: Scores
    seed: int
    groups: np.ndarray | None = None
    """The group of each row, int64 (rows,): rows of one group are drawn together."""

    @property
    def drawn(self) -> Units:
        """What a resample draws: rows, or groups of them."""
        return len(self.data) if self.groups is None else self.groups

    @property
    def task(self) -> Task:
        """The task of the codec."""
        assert isinstance(self.codec.task, Task)
        return self.codec.task

    def answered(self, scores: Scores) -> Answered:
        """Return the labels beside these scores and what the codec answers from them."""
        return replace(self.task.answered(self.targets, scores, self.codec.target_state), groups=self.groups)


def figures(rows: Rows, scores: Scores) -> dict[str, Metric]:
    """Return every metric of the task with its 95 % bootstrap interval."""

    given = rows.answered(scores)
    return _metrics(lambda weights: rows.task.measured(given, weights), rows)


def class_figures(rows: Rows, scores: Scores) -> dict[str, dict[str, Any]] | None:
    """Return precision, recall, F1 and PR AUC with intervals and the number of rows, by class; None for values."""
    task, given = rows.task, rows.answered(scores)
    if task.classes(given.state) is None:
        return None

    def statistic(weights: np.ndarray) -> dict[str, np.ndarray]:
        found = task.measured_by_class(given, weights) or {}
        return {f"{name}\x1f{metric}": array for name, one in found.items() for metric, array in one.items()}

    table: dict[str, dict[str, Any]] = {name: {"rows": count} for name, count in task.support(given).items()}
    for key, metric in _metrics(statistic, rows).items():
        name, _, measured = key.partition("\x1f")
        table[name][measured] = metric.as_json()
    return table


def compare(rows: Rows, ours: Scores, theirs: Scores, others: Rows | None = None) -> Comparison:
    """Return the paired bootstrap of the primary metric, ours minus theirs, better counted as positive.

    `others` are the same rows with the codec by which theirs become answers, where it is not ours.
    """
    task, primary = rows.task, rows.task.primary
    sign = 1.0 if HIGHER_IS_BETTER[primary] else -1.0

    def statistic(said: Rows, scores: Scores) -> Statistic:
        given = said.answered(scores)
        return lambda weights: {primary: sign * task.measured(given, weights, primary)[primary]}

    pair = statistic(rows, ours), statistic(others or rows, theirs)
    return paired_difference(*pair, rows.drawn, stream(rows.seed, "paired"), RESAMPLES)[primary]


def verdict(comparisons: Mapping[str, Comparison], primary: str) -> dict[str, str]:
    """Return the decision and its reason: better than every baseline beyond chance, better perhaps, or not."""
    undefined = [one for one, found in comparisons.items() if found.difference is None or found.p_value is None]
    if undefined:
        return {"decision": "hold", "because": f"{primary} cannot be measured on these test rows; add test rows"}
    if not comparisons:
        return {"decision": "hold", "because": f"there is no baseline that {primary} can be measured for"}
    name = min(comparisons, key=lambda one: (_float(comparisons[one].difference), one))
    hardest = comparisons[name]
    amount = f"{abs(_float(hardest.difference)):.4g}"
    bounds = f"{_float(hardest.low):.4g} to {_float(hardest.high):.4g}"
    chance = f"p = {_float(hardest.p_value):.2g}, 95 % interval of the difference {bounds}"
    if _float(hardest.difference) <= 0:
        what = "equals" if hardest.difference == 0 else f"is {amount} worse than"
        return {"decision": "no better than baseline", "because": f"{primary} {what} the {name} baseline's ({chance})"}
    doubtful = [one for one in sorted(comparisons) if _float(comparisons[one].p_value) >= SIGNIFICANT]
    if doubtful:
        least = comparisons[doubtful[0]]
        return {
            "decision": "hold",
            "because": f"{primary} is better than the {doubtful[0]} baseline's by {abs(_float(least.difference)):.4g}, "
            f"but that may be chance (p = {_float(least.p_value):.2g}); more test rows would tell",
        }
    return {"decision": "ship", "because": f"{primary} is {amount} better than the best baseline, {name} ({chance})"}


def remark(metrics: Mapping[str, Any], baselines: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return a `note` where accuracy does not tell the model from one answer for all, and macro-F1 does, else nothing.

    Both are told as figures in JSON values; two macro-F1 differ where their intervals do not meet.
    """
    ours, one_answer = metrics, baselines.get("majority", {})
    if any("accuracy" not in one or "f1_macro" not in one for one in (ours, one_answer)):
        return {}
    accuracy, trivial = ours["accuracy"], one_answer["accuracy"]["value"]
    mine, other = ours["f1_macro"], one_answer["f1_macro"]
    known = (accuracy["low"], accuracy["high"], trivial, mine["low"], mine["high"], other["low"], other["high"])
    if None in known or not accuracy["low"] <= trivial <= accuracy["high"]:
        return {}
    if mine["low"] <= other["high"] and other["low"] <= mine["high"]:
        return {}
    return {
        "note": f"accuracy says little on these rows: one answer for all of them reaches {trivial:.3g}, within the "
        f"interval of the model's {accuracy['value']:.3g}, while f1_macro is {mine['value']:.3g} against "
        f"{other['value']:.3g}; `task: {{kind: classification, metric: f1_macro}}` judges by it"
    }


def _float(value: float | None) -> float:
    return float("nan") if value is None else value


def pictures(rows: Rows, scores: Scores) -> dict[str, Any]:
    """Return what the report draws: what the task has to show, and the rows of the largest loss."""
    return {"worst": _worst(rows, scores)} | rows.task.pictures(rows.answered(scores))


def validation_measure(task: Task, validation: Encoded, state: Mapping[str, Any]) -> Callable[[Scores], Judged]:
    """Return outputs -> what labelled validation rows say of them, for early stopping."""
    sign = 1.0 if HIGHER_IS_BETTER[task.watched] else -1.0
    once = np.ones((1, len(validation)))

    def judge(outputs: Scores) -> Judged:
        given = task.answered(validation.targets, task.scores(outputs, state), state)
        given = replace(given, groups=validation.groups)
        value = float(task.measured(given, once, task.watched)[task.watched][0])
        merit = sign * value if np.isfinite(value) else -np.inf
        return Judged(task.watched, value, merit, float(task.losses(given).mean()))

    return judge


def _metrics(statistic: Callable[[np.ndarray], dict[str, np.ndarray]], rows: Rows) -> dict[str, Metric]:
    found = intervals(statistic, rows.drawn, stream(rows.seed, "bootstrap"), RESAMPLES)
    return {name: _metric(one.value, one.low, one.high) for name, one in found.items()}


def _metric(value: float | None, low: float | None, high: float | None) -> Metric:
    if value is None or not np.isfinite(value):
        return Metric(None, reason="undefined on these rows: they do not hold all classes, or do not differ")
    return Metric(value, low, high)


def _worst(rows: Rows, scores: Scores) -> list[dict[str, Any]]:
    losses = rows.task.losses(rows.answered(scores))
    chosen = np.argsort(-losses, kind="stable")[: min(WORST, len(losses))]
    answers = rows.task.answers(taken(scores, chosen), rows.codec.target_state)
    picked = rows.data.take(chosen)
    names = [column.name for column in rows.codec.columns]
    shown = []
    for position, (answer, confidence, _) in enumerate(answers):
        where, values = picked.index.row(position, named=True), picked.example(position)
        shown.append(
            {
                "row": where["row"],
                "id": where["id"],
                "source": where["source"],
                "inputs": {name: values[name] for name in names},
                "target": values[rows.codec.target],
                "answer": answer,
                "confidence": confidence,
                "loss": float(losses[chosen[position]]),
            }
        )
    return [one for one in shown if not rows.task.is_right(one["answer"], one["target"])]


def by_slice(rows: Rows, scores: Scores, column: str) -> dict[str, Any]:
    """Return the metrics with intervals for each value of a column. Raises SchemaError where it is absent."""
    if column not in rows.data.columns:
        known = ", ".join(rows.data.columns)
        raise SchemaError(f"--slice: there is no column '{column}' (columns: {known}); name one of them")
    values = rows.data.frame[column].cast(pl.String).fill_null("(missing)").to_numpy()
    found: dict[str, Any] = {}
    for value in sorted(set(values)):
        chosen = np.flatnonzero(values == value)
        groups = None if rows.groups is None else rows.groups[chosen]
        part = Rows(rows.data.take(chosen), rows.codec, taken(rows.targets, chosen), rows.seed, groups)
        metrics = {name: one.as_json() for name, one in figures(part, taken(scores, chosen)).items()}
        found[str(value)] = {"rows": len(chosen), "metrics": metrics}
    return found
