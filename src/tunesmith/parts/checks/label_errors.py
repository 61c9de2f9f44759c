"""Labels that models trained on the other rows do not believe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from ...data.confident import Filter, label_errors, quality, two
from ...data.label_noise import fit_noise, most_f1, strangeness
from . import Check, Finding, Opinion, Remedy, Table
from ._words import counted, listed

SHOWN = 3
SEPARATORS = ("|", ";", ",")


@dataclass(frozen=True, slots=True)
class _Doubt:
    """Per judged row: the chance that its label is wrong, whether it is named, and the label that is likelier."""

    chances: np.ndarray
    is_named: np.ndarray
    suggestions: list[Any] | None = None


class LabelErrors(Check):
    """Labels that are probably wrong, each with the label that is likelier.

    Models trained in folds say what they think of rows they have not seen. From that follow how often labels are
    wrong, which for which, and the chance of each label to be wrong; rows that are merely hard are not named.
    """

    remedies: ClassVar[tuple[Remedy, ...]] = ("drop", "relabel", "review")

    by: Literal["frozen", "fine_tuned"] = "frozen"
    """Who judges: simple models on the frozen base, or also the base itself, trained anew for each fold."""
    folds: int = Field(5, ge=2, le=20)
    """How many times the judges are trained, each time without the rows that they then judge."""
    most_rows: int = Field(50_000, ge=100)
    """Where more rows have a label, so many of them are judged."""
    rule: Literal["noise_model"] | Filter = "noise_model"
    """Which labels are named: those that promise the best F1, or those of a filter of confident learning."""
    least_chance: float = Field(0.25, ge=0.0, le=1.0)
    """A label that is wrong with less chance is never named (`noise_model` only)."""

    def find(self, table: Table) -> list[Finding]:
        """Return one finding over the labels that are probably wrong, the likeliest first; none where nobody judges.

        The score is the chance that the label is wrong, or how strange a value is. The suggestion is the likeliest
        label, which may be the row's own where it is right more likely than not; values get none.
        """
        opinion = None if table.opinion is None or table.target is None else table.opinion()
        if table.target is None or opinion is None or not len(opinion.rows):
            return []
        answers = table.data.frame[table.target].gather(opinion.rows)
        if not opinion.classes:
            chances = strangeness(answers.cast(pl.Float64).to_numpy(), opinion.probabilities[:, 0])
            doubt = _Doubt(chances, chances > 0.5)
        elif table.task == "multilabel":
            doubt = self._of_sets(answers, opinion)
        else:
            doubt = self._of_classes(answers, opinion)
        named = np.flatnonzero(doubt.is_named)
        named = named[np.argsort(-doubt.chances[named], kind="stable")]
        if not len(named):
            return []
        rows = tuple(opinion.rows[named].tolist())
        chances = np.clip(doubt.chances[named], 0.0, 1.0)
        values = () if doubt.suggestions is None else tuple(doubt.suggestions[at] for at in named)
        advice = self._advice(table, rows, values, doubt)
        advice += f" (judged by {opinion.said_by})"
        return [Finding(self.kind, "warning", rows, tuple(chances.tolist()), advice, table.target, suggestions=values)]

    def _of_classes(self, answers: pl.Series, opinion: Opinion) -> _Doubt:
        numbers = {name: number for number, name in enumerate(opinion.classes)}
        labels = np.array([numbers[_name(one)] for one in answers], np.int64)
        chances, is_named, best = self._doubted(labels, opinion.probabilities)
        own = {_name(one): one for one in answers.unique(maintain_order=True)}
        return _Doubt(chances, is_named, [own.get(opinion.classes[at], opinion.classes[at]) for at in best])

    def _of_sets(self, answers: pl.Series, opinion: Opinion) -> _Doubt:
        """Judge each label by itself; a row is as doubtful as its most doubtful label."""
        separator = None if answers.dtype == pl.List else _separator(answers, opinion.classes)
        sets = [_labels(one, separator) for one in answers.to_list()]
        chances, is_named = np.zeros(len(sets)), np.zeros(len(sets), bool)
        likelier = np.zeros(opinion.probabilities.shape, bool)
        for at, name in enumerate(opinion.classes):
            given = np.array([name in one for one in sets], np.int64)
            wrong, named, best = self._doubted(given, two(opinion.probabilities[:, at]))
            chances, is_named = np.maximum(chances, wrong), is_named | named
            likelier[:, at] = np.where(named, best, given)
        better = [[name for name, has in zip(opinion.classes, row, strict=True) if has] for row in likelier]
        return _Doubt(chances, is_named, better if separator is None else [separator.join(one) for one in better])

    def _doubted(self, labels: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return each label's chance to be wrong, which are named, and the likeliest class."""
        if self.rule == "noise_model":
            noise = fit_noise(labels, probabilities)
            return noise.wrong, most_f1(noise.wrong, self.least_chance)[0], noise.truth.argmax(axis=1)
        named = label_errors(labels, probabilities, self.rule)
        return 1 - quality(labels, probabilities), named, probabilities.argmax(axis=1)

    def _advice(self, table: Table, rows: tuple[int, ...], values: tuple[Any, ...], doubt: _Doubt) -> str:
        assert table.target is not None
        shown = table.data.frame[table.target].gather(list(rows[:SHOWN])).to_list()
        first = [
            f"{table.data.place(rows[at])} says {listed([own])}"
            + (f", likelier {listed([values[at]])}" if values and values[at] != own else "")
            for at, own in enumerate(shown)
        ]
        examples = "; ".join(first) + ("; ..." if len(rows) > SHOWN else "")
        if not values:
            return (
                f"column '{table.target}': {counted(len(rows), 'value')} of {len(doubt.chances)} are far from what "
                f"rows like them have ({examples}); look at them, correct or remove the wrong ones"
            )
        sure = f", of which about {doubt.chances[doubt.is_named].sum():.0f} are" if self.rule == "noise_model" else ""
        return (
            f"column '{table.target}': {counted(len(rows), 'label')} of {len(doubt.chances)} may be wrong{sure} "
            f"({examples}); look at them, the first ones first, and correct or remove the wrong ones"
        )


def _name(value: Any) -> str:
    """Return a label as the classes are named: a whole number without its point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _separator(answers: pl.Series, classes: tuple[str, ...]) -> str | None:
    """Return what stands between labels in texts: the character that leaves known labels only."""
    known, present = set(classes), answers.drop_nulls()
    for one in SEPARATORS:
        if set(present.str.split(one).explode().str.strip_chars()) - {""} <= known:
            return one
    return SEPARATORS[0]


def _labels(value: Any, separator: str | None) -> set[str]:
    pieces = value if separator is None else str(value).split(separator)
    return {str(one).strip() for one in pieces or ()}
