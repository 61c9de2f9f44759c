"""From which probability on a class is answered: 0.5, a number of one's own, or what the validation rows say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from ..core.errors import RecipeError
from ..core.events import Events
from ..core.part import Section
from ..data import Codec, Encoded, Rows
from ..data.encoded import taken
from ..data.thresholds import EVEN, MERITS, Sweep, saved
from ..parts.tasks import Task

CURVE_POINTS = 60  # thresholds of each class whose value the report keeps
SHOWN = 5  # classes that a note names
FEW = 20  # rows of a class on validation below which a threshold is mostly chance
FEW_WORDS = ", which are few: a larger `split: {validation: ...}` would make it surer"


class Cost(Section):
    """What a mistake costs, in any unit: only the ratio decides."""

    miss: float = Field(1.0, gt=0.0)
    """A row of the class that is not answered with it."""
    false_alarm: float = Field(1.0, gt=0.0)
    """A row that is answered with the class and is not of it."""


class Decide(Section):
    """How probabilities become answers, with two classes or several labels; `decide: auto` is the threshold alone."""

    threshold: Annotated[float, Field(gt=0.0, lt=1.0)] | Literal["auto"] = 0.5
    """The probability from which on the class is answered; auto: the best on the validation rows, for each label."""
    metric: Literal["f1_macro", "f1", "balanced_accuracy"] | None = None
    """What auto makes the most of, f1_macro where none is given; labels are judged one by one."""
    cost: Cost | None = None
    """What auto keeps low instead of a metric, such as `{miss: 10, false_alarm: 1}`."""
    positive: str | int | bool | None = None
    """The class that the threshold is for, with two classes; the one of fewer training rows where none is given."""

    @model_validator(mode="before")
    @classmethod
    def _threshold_alone(cls, value: Any) -> Any:
        if isinstance(value, dict) and "kind" in value:  # a name alone, with other keys set on the command line
            return {"threshold": value["kind"]} | {key: one for key, one in value.items() if key != "kind"}
        return {"threshold": value} if isinstance(value, str | int | float) else value

    @model_validator(mode="after")
    def _is_read(self) -> Self:
        unread = next((name for name in ("metric", "cost") if getattr(self, name) is not None), None)
        if unread is not None and not self.is_auto:
            raise ValueError(f"{unread} is for finding a threshold: write `threshold: auto` beside it, or remove it")
        if self.metric is not None and self.cost is not None:
            raise ValueError("metric and cost are two aims: keep one of them")
        return self

    @property
    def is_auto(self) -> bool:
        """Whether validation chooses."""
        return self.threshold == "auto"

    @property
    def is_plain(self) -> bool:
        """Whether the likelier answer is given, as if nothing had been said."""
        return self.threshold == EVEN

    @property
    def aim(self) -> str:
        """What auto goes by, by name."""
        return "cost" if self.cost is not None else self.metric or "f1_macro"

    def values(self, sweep: Sweep) -> np.ndarray:
        """Return what each threshold is worth, higher is better, float64 (thresholds,)."""
        if self.cost is not None:
            return saved(sweep, self.cost.miss, self.cost.false_alarm)
        return MERITS[self.aim](sweep)


@dataclass(frozen=True, slots=True)
class System:
    """One system's test outputs, the codec that turns them into answers, and the choice as JSON values."""

    outputs: Rows
    codec: Codec
    choice: dict[str, Any] = field(default_factory=dict)


def check(how: Decide, codec: Codec) -> None:
    """Raise RecipeError where the codec's target leaves no threshold to choose, or has no such class."""
    task, names = _task(codec), _names(codec)
    if how.is_plain and how.positive is None:
        return
    if task.form not in ("class", "classes"):
        raise RecipeError(f"decide: {task.kind} does not answer from a probability on; remove `decide`")
    if task.form == "classes" and how.positive is not None:
        raise RecipeError("decide.positive: every label has a threshold of its own; remove `positive`")
    if task.form == "class" and len(names) != 2:
        raise RecipeError(
            f"decide: a threshold divides two classes, and column '{codec.target}' has {len(names)}; remove `decide` "
            "(the likeliest class is answered), or weigh the classes with `balance: class_weights`"
        )
    if how.positive is not None and _text(how.positive) not in map(_text, names):
        known = " and ".join(f"'{name}'" for name in names)
        raise RecipeError(f"decide.positive: column '{codec.target}' has no class '{how.positive}'; it has {known}")


