"""Prompts and answers that are texts for the kit, and what a baseline promises that answers them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..data import Encoded
from ..data.written import Written
from ..parts.baselines import Baseline, Question
from .promise import promise

ASKED = ("What is the capital of Norway?", "Which colour has the sky?", "Who wrote it?", "")
ANSWERS = ("It is Oslo.", "Blue", "I do not know.", "I do not know.")


def check_baseline(baseline: Baseline) -> None:
    """Hold a baseline to what every baseline promises, for prompts that are texts and for conversations."""
    answered = 0
    for what, prompts in (("text", question()), ("conversations", conversations())):
        if not baseline.applies(prompts):
            continue
        answered += 1
        found = baseline.outputs(prompts)
        promise(isinstance(found, Written), baseline, "outputs() of texts must be `Written`")
        assert isinstance(found, Written)
        rows = len(prompts.test)
        promise(len(found) == rows, baseline, f"outputs() gave {len(found)} rows for {rows} ({what})")
        are_texts = len(found.texts) == rows and all(isinstance(one, str) for one in found.texts)
        promise(are_texts, baseline, f"outputs() must give a text for each row ({what})")
        promise(bool(np.isfinite(found.values).all()), baseline, f"outputs() must be finite ({what})")
        again = baseline.outputs(prompts)
        alike = isinstance(again, Written) and again.texts.tolist() == found.texts.tolist()
        promise(alike, baseline, f"outputs() twice must be the same ({what})")
    promise(answered > 0, baseline, "applies() says no to every question of its form")


def question() -> Question:
    """Return rows of a text and its answer: twelve to learn from, eight to be asked."""
    splits = []
    for name, rows in (("train", 12), ("validation", 4), ("test", 8)):
        asked = np.resize(np.array(ASKED, object), rows)[:, None]
        ids = tuple(f"{name}-{at}" for at in range(rows))
        splits.append(Encoded(ids, {"text": asked}, np.resize(np.array(ANSWERS, object), rows)))
    train, validation, test = splits
    return Question(train, validation, test, form="text", width=2, seed=0, base="tiny")


def conversations() -> Question:
    """Return the same rows, each text as what a user says."""
    plain = question()
    return replace(plain, train=_talks(plain.train), validation=_talks(plain.validation), test=_talks(plain.test))


def _talks(rows: Encoded) -> Encoded:
    talks = np.empty((len(rows), 1), object)
    for at, text in enumerate(np.asarray(rows.inputs["text"])[:, 0]):
        talks[at, 0] = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]
    return replace(rows, inputs={"chat": talks})
