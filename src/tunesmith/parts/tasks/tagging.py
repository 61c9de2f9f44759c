"""Tagging: a tag for each word, such as the parts of names in a sentence, or parts of speech."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl

from ...data import Ragged
from ...data.forms import Form
from ...data.metrics_ranks import ratio
from ...data.tags import entities, scheme_of
from . import LEAST, Answered, Figures, Task
from ._viterbi import allowed, likeliest

SHOWN = 40  # tags of the confusion matrix at most; of more, a picture tells nothing


class Tagging(Task):
    """A tag per word. Tags such as `B-place` and `I-place` spell entities, and are judged as such."""

    form: ClassVar[Form] = "tags"
    default_loss: ClassVar[str] = "cross_entropy"
    reads: ClassVar[str] = "word"

    metric: Literal["entity_f1", "entity_f1_macro", "word_accuracy"] = "entity_f1"
    """What early stopping and the verdict go by; tags that spell no entities need `word_accuracy`."""
    keeps_scheme: bool = True
    """Answer with the likeliest tags of which none contradicts its neighbour: an I- has its B-."""

    @classmethod
    def suits(cls, target: pl.Series) -> float:
        """Return 0.95 for lists of tags that spell entities, 0.1 for other lists of texts."""
        if target.dtype != pl.List(pl.String):
            return 0.0
        return 0.95 if scheme_of(target.drop_nulls()) is not None else 0.1

    @classmethod
    def written(cls) -> list[pl.Series]:
        """Return tags of several sentences, one of them empty."""
        rows = [["B-PER", "I-PER", "O"], ["O", "B-LOC"], [], ["B-PER", "B-LOC", "I-LOC", "O"], ["O"]] * 3
        return [pl.Series("tags", rows, pl.List(pl.String))]

    @property
    def primary(self) -> str:
        """The metric chosen."""
        return self.metric

    def refuse(self, target: pl.Series) -> tuple[int, str] | None:
        """Refuse what is no list of texts, missing tags, and tags that the metric cannot judge."""
        first = int(target.is_not_null().arg_true()[0])
        if target.dtype != pl.List(pl.String):
            return first, f"{target[first]!r:.60} is no list of tags"
        holes = target.list.eval(pl.element().is_null().any()).list.first().fill_null(False)
        if holes.any():
            return int(holes.arg_true()[0]), "a tag is missing"
        if self.metric.startswith("entity") and scheme_of(target.drop_nulls()) is None:
            fact = "the tags spell no entities (no B- or I-), so write `task: {kind: tagging, metric: word_accuracy}`"
            return first, fact
        return None

    def fit(self, target: pl.Series) -> dict[str, Any]:
        """Return the tags, sorted, and the scheme they keep."""
        return {"tags": target.explode().drop_nulls().unique().sort().to_list(), "scheme": scheme_of(target)}

    def width(self, state: Mapping[str, Any]) -> int:
        """Return the number of tags."""
        return len(state["tags"])

    def encode(self, target: pl.Series, state: Mapping[str, Any]) -> Ragged:
        """Return tag numbers, int32, as many per row as it has tags."""
        numbers = {tag: number for number, tag in enumerate(state["tags"])}
        words = target.explode(empty_as_null=False, keep_nulls=False).to_list()
        unseen = sorted({str(tag) for tag in words if tag not in numbers})
        if unseen:
            raise ValueError(f"tag '{unseen[0]}' does not occur in the training rows")
        lengths = target.list.len().to_numpy().astype(np.int64)
        return Ragged.cut(np.array([numbers[tag] for tag in words], np.int32), lengths)

    def certain(self, encoded: Ragged, state: Mapping[str, Any]) -> Ragged:
        """Return outputs, float64 (words, tags), that leave no doubt."""
        return Ragged(30.0 * np.eye(self.width(state))[encoded.values], encoded.offsets)

    def scores(self, outputs: Ragged, state: Mapping[str, Any]) -> Ragged:
        """Return the softmax over tags of each word, float64 (words, tags)."""
        values = outputs.values.astype(np.float64)
        powers = np.exp(values - values.max(axis=1, keepdims=True, initial=-np.inf))
        return Ragged(powers / powers.sum(axis=1, keepdims=True), outputs.offsets)

    def decided(self, scores: Ragged, state: Mapping[str, Any]) -> Ragged:
        """Return tag numbers, int64, per word: the likeliest of the sequences that keep the scheme."""
        scheme = state["scheme"] if self.keeps_scheme else None
        if scheme is None:
            return Ragged(scores.values.argmax(axis=1), scores.offsets)
        return likeliest(scores, allowed(state["tags"], scheme))

    def answers(self, scores: Ragged, state: Mapping[str, Any]) -> list[tuple[Any, float | None, dict[str, float]]]:
        """Return (tags, mean probability of these tags, no scores) per row."""
        found = self.decided(scores, state)
        sure = scores.values[np.arange(len(found.values)), found.values]
        means = np.bincount(found.owners, sure, minlength=len(found)) / np.maximum(found.lengths, 1)
        tags = [[state["tags"][number] for number in found[row]] for row in range(len(found))]
        return [(one, float(mean) if one else None, {}) for one, mean in zip(tags, means, strict=True)]

    def truth(self, encoded: Ragged, state: Mapping[str, Any]) -> Ragged:
        """Return the tag numbers."""
        return encoded

    def classes(self, state: Mapping[str, Any]) -> list[Any]:
        """Return the tags."""
        return list(state["tags"])

    def measured(self, given: Answered, weights: np.ndarray, only: str | None = None) -> Figures:
        """Return precision, recall and F1 of whole entities, all types together and F1's mean over types, as seqeval.

        And `word_accuracy`, the share of words with the right tag. NaN where no entity is there or answered.
        """
        right, totals = _words_right(given), given.truth.lengths.astype(np.float64)
        found = {"word_accuracy": ratio(weights @ right, weights @ totals)}
        if given.state["scheme"] is None:
            return found
        _, counts = _by_type(given)
        right_RT, actual_RT, answered_RT = (weights @ counts[:, :, at] for at in range(3))
        f1_RT = ratio(2 * right_RT, actual_RT + answered_RT)
        sums = [one.sum(axis=1) for one in (right_RT, actual_RT, answered_RT)]
        is_there = np.isfinite(f1_RT)
        return found | {
            "entity_precision": ratio(sums[0], sums[2]),
            "entity_recall": ratio(sums[0], sums[1]),
            "entity_f1": ratio(2 * sums[0], sums[1] + sums[2]),
            "entity_f1_macro": ratio(np.where(is_there, f1_RT, 0.0).sum(axis=1), is_there.sum(axis=1)),
        }

    def measured_by_class(self, given: Answered, weights: np.ndarray) -> dict[str, Figures]:
        """Return precision, recall and F1 of each type of entity, or of each tag where tags spell none."""
        names, counts = _by_type(given) if given.state["scheme"] is not None else _by_tag(given)
        return {
            name: {
                "precision": ratio(weights @ counts[:, at, 0], weights @ counts[:, at, 2]),
                "recall": ratio(weights @ counts[:, at, 0], weights @ counts[:, at, 1]),
                "f1": ratio(2 * (weights @ counts[:, at, 0]), weights @ (counts[:, at, 1] + counts[:, at, 2])),
            }
            for at, name in enumerate(names)
        }

    def support(self, given: Answered) -> dict[str, int]:
        """Return how many entities there are of each type, or words of each tag."""
        names, counts = _by_type(given) if given.state["scheme"] is not None else _by_tag(given)
        return {name: int(counts[:, at, 1].sum()) for at, name in enumerate(names)}

    def losses(self, given: Answered) -> np.ndarray:
        """Return each row's mean of minus log probability of the right tags, float64 (rows,)."""
        truth = given.truth
        sure = given.scores.values[np.arange(len(truth.values)), truth.values]
        sums = np.bincount(truth.owners, -np.log(np.maximum(sure, LEAST)), minlength=len(truth))
        return sums / np.maximum(truth.lengths, 1)

    def pictures(self, given: Answered) -> dict[str, Any]:
        """Return the confusion of tags, word by word, where there are few enough to be looked at."""
        tags = given.state["tags"]
        if len(tags) > SHOWN:
            return {}
        cells = given.truth.values.astype(np.int64) * len(tags) + given.answers.values
        counts = np.bincount(cells, minlength=len(tags) ** 2).reshape(len(tags), len(tags))
        return {"confusion": {"labels": tags, "counts": counts.tolist()}}