def each(
    how: Decide, codec: Codec, encoded: Mapping[str, Encoded], outputs: Mapping[str, Rows], events: Events
) -> dict[str, System]:
    """Return every system with its own thresholds: what is granted to the model is granted to the baselines.

    `outputs` (rows, width) are those of the test rows, with `auto` those of the validation rows before them.
    """
    ahead = len(encoded["validation"]) if how.is_auto else 0
    systems = {}
    for name, one in outputs.items():
        rows = np.arange(len(one))
        found, choice = settled(how, codec, encoded, taken(one, rows[:ahead]))
        systems[name] = System(taken(one, rows[ahead:]), found, choice)
    if "model" in systems and not how.is_plain:
        for sentence in _told(how, systems["model"].choice):
            events.note("decide", sentence)
    return systems


def settled(how: Decide, codec: Codec, encoded: Mapping[str, Encoded], outputs: Any) -> tuple[Codec, dict[str, Any]]:
    """Return the codec with its thresholds, and the choice as JSON values; both as they were where nothing is asked.

    `outputs` (rows, width) are a system's for the validation rows, of which nothing is read without `auto`.
    """
    if how.is_plain:
        return codec, {}
    task, state = _task(codec), codec.target_state
    names = [str(name) for name in _names(codec)]
    chosen = [_positive(how, codec, encoded["train"])] if task.form == "class" else list(range(len(names)))
    if how.is_auto:
        scores = task.scores(outputs, state)
        found = [_best(how, scores[:, at], _has(encoded["validation"], at)) for at in chosen]
    else:
        found = [{"threshold": how.threshold} for _ in chosen]
    thresholds = [one["threshold"] for one in found]
    decision: dict[str, Any] = {"thresholds": thresholds}
    if task.form == "class":
        decision = {"positive": chosen[0], "threshold": thresholds[0]}
    choice = {"metric": how.aim, "rows": len(encoded["validation"])} if how.is_auto else {}
    choice |= {"classes": {names[at]: one for at, one in zip(chosen, found, strict=True)}}
    return replace(codec, target_state=dict(state) | {"decision": decision}), choice


def _best(how: Decide, scores: np.ndarray, positive: np.ndarray) -> dict[str, Any]:
    """Return the best threshold, what it and 0.5 are worth, and the curve between, as JSON values."""
    sweep = Sweep.of(positive, scores)
    if sweep.is_undecided:
        return {"threshold": EVEN, "reason": f"{sweep.positives} of the {sweep.rows} validation rows are of it"}
    values = how.values(sweep)
    threshold = sweep.best(values)
    points = np.unique(np.linspace(0, len(values) - 1, CURVE_POINTS).round().astype(int))
    curve = [{"threshold": float(sweep.thresholds[at]), "value": float(values[at])} for at in points]
    worth = {
        "positives": sweep.positives,
        "value": sweep.at(values, threshold),
        "value_at_half": sweep.at(values, EVEN),
    }
    return {"threshold": threshold} | worth | {"curve": curve}


def _positive(how: Decide, codec: Codec, train: Encoded) -> int:
    """Return the number of the class that the threshold is for: the rarer one, the second of two alike."""
    names = [_text(name) for name in _names(codec)]
    if how.positive is not None:
        return names.index(_text(how.positive))
    assert train.targets is not None
    first, second = np.bincount(train.targets, minlength=2)
    return 0 if first < second else 1


def _has(encoded: Encoded, at: int) -> np.ndarray:
    """Return which rows have the class, bool (rows,)."""
    targets = encoded.targets
    assert targets is not None
    return targets == at if targets.ndim == 1 else targets[:, at] > 0.5


def _told(how: Decide, choice: Mapping[str, Any]) -> list[str]:
    """Return a sentence on each of the first classes."""
    told = []
    for name, one in list(choice["classes"].items())[:SHOWN]:
        words = f"'{name}' is answered from probability {one['threshold']:.3g} on"
        if "reason" in one:
            words += f": {one['reason']}, so no threshold can be chosen"
        elif "value" in one:
            words += f": {how.aim} {one['value']:.3g} on the validation rows, {one['value_at_half']:.3g} from 0.5 on"
            words += f"; chosen on {one['positives']} rows of it" + (FEW_WORDS if one["positives"] < FEW else "")
        told.append(words)
    more = len(choice["classes"]) - len(told)
    return [*told, *([f"and {more} more labels, in the report"] if more > 0 else [])]


def _text(name: object) -> str:
    return str(name).lower() if isinstance(name, bool) else str(name)


def _names(codec: Codec) -> Sequence[Any]:
    return _task(codec).classes(codec.target_state) or []


def _task(codec: Codec) -> Task:
    assert isinstance(codec.task, Task)
    return codec.task
