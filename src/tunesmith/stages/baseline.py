"""Every baseline's answer to the run's question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..core.events import Events
from ..core.part import find, kinds
from ..core.threads import fitting_threads
from ..data import Encoded, Rows
from ..data.encoded import flat
from ..model import Model
from ..parts.baselines import Baseline, Question


@dataclass(frozen=True, slots=True)
class Frozen:
    """What the untouched pre-trained body makes of rows, by split: `rows`, and `texts` where each row has two."""

    rows: dict[str, Rows] | None
    texts: dict[str, np.ndarray] | None


def frozen(model: Model, encoded: Mapping[str, Encoded], events: Events) -> Frozen:
    """Return the body's vectors of rows, and of both texts where each row has two."""
    texts = {name: model.features_of_texts(rows) for name, rows in encoded.items()}
    known = {name: one for name, one in texts.items() if one is not None}
    return Frozen(frozen_features(model, encoded, events), known if len(known) == len(texts) else None)


def frozen_features(model: Model, encoded: Mapping[str, Encoded], events: Events) -> dict[str, Rows] | None:
    """Return the untouched pre-trained body's vectors by split, or None where nothing is pre-trained."""
    total = sum(len(one) for one in encoded.values())
    found: dict[str, Rows] = {}
    with events.stage("frozen features", total) as advance:
        done = 0
        for name, rows in encoded.items():
            vectors = model.features(rows, lambda count, before=done: advance(before + count))  # type: ignore[misc]
            if vectors is None:
                return None
            found[name] = vectors
            done += len(rows)
    return found


def answer(question: Question, events: Events) -> dict[str, Rows]:
    """Return test outputs (rows, width) by baseline."""
    names = kinds("parts.baselines")
    outputs: dict[str, Rows] = {}
    with events.stage("baselines", len(names)) as advance:
        for done, name in enumerate(names, start=1):
            baseline = find("parts.baselines", name)()
            assert isinstance(baseline, Baseline)
            asked = question.apart()
            if all(one.form in baseline.forms and baseline.applies(one) for one in asked):
                with fitting_threads(_size(question)):
                    found = [baseline.outputs(one) for one in asked]
                outputs[name] = np.concatenate([flat(one) for one in found], axis=1) if question.several else found[0]
            advance(done)
    return outputs


def _size(question: Question) -> int:
    return question.train.size + (0 if question.features is None else flat(question.features["train"]).size)