def _words_right(given: Answered) -> np.ndarray:
    """Return how many words of each row have the right tag, float64 (rows,)."""
    is_right = given.truth.values == given.answers.values
    return np.bincount(given.truth.owners, is_right, minlength=len(given.truth))


def _by_type(given: Answered) -> tuple[list[str], np.ndarray]:
    """Return the types of entities and how many of each are right, there, and answered, float64 (rows, types, 3)."""
    tags = given.state["tags"]
    names = sorted({kind for tag in tags for kind, _, _ in entities([tag])})
    column = {name: at for at, name in enumerate(names)}
    counts = np.zeros((len(given.truth), len(names), 3))
    for row in range(len(given.truth)):
        truth, answer = ({*_spelt(one[row], tags)} for one in (given.truth, given.answers))
        for at, some in enumerate((truth & answer, truth, answer)):
            for kind, _, _ in some:
                counts[row, column[kind], at] += 1
    return names, counts


def _spelt(numbers: np.ndarray, tags: list[str]) -> list[tuple[str, int, int]]:
    """Return the entities that tags spell, read as seqeval does by default, whatever their scheme promises."""
    return entities([tags[number] for number in numbers.tolist()])


def _by_tag(given: Answered) -> tuple[list[str], np.ndarray]:
    """Return the tags and how many words of each are right, there, and answered, float64 (rows, tags, 3)."""
    tags, rows, owners = given.state["tags"], len(given.truth), given.truth.owners
    counts = np.zeros((rows, len(tags), 3))
    truth, answer = given.truth.values, given.answers.values
    is_right = truth == answer
    np.add.at(counts[:, :, 0], (owners[is_right], truth[is_right]), 1)
    np.add.at(counts[:, :, 1], (owners, truth), 1)
    np.add.at(counts[:, :, 2], (owners, answer), 1)
    return list(tags), counts
