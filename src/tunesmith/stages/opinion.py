"""Rows to an opinion of their labels: several kinds of models, each in folds, pooled; kept by content."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from ..core.errors import StoreError
from ..core.events import Events
from ..core.libraries import libraries
from ..data import Encoded
from ..data.confident import two
from ..data.label_noise import pooled, softmax
from ..data.store import ArrayStore, content_key
from ..model.activations import digest_of
from ..model.judges import STRENGTHS, Folds, linear, neighbours, spread, words_matrix
from ..parts.baselines._matrices import category_sizes, columns_matrix
from ..parts.bases import Ask, FittedBase

FORMULA = 1  # counted up whenever the same rows come to other opinions

Says = Callable[[Encoded, Encoded, Encoded], np.ndarray]
"""Trained on rows, stopped by others: what a model says of third ones, (rows, width)."""


@dataclass(frozen=True, slots=True)
class Panel:
    """The rows that are judged, and who judges them.

    `fold` is that of `Folds`; of the rows that a whole model sees, those that are `stopping`, bool (rows,), say when
    its training stops. `vectors` are the pre-trained body's, `fitted` is a base that is fitted in one go, `tuned`
    trains the recipe's own base: None where there is none. `identity` names what else the opinion follows from.
    """

    rows: Encoded
    fold: np.ndarray
    stopping: np.ndarray
    ask: Ask
    identity: str
    vectors: np.ndarray | None = None
    fitted: FittedBase | None = None
    tuned: Says | None = None

    def key(self) -> str:
        """Return what the opinion follows from, as a key of the store."""
        assert self.rows.targets is not None
        arrays = {"targets": self.rows.targets, "fold": self.fold, "stopping": self.stopping}
        arrays["vectors"] = np.zeros(0) if self.vectors is None else self.vectors
        places = [f"{name} {version}" for name, version in libraries().items()]
        return content_key(FORMULA, self.identity, digest_of({**self.rows.inputs, **arrays}), *places)


def opinion(panel: Panel, store: ArrayStore | None, events: Events) -> np.ndarray:
    """Return probabilities or values, float64 (rows, width), by models that have not seen the row.

    The judges are a linear head and the nearest rows on the frozen vectors and a linear head on the words for texts,
    boosted trees and a linear head on the columns for tables; with `tuned`, also the base trained in each fold. The
    store has the opinion where the same rows were judged alike before.
    """
    key = panel.key()
    known = None if store is None else store.get(key, verify=True)
    if known is not None:
        events.note("label errors", "these very rows were judged before; the opinion was kept")
        return np.asarray(known["opinion"])
    assert panel.rows.targets is not None
    folds = Folds(panel.fold, panel.rows.targets, panel.ask.form, panel.ask.width)
    opinions = _quick(panel, folds, events)
    if panel.tuned is not None:
        opinions.append(_in_folds(panel, folds, panel.tuned))
    found = _together(opinions, folds)
    if store is not None:
        with suppress(StoreError):
            store.put(key, {"opinion": found})
    return found


def _quick(panel: Panel, folds: Folds, events: Events) -> list[np.ndarray]:
    """Return what the judges say that need no training of the base."""
    texts = np.asarray(panel.rows.inputs["text"]) if "text" in panel.rows.inputs else None
    views = [one for one in (_features(panel), None if texts is None else words_matrix(texts)) if one is not None]
    fits = len(STRENGTHS) + folds.rounds
    wholes = (panel.vectors is not None) + (panel.fitted is not None)
    total = fits * len(views) + folds.rounds * wholes
    done = 0
    with events.stage("label errors", total) as advance:

        def one_more() -> None:
            nonlocal done
            done += 1
            advance(done)

        heard = replace(folds, advance=one_more)
        opinions = [linear(view, heard) for view in views]
        if panel.vectors is not None:
            opinions.append(neighbours(panel.vectors, heard))
        if panel.fitted is not None and panel.ask.form != "classes":
            opinions.append(_in_folds(panel, heard, _fitting(panel.fitted, panel.ask)))
    return opinions


def _features(panel: Panel) -> np.ndarray | None:
    """Return unit vectors beside the columns, standardised, float64 (rows, features); None where there are neither."""
    columns = columns_matrix(panel.rows, category_sizes(panel.rows))
    deviation = columns.std(axis=0)
    blocks = [(columns - columns.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)]
    if panel.vectors is not None:
        blocks.append(panel.vectors / np.maximum(np.linalg.norm(panel.vectors, axis=1, keepdims=True), 1e-12))
    whole = np.concatenate(blocks, axis=1)
    return whole if whole.shape[1] else None


def _in_folds(panel: Panel, folds: Folds, says: Says) -> np.ndarray:
    """Return what whole models say, one trained a fold; some of the rows it sees say when its training stops."""
    found = np.zeros((len(panel.rows), folds.width))
    for seen, judged in folds.pairs():
        learnt, checked = seen[~panel.stopping[seen]], seen[panel.stopping[seen]]
        learnt, checked = (seen, seen) if not len(learnt) or not len(checked) else (learnt, checked)
        found[judged] = says(*(panel.rows.take(rows) for rows in (learnt, checked, judged)))
        folds.advance()
    return found


def _fitting(base: FittedBase, ask: Ask) -> Says:
    """Return how a fitted base judges rows for classes or values; a class that its rows lack gets the floor."""

    def says(learnt: Encoded, checked: Encoded, judged: Encoded) -> np.ndarray:
        learnt, checked, judged = _filled(learnt, (learnt, checked, judged))
        if ask.form == "value":
            return base.outputs(base.fit(learnt, checked, ask), judged)
        known = np.unique(np.asarray(learnt.targets))
        if len(known) < 2:
            return spread(np.ones((len(judged), 1)), known, ask.width)
        checked = checked.take(np.flatnonzero(np.isin(np.asarray(checked.targets), known)))
        few = [replace(one, targets=np.searchsorted(known, np.asarray(one.targets))) for one in (learnt, checked)]
        state = base.fit(few[0], few[1] if len(few[1]) else few[0], replace(ask, width=len(known)))
        return spread(softmax(base.outputs(state, judged)), known, ask.width)

    return says


def _filled(learnt: Encoded, several: tuple[Encoded, ...]) -> Iterator[Encoded]:
    """Yield rows with one value throughout in the columns where the rows learnt from have none: trees refuse those."""
    empty = {"numbers": lambda values: np.isnan(values), "categories": lambda codes: codes == 0}
    for one in several:
        inputs = dict(one.inputs)
        for form in empty.keys() & inputs.keys():
            is_empty = empty[form](np.asarray(learnt.inputs[form])).all(axis=0)
            values = np.asarray(inputs[form])
            inputs[form] = np.where(is_empty, np.ones((), values.dtype), values)
        yield replace(one, inputs=inputs)


def _together(opinions: list[np.ndarray], folds: Folds) -> np.ndarray:
    """Return several opinions as one, weighted by how well they tell the labels of the training rows."""
    taught = folds.fold >= 0
    if folds.form == "class":
        return pooled(opinions, folds.targets, taught)
    if folds.form == "classes":
        columns = [
            pooled([two(one[:, at]) for one in opinions], folds.targets[:, at].astype(np.int64), taught)[:, 1]
            for at in range(folds.width)
        ]
        return np.stack(columns, axis=1)
    return np.median(np.stack(opinions), axis=0)
