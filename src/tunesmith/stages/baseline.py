"""Every baseline's answer to the run's question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..core.events import Events
from ..core.part import find, kinds
from ..core.threads import fitting_threads
from ..data import Encoded, Rows
from ..data.encoded import flat
from ..data.prompts import with_examples
from ..model import Model
from ..parts.baselines import Baseline, Question


@dataclass(frozen=True, slots=True)
class Frozen:
    """What the untouched pre-trained body makes of rows, by split: `rows`, and `texts` where each row has two."""

    rows: dict[str, Rows] | None
    texts: dict[str, np.ndarray] | None
    untouched: dict[str, Rows]
    """What it writes for the test rows, where it is one that writes: by itself, and shown a few training rows."""


def frozen(model: Model, encoded: Mapping[str, Encoded], events: Events) -> Frozen:
    """Return the body's vectors of rows, and of both texts where each row has two."""
    texts = {name: model.features_of_texts(rows) for name, rows in encoded.items()}
    known = {name: one for name, one in texts.items() if one is not None}
    vectors = frozen_features(model, encoded, events)
    return Frozen(vectors, known if len(known) == len(texts) else None, untouched(model, encoded, events))


def untouched(model: Model, encoded: Mapping[str, Encoded], events: Events) -> dict[str, Rows]:
    """Return what the untouched model writes for the test rows, as they are and with training rows before them."""
    if not model.writes:
        return {}
    test = encoded["test"]
    shown = model.prepare(replace(test, inputs=with_examples(test.inputs, encoded["train"])), is_kept=False)
    with events.stage("untouched model", 2 * len(test)) as advance:
        plain = model.answer(test, advance)
        return {
            "zero_shot": plain,
            "few_shot": model.answer(shown, lambda done: advance(len(test) + done)),
        }


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
